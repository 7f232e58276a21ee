"""Invented persons: names of the region, identity numbers with right check digits, phones in use ranges, mail at a domain that
cannot exist. The same seed makes the same people. Any likeness is chance."""

from __future__ import annotations

import csv
import random
import unicodedata
from dataclasses import dataclass
from importlib.resources import files
from itertools import accumulate

from stdnum.cl import rut
from stdnum.co import nit
from stdnum.mx import rfc

WOMEN = ["María", "Guadalupe", "Carmen", "Ana", "Laura", "Rosa", "Patricia", "Claudia", "Sofía", "Valentina", "Camila", "Daniela", "Gabriela", "Fernanda", "Alejandra", "Verónica", "Lucía", "Isabel", "Teresa", "Paola", "Natalia", "Andrea", "Juana", "Margarita", "Silvia", "Elena", "Marcela", "Beatriz", "Ximena", "Catalina"]  # fmt: skip
MEN = ["José", "Juan", "Luis", "Carlos", "Jorge", "Miguel", "Francisco", "Pedro", "Diego", "Andrés", "Santiago", "Mateo", "Sebastián", "Alejandro", "Fernando", "Ricardo", "Roberto", "Eduardo", "Javier", "Manuel", "Rafael", "Óscar", "Héctor", "Felipe", "Rodrigo", "Cristian", "Camilo", "Nicolás", "Joaquín", "Tomás"]  # fmt: skip
SURNAMES = ["González", "Rodríguez", "Hernández", "García", "Martínez", "López", "Pérez", "Sánchez", "Ramírez", "Torres", "Flores", "Rivera", "Gómez", "Díaz", "Reyes", "Morales", "Cruz", "Ortiz", "Gutiérrez", "Muñoz", "Rojas", "Contreras", "Silva", "Sepúlveda", "Soto", "Vargas", "Castro", "Fuentes", "Araya", "Núñez", "Jiménez", "Mendoza", "Ruiz", "Álvarez", "Castillo", "Moreno", "Romero", "Herrera", "Medina", "Aguilar", "Guzmán", "Ríos", "Peña", "Vega", "Campos", "Salazar", "Ibáñez", "Espinoza", "Tapia", "Cárdenas", "Ospina", "Restrepo", "Quintero", "Arango", "Zuluaga", "Giraldo", "Cuevas", "Ávila", "Zamora", "Lara", "Nava", "Beltrán", "Acosta", "Navarro"]  # fmt: skip
TRADES = ["Ferretería", "Abarrotes", "Transportes", "Distribuidora", "Comercializadora", "Constructora", "Papelería", "Refacciones", "Textiles", "Agropecuaria", "Panificadora", "Muebles", "Farmacias", "Restaurante", "Servicios", "Plásticos", "Alimentos", "Imprenta", "Maderas", "Lácteos"]  # fmt: skip
TRADE_NAMES = ["del Norte", "La Esperanza", "San José", "del Pacífico", "Los Andes", "El Roble", "La Central", "del Valle", "Santa Fe", "El Progreso", "Del Sur", "La Unión", "Nueva Era", "El Sol", "Tres Ríos", "La Paz", "Monteverde", "El Faro", "Bella Vista", "La Colina"]  # fmt: skip
STREETS = ["Juárez", "Hidalgo", "5 de Mayo", "Morelos", "Reforma", "Independencia", "Bolívar", "Los Aromos", "Las Flores", "O'Higgins", "Prat", "Carrera 7", "Calle 45", "Avenida Central", "Los Pinos", "San Martín", "Libertad", "Las Palmas", "Colón", "Victoria"]  # fmt: skip
LEGAL_FORM = {"MX": "SA de CV", "CL": "SpA", "CO": "SAS"}
# Two-digit area codes with eight digits after them; mobile numbers look the same in Mexico.
MX_AREAS = ("55", "33", "81")


@dataclass(frozen=True, slots=True)
class Made:
    """One invented person. `code_3` ... are empty where a person has no such thing: real files have holes."""

    name: str
    kind: str
    id_type: str
    national_id: str
    birth_on: str
    phone: str
    phone_2: str
    email: str
    street: str
    subdivision: str
    municipality: str
    country: str


@dataclass(frozen=True, slots=True)
class City:
    country: str
    subdivision: str
    name: str


def cities() -> dict[str, list[City]]:
    """Cities by country."""
    found: dict[str, list[City]] = {}
    text = (files("recaudo.demo") / "data" / "cities.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        found.setdefault(row["country"], []).append(City(row["country"], row["subdivision"], row["city"]))
    return found


class Crowd:
    """Makes people from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.serial = 0
        self.cities = cities()
        # The first cities of each list are the largest: they get most of the people.
        self.weights = {country: list(accumulate(1 / (n + 1) for n in range(len(found)))) for country, found in self.cities.items()}

    def person(self, country: str) -> Made:
        """A natural person."""
        pick = self.random
        self.serial += 1
        given = f"{pick.choice(WOMEN if pick.random() < 0.5 else MEN)}"
        if pick.random() < 0.4:
            given += f" {pick.choice(WOMEN if given in WOMEN else MEN)}"
        first, second = pick.choice(SURNAMES), pick.choice(SURNAMES)
        year, month, day = pick.randint(1950, 2003), pick.randint(1, 12), pick.randint(1, 28)
        id_type, number = self._natural_id(country, given, first, second, year, month, day)
        name = f"{given} {first} {second}"
        return self._made(name.upper() if country == "MX" else name, "natural", id_type, number, f"{year}-{month:02}-{day:02}", country)

    def company(self, country: str) -> Made:
        """A legal person."""
        pick = self.random
        self.serial += 1
        name = f"{pick.choice(TRADES)} {pick.choice(TRADE_NAMES)} {self.serial % 997} {LEGAL_FORM[country]}"
        id_type, number = self._legal_id(country, name)
        return self._made(name, "legal", id_type, number, "", country)

    def _made(self, name: str, kind: str, id_type: str, number: str, birth_on: str, country: str) -> Made:
        pick = self.random
        city = pick.choices(self.cities[country], cum_weights=self.weights[country])[0]
        dot = _plain(name.split(" ")[0]) + "." + _plain(name.split(" ")[-2])
        return Made(
            name=name, kind=kind, id_type=id_type, national_id=number, birth_on=birth_on,
            phone=self._phone(country) if pick.random() < 0.94 else "",
            phone_2=self._phone(country) if pick.random() < 0.25 else "",
            email=f"{dot}{self.serial}@correo.example" if pick.random() < 0.78 else "",
            street=f"{pick.choice(STREETS)} {pick.choice(('s/n', str(pick.randint(1, 1999))))}" if pick.random() < 0.9 else "",
            subdivision=city.subdivision, municipality=city.name, country=country,
        )  # fmt: skip

    def _phone(self, country: str) -> str:
        pick = self.random
        if country == "MX":
            return f"{pick.choice(MX_AREAS)} {pick.randint(1000, 9999)} {pick.randint(0, 9999):04}"
        if country == "CL":
            return f"+56 9 {pick.randint(4000, 9999)} {pick.randint(0, 9999):04}"
        return f"3{pick.choice(('00', '01', '02', '10', '11', '12', '13', '14', '15', '20'))} {pick.randint(1000000, 9999999)}"

    def _natural_id(self, country: str, given: str, first: str, second: str, year: int, month: int, day: int) -> tuple[str, str]:
        if country == "MX":
            letters = _plain(first).upper()
            vowel = next((c for c in letters[1:] if c in "AEIOU"), "X")
            stem = letters[0] + vowel + _plain(second).upper()[0] + _plain(given).upper()[0]
            if stem in {"BUEI", "BUEY", "CACA", "CACO", "CAGA", "CAGO", "CAKA", "COGE", "COJA", "COJE", "COJI", "COJO", "CULO", "FETO", "GUEY", "JOTO", "KACA", "KACO", "KAGA", "KAGO", "KOGE", "KOJO", "KAKA", "KULO", "LOCA", "LOCO", "LOKA", "LOKO", "MAME", "MAMO", "MEAR", "MEAS", "MEON", "MION", "MOCO", "MULA", "PEDA", "PEDO", "PENE", "PUTA", "PUTO", "QULO", "RATA", "RUIN"}:
                stem = stem[:3] + "X"
            body = f"{stem}{year % 100:02}{month:02}{day:02}{self._homoclave()}"
            return "RFC", body + rfc.calc_check_digit(body)
        if country == "CL":
            body = str(5_000_000 + (self.serial * 7919) % 20_000_000)
            return "RUT", f"{body}-{rut.calc_check_digit(body)}"
        # Eight digits for those born before 1980 or so, ten that begin with 1 for the rest; nine are never issued.
        body = 10_000_000 + (self.serial * 7919) % 89_999_999 if year < 1984 else 1_000_000_000 + (self.serial * 104_729) % 199_999_999
        return "CC", str(body)

    def _legal_id(self, country: str, name: str) -> tuple[str, str]:
        pick = self.random
        if country == "MX":
            body = f"{_plain(name).upper().replace(' ', '')[:3]}{pick.randint(0, 22):02}{pick.randint(1, 12):02}{pick.randint(1, 28):02}{self._homoclave()}"
            return "RFC", body + rfc.calc_check_digit(body)
        if country == "CL":
            body = str(76_000_000 + self.serial * 13 % 999_999)
            return "RUT", f"{body}-{rut.calc_check_digit(body)}"
        body = str(800_000_000 + self.serial * 31 % 150_000_000)
        return "NIT", f"{body}-{nit.calc_check_digit(body)}"

    def _homoclave(self) -> str:
        # Two characters from the serial: no two people share an identity number.
        # The first never passes V, by the tax authority's alphabet.
        signs = "123456789ABCDEFGHIJKLMNPQRSTUVWXYZ"
        return signs[self.serial % 30] + signs[self.serial // 30 % 34]


def _plain(text: str) -> str:
    flat = unicodedata.normalize("NFKD", text.lower())
    return "".join(c for c in flat if c.isascii() and (c.isalpha()))
