"""The files that creditors send to the demo organisation: written as they would write them, loaded as a customer's would be.

    cards_MX.csv cards_CL.csv cards_CO.csv   real behaviour (data/LICENSE.md), invented people; Latin-1 or UTF-8, national decimals
    invoices.xlsx                            invented invoices of companies in Mexico and Colombia
    loans.parquet                            invented instalment loans with co-debtors and guarantors
    update_*.csv                             the same cards a month later: the newest status, bill and minimum
    payments_*.csv                           what was paid between both, by reference; some cannot be identified

New Taiwan dollars become pesos by one fixed factor per country, so that amounts look like the country's; nothing else is touched.
"""

from __future__ import annotations

import csv
import random
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from recaudo.demo.people import Crowd, Made

# Pesos per New Taiwan dollar, only so that amounts look like the country's.
FACTOR = {"MX": 0.6, "CL": 30.0, "CO": 130.0}
CURRENCY = {"MX": "MXN", "CL": "CLP", "CO": "COP"}
SHARE = {"MX": 0.5, "CL": 0.25, "CO": 0.25}
CHANNELS = ("llamada", "sms", "whatsapp", "correo")
PERSON = ("Nombre", "TipoPersona", "TipoId", "Identificacion", "Nacimiento", "Telefono", "Telefono2", "Correo", "Calle", "Entidad",
          "Ciudad", "Pais", "CanalesAutorizados", "FechaAutorizacion")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """A file of the demo: where it is, the layout that reads it, the day it is of, its creditor and portfolio."""

    path: Path
    layout: str
    on: date
    creditor: str = ""
    portfolio: str = ""


def write(folder: Path, *, accounts: int, seed: int, before: date, on: date) -> list[Written]:
    """Write every file. `accounts` in all: four fifths cards, the rest loans and invoices.

    before, on   the day of the first load, and of the update (about a month later)
    Returns      the files in the order in which they are loaded
    """
    folder.mkdir(parents=True, exist_ok=True)
    crowd = Crowd(seed)
    cards = accounts * 4 // 5
    loans, invoices = (accounts - cards) * 3 // 5, 0
    invoices = accounts - cards - loans
    behaviour = pq.read_table(str(files("recaudo.demo") / "data" / "card_behaviour.parquet"))
    rows = _cycle(behaviour, cards, seed)
    first: list[Written] = []
    later: list[Written] = []
    start = 0
    for country, share in SHARE.items():
        end = cards if country == "CO" else start + int(cards * share)
        part = rows.slice(start, end - start).to_pylist()
        start = end
        first.append(_cards(folder, country, part, crowd, before))
        later += _month_later(folder, country, part, crowd, before, on)
    first.append(_loans(folder, loans, crowd, before))
    first.append(_invoices(folder, invoices, crowd, before))
    return first + later


def _cycle(behaviour: pa.Table, count: int, seed: int) -> pa.Table:
    """`count` real behaviours, each used once before any is used twice."""
    order = list(range(behaviour.num_rows))
    random.Random(seed).shuffle(order)
    picked = [order[n % len(order)] for n in range(count)]
    return behaviour.take(pa.array(picked, pa.int64()))


def _amount(value: float, country: str) -> str:
    """As the country writes it: 1,234.50 in Mexico, 1.234 in Chile, 1.234,50 in Colombia."""
    if country == "MX":
        return f"{value:,.2f}"
    text = f"{value:,.0f}" if country == "CL" else f"{value:,.2f}"
    return text.translate(str.maketrans(",.", ".,"))


def _day(value: date, country: str) -> str:
    return value.strftime("%d/%m/%Y" if country != "CO" else "%Y-%m-%d")


def _person(made: Made, crowd: Crowd, on: date, country: str) -> list[str]:
    pick = crowd.random
    allowed = [word for word in CHANNELS if pick.random() < 0.8] if country == "CO" or pick.random() < 0.6 else []
    born = _day(date.fromisoformat(made.birth_on), country) if made.birth_on else ""
    return [
        made.name, "Física" if made.kind == "natural" else "Moral", made.id_type, made.national_id, born, made.phone, made.phone_2,
        made.email, made.street, made.subdivision, made.municipality, made.country, " ".join(allowed),
        _day(on - timedelta(days=pick.randint(200, 900)), country) if allowed else "",
    ]  # fmt: skip


def _number(country: str, index: int) -> str:
    return f"{ {'MX': '4152', 'CL': '4051', 'CO': '4573'}[country] }{index:08}"


def _cards(folder: Path, country: str, rows: list[dict[str, Any]], crowd: Crowd, on: date) -> Written:
    """Statuses and bills of the five months up to `before`: the newest month of the real data comes with the update."""
    path, factor = folder / f"cards_{country}.csv", FACTOR[country]
    encoding = "latin-1" if country == "MX" else "utf-8-sig"
    head = ["Cuenta", "Apertura", "Limite", "Saldo", "Estado0", "Estado1", "Estado2", "Estado3", "Estado4", "UltimoPago",
            "Referencia", "Sucursal", "Score", *PERSON]  # fmt: skip
    with path.open("w", newline="", encoding=encoding, errors="replace") as out:
        writer = csv.writer(out, delimiter=";" if country != "CO" else ",")
        writer.writerow(head)
        for index, row in enumerate(rows):
            made = crowd.person(country)
            opened = on - timedelta(days=crowd.random.randint(200, 2600))
            statuses = [row[name] for name in ("pay_2", "pay_3", "pay_4", "pay_5", "pay_6")]
            writer.writerow([
                _number(country, index), _day(opened, country), _amount(row["limit_bal"] * factor, country),
                _amount(max(row["bill_amt2"], 0) * factor, country), *statuses, _amount(row["pay_amt2"] * factor, country),
                f"{country}{index:07}{index * 7 % 10}", crowd.random.choice(("Centro", "Norte", "Sur", "Digital")),
                _score(statuses, crowd), *_person(made, crowd, on, country),
            ])  # fmt: skip
    return Written(path, f"tarjetas-{country.lower()}", on, f"BANCO-{country}", f"TC-{country}")


def _score(statuses: list[int], crowd: Crowd) -> int:
    """An invented bureau score of risk, 0 to 1000, that leans on the real statuses: more months late, more risk."""
    late = sum(max(status, 0) for status in statuses)
    return min(980, max(20, 250 + 70 * late + crowd.random.randint(-120, 120)))


def _month_later(folder: Path, country: str, rows: list[dict[str, Any]], crowd: Crowd, before: date, on: date) -> list[Written]:
    factor, pick = FACTOR[country], crowd.random
    update, payments = folder / f"update_{country}.csv", folder / f"payments_{country}.csv"
    days = (on - before).days
    with update.open("w", newline="", encoding="utf-8") as out, payments.open("w", newline="", encoding="utf-8") as paid:
        writer, cashier = csv.writer(out), csv.writer(paid)
        writer.writerow(["Cuenta", "Saldo", "Estado0", "Estado1", "Estado2", "Estado3", "Estado4", "Estado5"])
        cashier.writerow(["Folio", "Referencia", "Importe", "Fecha", "Medio", "Ordenante"])
        for index, row in enumerate(rows):
            statuses = [row[name] for name in ("pay_0", "pay_2", "pay_3", "pay_4", "pay_5", "pay_6")]
            writer.writerow([_number(country, index), _amount(max(row["bill_amt1"], 0) * factor, country), *statuses])
            amount = min(row["pay_amt1"], max(row["bill_amt2"], 0)) * factor
            if amount >= 1:
                reference = f"{country}{index:07}{index * 7 % 10}" if pick.random() > 0.004 else "SIN REFERENCIA"
                day = before + timedelta(days=pick.randint(1, max(days - 1, 1)))
                cashier.writerow([f"{country}-{index:07}-1", reference, _amount(amount, country), _day(day, country),
                                  pick.choice(("SPEI", "Ventanilla", "Tarjeta", "Corresponsal")), ""])  # fmt: skip
    return [
        Written(payments, f"pagos-{country.lower()}", on, f"BANCO-{country}", f"TC-{country}"),
        Written(update, f"actualizacion-{country.lower()}", on, f"BANCO-{country}", f"TC-{country}"),
    ]


def _loans(folder: Path, count: int, crowd: Crowd, on: date) -> Written:
    """Instalment loans of one lender in Chile, some with a co-debtor or a guarantor."""
    pick, path = crowd.random, folder / "loans.parquet"
    columns: dict[str, list[Any]] = {}
    for index in range(count):
        made = crowd.person("CL")
        instalment = pick.randint(45, 480) * 1000
        late = pick.choices((0, 1, 2, 3, 4, 7), weights=(52, 20, 11, 8, 5, 4))[0]
        overdue_days = 30 * late - pick.randint(0, 25) if late else 0
        left = pick.randint(late + 1, 36)
        record = dict(zip(PERSON, _iso(_person(made, crowd, on, "CL")), strict=True)) | {
            "Operacion": f"CR-{index:07}", "Desembolso": (on - timedelta(days=pick.randint(120, 1500))).isoformat(),
            "MontoOtorgado": instalment * (left + pick.randint(2, 12)), "Saldo": instalment * left, "Vencido": instalment * late,
            "Cuota": instalment, "CuotasMora": late, "Vencimiento": (on - timedelta(days=overdue_days)).isoformat() if late else "",
            "ProximoVencimiento": (on + timedelta(days=pick.randint(1, 29))).isoformat(), "Puntaje": _score([late] * 3, crowd),
            "Referencia": f"CR{index:08}",
        }  # fmt: skip
        if index and index % 150 == 3 and (twin := columns.get("Telefono", [""])[index - 1]):
            # The same person once more, without an id and written otherwise: what merging duplicates is for.
            record |= {"Identificacion": "", "TipoId": "", "Telefono": twin, "Nombre": _flat(columns["Nombre"][index - 1]),
                       "Correo": columns["Correo"][index - 1]}  # fmt: skip
        elif pick.random() < 0.15:
            other = crowd.person("CL")
            record |= {"CodeudorNombre": other.name, "CodeudorRut": other.national_id, "CodeudorTelefono": other.phone}
        elif pick.random() < 0.1:
            other = crowd.person("CL")
            record |= {"AvalNombre": other.name, "AvalRut": other.national_id, "AvalTelefono": other.phone}
        for name in (*record, "CodeudorNombre", "CodeudorRut", "CodeudorTelefono", "AvalNombre", "AvalRut", "AvalTelefono"):
            values = columns.setdefault(name, [""] * index)
            if len(values) == index:
                values.append(str(record.get(name, "")))
    pq.write_table(pa.table(columns), path, compression="zstd")
    return Written(path, "creditos-cl", on, "CRECE-CL", "CI-CL")


def _flat(name: str) -> str:
    """A name as another system would hold it: capitals, no accents."""
    flat = unicodedata.normalize("NFKD", name.upper())
    return "".join(sign for sign in flat if not unicodedata.combining(sign))


def _invoices(folder: Path, count: int, crowd: Crowd, on: date) -> Written:
    """Invoices of a wholesaler: about four of each customer, companies of Mexico and Colombia."""
    pick, path = crowd.random, folder / "invoices.xlsx"
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("Facturas")
    head = ["Cartera", "Factura", "Emision", "Vencimiento", "Importe", "SaldoFactura", "Moneda", "Aceptacion", "OrdenCompra",
            "Referencia", *PERSON]  # fmt: skip
    sheet.write_row(0, 0, head)
    customers: list[tuple[str, list[str]]] = []
    for index in range(count):
        if not customers or pick.random() < 0.25:
            country = "MX" if pick.random() < 0.6 else "CO"
            made = crowd.company(country)
            customers.append((country, _person(made, crowd, on, "MX" if country == "MX" else "CO")))
            customers = customers[-200:]
        country, person = pick.choice(customers)
        amount = round(pick.lognormvariate(9.2, 1.1) * (1 if country == "MX" else 210), 2)
        due = on + timedelta(days=pick.choice((20, 12, 5, -3, -10, -25, -40, -55, -75, -110, -150, -210)))
        left = amount if pick.random() < 0.8 else round(amount * pick.uniform(0.2, 0.9), 2)
        sheet.write_row(index + 1, 0, [
            f"FAC-{country}", f"F{country}{index:06}", (due - timedelta(days=30)).isoformat(), due.isoformat(), f"{amount:.2f}",
            f"{left:.2f}", CURRENCY[country], pick.choices(("aceptada", "pendiente", "rechazada"), weights=(88, 9, 3))[0],
            f"OC-{pick.randint(1000, 9999)}" if pick.random() < 0.7 else "", f"FAC{index:08}", *_iso(person),
        ])  # fmt: skip
    book.close()
    return Written(path, "facturas", on, "MAYOREO", "")


def _iso(person: list[str]) -> list[str]:
    """A person with days as ISO: the workbook and the Parquet file have one date style."""
    values = list(person)
    for place in (PERSON.index("Nacimiento"), PERSON.index("FechaAutorizacion")):
        if "/" in values[place]:
            day, month, year = values[place].split("/")
            values[place] = f"{year}-{month}-{day}"
    return values


def write_faulty(folder: Path, *, on: date, seed: int) -> Path:
    """A file of cards for trying the import: twenty good rows and ten with one mistake each."""
    crowd, path = Crowd(seed + 1), folder / "ejemplo_con_errores.csv"
    head = ["Cuenta", "Apertura", "Limite", "Saldo", "Estado0", "Estado1", "Estado2", "Estado3", "Estado4", "UltimoPago",
            "Referencia", "Sucursal", "Score", *PERSON]  # fmt: skip
    mistakes: list[tuple[str, str]] = [
        ("Identificacion", "XAXX010101000X"), ("Identificacion", "LOMM800101AB9"), ("Saldo", "mil pesos"), ("Saldo", "-1.500,00"),
        ("Apertura", "31/02/2024"), ("Apertura", f"01/01/{on.year + 2}"), ("Cuenta", ""), ("Nombre", ""), ("Estado0", "ocho"), ("Pais", "MEX"),
    ]  # fmt: skip
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, delimiter=";")
        writer.writerow(head)
        for index in range(30):
            made = crowd.person("MX")
            row = [f"4999{index:08}", _day(on - timedelta(days=400), "MX"), "50,000.00", "12,345.60", "1", "0", "0", "0", "0", "500.00",
                   f"EJ{index:07}", "Centro", "400", *_person(made, crowd, on, "MX")]  # fmt: skip
            if index % 3 == 2:
                name, value = mistakes[index // 3]
                row[head.index(name)] = value
            writer.writerow(row)
    return path
