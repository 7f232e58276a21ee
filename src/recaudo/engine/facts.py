"""The dictionary of facts: what a strategy, a model or a page may know about an account on one day.

A *fact* is one column of the daily table `accounts x facts`. This file is the border between the tables of the product
and the verbs of the engine: the strategy editor, the validation of decision tables, the reference page and the demo
world all read it. It computes nothing.

Types   text, integer, money, rate, boolean, date, instant.
Units   money is whole minor units of `currency` (or of USD where the name says `usd`); a rate is a fraction from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa

FactType = Literal["text", "integer", "money", "rate", "boolean", "date", "instant"]

ARROW: dict[str, pa.DataType] = {
    "text": pa.string(), "integer": pa.int32(), "money": pa.int64(), "rate": pa.float64(), "boolean": pa.bool_(),
    "date": pa.date32(), "instant": pa.timestamp("us", tz="UTC"),
}  # fmt: skip

TYPE_ES: dict[str, str] = {
    "text": "texto", "integer": "entero", "money": "dinero", "rate": "proporción", "boolean": "sí o no",
    "date": "fecha", "instant": "instante",
}  # fmt: skip

PRODUCT_ES = {
    "credit_card": "Tarjeta de crédito", "instalment_loan": "Crédito en cuotas", "invoice": "Factura", "other": "Otro",
}  # fmt: skip
KIND_ES = {"consumer": "Consumo", "commercial": "Comercial"}
STAGE_ES = {
    "preventive": "Preventiva", "early": "Temprana", "middle": "Media", "late": "Tardía", "written_off": "Castigada",
}  # fmt: skip
BUCKET_ES = {
    "CUR": "Al corriente", "B1": "1 a 30 días", "B2": "31 a 60 días", "B3": "61 a 90 días", "B4": "91 a 119 días",
    "B5": "120 a 179 días", "B6": "180 días o más", "WO": "Castigada",
}  # fmt: skip
HOUR_ES = {"morning": "7 a 11 h", "midday": "11 a 14 h", "afternoon": "14 a 17 h", "evening": "17 a 21 h"}
REACH_ES = {"call": "Llamada", "sms": "SMS", "im": "WhatsApp", "email": "Correo"}
ACCEPTANCE_ES = {"accepted": "Aceptada", "rejected": "Rechazada", "pending": "Pendiente"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One column of the daily table of facts.

    name           the column; lower case, stable
    type           one of FactType
    unit           in words for a person: días, unidades menores, 0 a 1; empty when there is none
    label_es       short name on a screen
    meaning_es     one sentence
    null_means_es  what an empty cell says; "No queda vacío." for what is always there
    values         code -> Spanish label, for coded texts; empty when the text is free
    is_key         names a thing instead of describing it; not for use in a condition
    """

    name: str
    type: FactType
    unit: str
    label_es: str
    meaning_es: str
    null_means_es: str
    values: Mapping[str, str] = field(default_factory=dict)
    is_key: bool = False

    @property
    def is_always(self) -> bool:
        """Whether every account has it."""
        return self.null_means_es == _ALWAYS


_ALWAYS = "No queda vacío."
_NO_REACH = "No hay un modelo de contacto vigente."
_MINOR = "unidades menores"
_DAYS = "días"

_LIST: tuple[Fact, ...] = (
    Fact("account_id", "text", "", "Cuenta (clave)", "Identificador interno de la cuenta.", _ALWAYS, is_key=True),
    Fact("person_id", "text", "", "Persona (clave)", "Identificador interno del titular.", _ALWAYS, is_key=True),
    Fact("creditor_code", "text", "", "Acreedor (clave)", "Código del acreedor dueño de la deuda.", _ALWAYS, is_key=True),
    Fact("portfolio_code", "text", "", "Cartera (clave)", "Código de la cartera de la cuenta.", _ALWAYS, is_key=True),
    Fact("product", "text", "", "Producto", "Qué se debe: tarjeta, crédito en cuotas, factura u otro.", _ALWAYS, PRODUCT_ES),
    Fact("kind", "text", "", "Tipo de deudor", "Deuda de consumo de una persona o deuda comercial de una empresa.", _ALWAYS, KIND_ES),
    Fact("country", "text", "ISO 3166", "País", "País cuyas normas rigen el contacto, en dos letras.", _ALWAYS),
    Fact("currency", "text", "ISO 4217", "Moneda", "Moneda o unidad indexada de la cuenta.", _ALWAYS),
    Fact("stage", "text", "", "Etapa", "Etapa de cobranza según los días de atraso y el castigo.", _ALWAYS, STAGE_ES),
    Fact("bucket", "text", "", "Tramo de mora", "Tramo según la definición vigente ese día.", _ALWAYS, BUCKET_ES),
    Fact("dpd", "integer", _DAYS, "Días de atraso", "Días desde el vencimiento impago más antiguo, sin los días en pausa.", _ALWAYS),
    Fact("days_to_due", "integer", _DAYS, "Días al vencimiento", "Días que faltan para el próximo vencimiento con saldo; 0 es hoy.", "No hay vencimientos por venir."),
    Fact("overdue_minor", "money", _MINOR, "Saldo vencido", "Suma de lo vencido y no pagado, en la moneda de la cuenta.", _ALWAYS),
    Fact("balance_minor", "money", _MINOR, "Saldo total", "Todo lo que se debe, vencido o no, en la moneda de la cuenta.", _ALWAYS),
    Fact("overdue_usd_minor", "money", "centavos de dólar", "Saldo vencido en dólares", "Saldo vencido convertido a dólares con el tipo de cambio del día; solo sirve para comparar entre países.", "No hay tipo de cambio de ese día."),
    Fact("instalments_overdue", "integer", "cuotas", "Cuotas vencidas", "Número de cuotas o facturas vencidas con saldo.", _ALWAYS),
    Fact("months_on_book", "integer", "meses", "Antigüedad", "Meses completos desde la apertura de la cuenta.", "No se conoce la fecha de apertura."),
    Fact("days_since_payment", "integer", _DAYS, "Días desde el último pago", "Días desde el último pago aplicado y no reversado.", "Nunca ha pagado."),
    Fact("payments_90d_count", "integer", "pagos", "Pagos en 90 días", "Pagos aplicados y no reversados en los últimos 90 días.", _ALWAYS),
    Fact("promise_active", "boolean", "", "Promesa vigente", "Hay una promesa de pago activa que aún no vence.", _ALWAYS),
    Fact("promises_broken_90d", "integer", "promesas", "Promesas incumplidas en 90 días", "Promesas que vencieron sin pago en los últimos 90 días.", _ALWAYS),
    Fact("last_outcome", "text", "", "Última tipificación", "Código del resultado de la última gestión con la persona.", "Nunca se ha gestionado."),
    Fact("days_since_contact", "integer", _DAYS, "Días desde el último contacto", "Días desde la última vez que una persona atendió.", "Nunca ha habido contacto."),
    Fact("attempts_7d", "integer", "intentos", "Intentos en 7 días", "Intentos de contacto con la persona en los últimos 7 días, por cualquier canal.", _ALWAYS),
    Fact("contacts_30d", "integer", "contactos", "Contactos en 30 días", "Contactos con alguien en los últimos 30 días, por cualquier canal.", _ALWAYS),
    Fact("hold_active", "boolean", "", "Bloqueo vigente", "Un bloqueo impide gestionar la cuenta.", _ALWAYS),
    Fact("dispute_active", "boolean", "", "Aclaración abierta", "Hay una aclaración o disputa sin resolver.", _ALWAYS),
    Fact("has_phone", "boolean", "", "Tiene teléfono", "Hay al menos un teléfono utilizable.", _ALWAYS),
    Fact("has_email", "boolean", "", "Tiene correo", "Hay al menos un correo utilizable.", _ALWAYS),
    Fact("has_im", "boolean", "", "Tiene mensajería", "Hay al menos un medio de mensajería utilizable, como WhatsApp.", _ALWAYS),
    Fact("has_address", "boolean", "", "Tiene domicilio", "Hay al menos un domicilio utilizable.", _ALWAYS),
    Fact("contact_quality", "rate", "0 a 1", "Calidad de contacto", "La mayor confianza de titularidad entre los medios utilizables.", "No hay ningún medio de contacto."),
    Fact("worst_status_6m", "integer", "meses", "Peor atraso en 6 meses", "Mayor número de meses de atraso en los últimos seis cierres.", "No hay historia de cierres."),
    Fact("risk_score", "integer", "0 a 1000", "Riesgo", "Puntaje de riesgo: a más puntos, menos probable es que pague.", "Ni el acreedor ni un modelo lo han dado."),
    Fact("pay_probability", "rate", "0 a 1", "Probabilidad de pago", "Qué tan probable es que pague algo dentro del plazo del modelo vigente.", "No hay un modelo vigente."),
    Fact("cure_probability", "rate", "0 a 1", "Probabilidad de volver a estar al día", "Qué tan probable es que quede al corriente o pagada al terminar el plazo del modelo vigente.", "No hay un modelo vigente."),
    Fact("self_cure_probability", "rate", "0 a 1", "Probabilidad de ponerse al día sola", "Qué tan probable es que pague sin que nadie la contacte, según el modelo vigente.", "No hay un modelo vigente."),
    Fact("promise_probability", "rate", "0 a 1", "Probabilidad de cumplir la promesa", "Qué tan probable es que cumpla su promesa vigente, según el modelo vigente.", "No hay un modelo vigente, o no hay promesa."),
    Fact("best_hour", "text", "", "Mejor hora para llamar", "Franja del día, en la hora de la persona, en que es más probable hablar con ella.", _NO_REACH, HOUR_ES),
    Fact("best_hour_probability", "rate", "0 a 1", "Contacto en su mejor hora", "Qué tan probable es hablar con la persona si se le llama en su mejor hora.", _NO_REACH),
    *(Fact(f"{band}_contact_probability", "rate", "0 a 1", f"Contacto de {hours}", f"Qué tan probable es hablar con la persona si se le llama de {hours}.", _NO_REACH) for band, hours in HOUR_ES.items()),
    Fact("best_channel", "text", "", "Mejor canal", "Canal por el que es más probable que la persona responda, de los que tiene.", "No hay un modelo de contacto vigente, o no tiene ningún medio.", REACH_ES),
    Fact("utilisation", "rate", "0 a 1", "Uso del cupo", "Saldo total entre límite de crédito; puede pasar de 1.", "El producto no tiene límite de crédito."),
    Fact("accounts_of_person", "integer", "cuentas", "Cuentas de la persona", "Cuentas abiertas del mismo titular en la organización.", _ALWAYS),
    Fact("person_overdue_usd_minor", "money", "centavos de dólar", "Vencido de la persona en dólares", "Suma de los saldos vencidos del titular, convertidos a dólares.", "Falta el tipo de cambio de alguna cuenta."),
    Fact("person_dpd_max", "integer", _DAYS, "Mayor atraso de la persona", "El mayor número de días de atraso entre las cuentas del titular.", _ALWAYS),
    Fact("placed_with_agency", "boolean", "", "Asignada a un despacho", "La cuenta la trabaja hoy una empresa externa.", _ALWAYS),
    Fact("acceptance", "text", "", "Aceptación de la factura", "Si el comprador aceptó la factura.", "No es una factura o no se registró.", ACCEPTANCE_ES),
)  # fmt: skip

FACTS: dict[str, Fact] = {fact.name: fact for fact in _LIST}


def types() -> dict[str, str]:
    """The type of each fact by name, in the order of the table."""
    return {name: fact.type for name, fact in FACTS.items()}


def arrow_schema() -> pa.Schema:
    """The columns `accounts x facts` as Arrow types: integers of 32 bits, money of 64, rates as doubles."""
    return pa.schema([pa.field(name, ARROW[fact.type]) for name, fact in FACTS.items()])


def markdown() -> str:
    """The reference page of the facts, in Spanish."""
    head = ["# Diccionario de hechos", "", "Lo que se sabe de cada cuenta en un día. Generado desde `engine/facts.py`.", ""]
    table = ["| Hecho | Nombre | Tipo | Unidad | Qué es | Vacío significa |", "|---|---|---|---|---|---|"]
    return "\n".join([*head, *table, *(_line(fact) for fact in FACTS.values()), "", *_codes()]) + "\n"


def _line(fact: Fact) -> str:
    kind = "clave" if fact.is_key else TYPE_ES[fact.type]
    cells = (f"`{fact.name}`", fact.label_es, kind, fact.unit or "—", fact.meaning_es, fact.null_means_es)
    return f"| {' | '.join(cells)} |"


def _codes() -> list[str]:
    lines = ["## Valores de los textos codificados", ""]
    for fact in FACTS.values():
        if fact.values:
            listed = ", ".join(f"`{code}` {label}" for code, label in fact.values.items())
            lines.append(f"- `{fact.name}`: {listed}.")
    return lines
