"""The catalogue of our fields: what a file may bring, how it is cleaned, and what it means.

The mapping screen, the documentation and the checks read this one list. Words: *kind*, a cleaner of `engine.clean` (or `code`,
one of a few words); *strict*, a bad value refuses the row; otherwise only the datum is left out and the row is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from recaudo.engine.clean import search_key

TARGETS: dict[str, str] = {
    "accounts": "Cuentas y personas",
    "update": "Actualización diaria de cuentas conocidas",
    "payments": "Pagos",
}
STATUS_ES: dict[str, str] = {
    "received": "recibida", "checking": "en revisión", "checked": "revisada", "applying": "aplicándose", "applied": "aplicada",
    "failed": "fallida", "undone": "deshecha",
}  # fmt: skip
ACCOUNT_STATUSES: dict[str, str] = {
    "preventive": "Preventiva", "current": "Al corriente", "delinquent": "En mora", "accelerated": "Vencida anticipadamente",
    "written_off": "Castigada", "sold": "Vendida", "recalled": "Retirada", "closed_paid": "Pagada",
    "closed_settled": "Cerrada con convenio", "closed_prescribed": "Prescrita",
}  # fmt: skip
CLOSED = frozenset({"sold", "recalled", "closed_paid", "closed_settled", "closed_prescribed"})
COMPONENT_FIELDS = ("interest", "default_interest", "fees", "collection_cost", "taxes", "insurance")
PARTIES: dict[str, str] = {"": "holder", "codebtor_": "co_debtor", "guarantor_": "guarantor"}


@dataclass(frozen=True, slots=True)
class Field:
    """One of our fields.

    name       how mappings call it
    label_es   how people call it
    kind       text code integer money date currency name national_id phone email address
    group      heading on the mapping screen
    meaning_es one sentence
    targets    the kinds of file that may bring it
    required   a row without it is refused
    strict     a bad value refuses the row
    past       a day later than the file's is refused
    size       longest text
    also       column titles that suggest this field, besides its name and label
    """

    name: str
    label_es: str
    kind: str
    group: str
    meaning_es: str
    targets: tuple[str, ...] = ("accounts",)
    required: bool = False
    strict: bool = True
    past: bool = False
    size: int = 0
    also: tuple[str, ...] = ()


BOTH = ("accounts", "update")
ALL = ("accounts", "update", "payments")
ACCOUNT, AMOUNTS, DELAY, HOLDER, WAYS, PLACE = "Cuenta", "Saldos", "Atraso", "Titular", "Medios de contacto", "Domicilio"
CONSENT, PAYMENT, INVOICE, SOURCE = "Consentimientos", "Pago", "Factura", "Reglas derivadas"


def _party(prefix: str, label: str, group: str) -> list[Field]:
    """The fields of a person in a role."""
    said = label.lower()
    fields = [
        ("name", "Nombre completo", "name", "Nombre y apellidos o razón social", True, 160, ("nombre completo", "razon social", "cliente", "deudor")),
        ("given_names", "Nombres", "text", "Nombres de pila, si vienen aparte", True, 80, ("nombres", "primer nombre")),
        ("first_surname", "Primer apellido", "text", "Primer apellido, si viene aparte", True, 80, ("apellido paterno", "apellido")),
        ("second_surname", "Segundo apellido", "text", "Segundo apellido, si viene aparte", True, 80, ("apellido materno",)),
        ("id", "Identificación", "national_id", "RFC, CURP, RUT, cédula, NIT…; se verifica el dígito", True, 30, ("rfc", "curp", "rut", "cedula", "nit", "dni", "documento", "identificacion")),
        ("id_type", "Tipo de identificación", "text", "RFC, CURP, RUT, CC, NIT…; sin él decide la forma del número", True, 12, ("tipo documento", "tipo id")),
        ("kind", "Tipo de persona", "code", "Persona física o moral; sin él lo dice el número", True, 8, ("tipo persona",)),
    ]  # fmt: skip
    made = [
        Field(f"{prefix}{name}" if prefix else f"holder_{name}", f"{label}: {title.lower()}", kind, group, f"{meaning} ({said})", strict=strict, size=size, also=also if not prefix else ())
        for name, title, kind, meaning, strict, size, also in fields
    ]
    return made


def _ways(prefix: str, group: str, phones: int, emails: int) -> list[Field]:
    whose = {"": "titular", "codebtor_": "codeudor", "guarantor_": "aval"}[prefix]
    phone_also = (("telefono", "celular", "movil", "tel"), ("telefono alterno", "telefono casa"), ("telefono trabajo", "telefono oficina"))
    email_also = (("correo", "email", "correo electronico", "mail"), ("correo alterno",))
    made = [
        Field(f"{prefix}phone_{n}", f"Teléfono {n} ({whose})", "phone", group, f"Número con clave de área ({whose})", strict=False, size=30, also=phone_also[n - 1] if not prefix else ())
        for n in range(1, phones + 1)
    ]
    made += [
        Field(f"{prefix}email_{n}", f"Correo {n} ({whose})", "email", group, f"Correo electrónico ({whose})", strict=False, size=254, also=email_also[n - 1] if not prefix else ())
        for n in range(1, emails + 1)
    ]
    return made


FIELDS: tuple[Field, ...] = (
    Field("number", "Número de cuenta", "text", ACCOUNT, "El nombre que el acreedor da a la deuda; único por acreedor", BOTH, True, size=60, also=("cuenta", "no cuenta", "numero de credito", "credito", "contrato", "folio", "factura", "id")),
    Field("portfolio_code", "Cartera", "text", ACCOUNT, "Código de la cartera, si el archivo trae varias", BOTH, size=20, also=("cartera", "portafolio")),
    Field("product", "Producto", "text", ACCOUNT, "Sin él vale el de la cartera", size=30, also=("producto", "tipo de credito")),
    Field("opened_on", "Fecha de apertura", "date", ACCOUNT, "Día en que nació la deuda", past=True, also=("apertura", "fecha otorgamiento", "fecha de desembolso")),
    Field("currency", "Moneda", "currency", ACCOUNT, "Código ISO 4217 o UF, UDI, UVT; sin él vale la de la cartera", ALL, also=("moneda", "divisa")),
    Field("status", "Estado de la cuenta", "code", ACCOUNT, "Sin él se deduce del atraso y del saldo", BOTH, also=("estado", "estatus", "situacion")),
    Field("branch", "Sucursal", "text", ACCOUNT, "Sucursal o plaza de origen", size=60, strict=False, also=("sucursal", "plaza")),
    Field("origin_channel", "Canal de origen", "text", ACCOUNT, "Por dónde se otorgó", size=20, strict=False),
    Field("pay_reference", "Referencia de pago", "text", ACCOUNT, "Con la que se identifica un depósito", BOTH, size=40, also=("referencia",)),
    Field("risk_score", "Puntaje de riesgo", "integer", ACCOUNT, "Puntaje del acreedor, entero", BOTH, strict=False, also=("score", "puntaje")),
    Field("worst_status_6m", "Peor estado en seis meses", "integer", ACCOUNT, "Meses de atraso, el mayor de los últimos seis", BOTH, strict=False),
    Field("extra", "Otros datos", "text", ACCOUNT, "Columnas que se guardan tal cual, sin datos de identidad", size=500, strict=False),
    Field("balance", "Saldo total", "money", AMOUNTS, "Todo lo que se debe al día del archivo", BOTH, also=("saldo", "saldo actual", "saldo insoluto", "deuda")),
    Field("overdue", "Saldo vencido", "money", AMOUNTS, "La parte exigible y no pagada", BOTH, also=("vencido", "monto vencido", "mora")),
    Field("credit_limit", "Límite de crédito", "money", AMOUNTS, "Línea autorizada o monto otorgado", BOTH, also=("limite", "linea de credito", "monto otorgado")),
    Field("credit_approved_by", "Quién autorizó el crédito", "text", ACCOUNT, "Cargo o clave de quien lo autorizó en el acreedor, no su nombre; lo revisa la auditoría", BOTH, size=80, strict=False, also=("autorizado por", "aprobado por")),
    Field("credit_approved_on", "Fecha de autorización del crédito", "date", ACCOUNT, "Día en que se autorizó; lo revisa la auditoría", BOTH, strict=False, past=True, also=("fecha de autorizacion", "fecha de aprobacion")),
    Field("interest", "Interés ordinario", "money", AMOUNTS, "Parte del saldo que es interés", BOTH, also=("intereses",)),
    Field("default_interest", "Interés moratorio", "money", AMOUNTS, "Parte del saldo que es interés por mora", BOTH, also=("moratorios",)),
    Field("fees", "Comisiones", "money", AMOUNTS, "Parte del saldo que son comisiones", BOTH),
    Field("collection_cost", "Gastos de cobranza", "money", AMOUNTS, "Parte del saldo que son gastos de cobranza", BOTH),
    Field("taxes", "Impuestos", "money", AMOUNTS, "Parte del saldo que son impuestos", BOTH, also=("iva",)),
    Field("insurance", "Seguros", "money", AMOUNTS, "Parte del saldo que son seguros", BOTH),
    Field("last_payment_on", "Fecha del último pago", "date", AMOUNTS, "Según el acreedor", BOTH, past=True, also=("ultimo pago fecha",)),
    Field("last_payment", "Monto del último pago", "money", AMOUNTS, "Según el acreedor", BOTH, also=("ultimo pago",)),
    Field("dpd", "Días de atraso", "integer", DELAY, "Días desde el vencimiento impago más antiguo", BOTH, also=("dias de mora", "dias mora", "dias vencidos", "atraso", "dpd")),
    Field("due_on", "Vencimiento impago más antiguo", "date", DELAY, "Fecha de la cuota o factura más antigua sin pagar", BOTH, also=("vencimiento", "fecha de vencimiento")),
    Field("instalments_overdue", "Cuotas vencidas", "integer", DELAY, "Cuántas cuotas están vencidas", BOTH, also=("cuotas en mora", "mensualidades vencidas")),
    Field("next_due_on", "Próximo vencimiento", "date", DELAY, "Fecha de la siguiente cuota", BOTH, also=("fecha limite de pago", "proxima cuota")),
    Field("next_amount", "Importe del próximo vencimiento", "money", DELAY, "Cuota, pago mínimo o mensualidad", BOTH, also=("cuota", "pago minimo", "mensualidad", "valor cuota")),
    Field("written_off_on", "Fecha de castigo", "date", DELAY, "Día en que se castigó", BOTH, past=True, also=("castigo",)),
    Field("invoice_amount", "Importe de la factura", "money", INVOICE, "Importe original; sin saldo, el saldo es este", also=("importe", "monto factura", "total factura")),
    Field("issued_on", "Fecha de emisión", "date", INVOICE, "Día en que se emitió la factura", past=True, also=("emision", "fecha factura")),
    Field("acceptance", "Aceptación", "code", INVOICE, "Aceptada, rechazada o pendiente por el deudor", strict=False, also=("aceptacion", "acuse")),
    Field("purchase_order", "Orden de compra", "text", INVOICE, "Orden de compra del deudor", size=60, strict=False, also=("orden de compra", "oc")),
    *_party("", "Titular", HOLDER),
    Field("holder_birth_on", "Titular: fecha de nacimiento", "date", HOLDER, "Para personas físicas; se guarda cifrada", strict=False, past=True, also=("nacimiento", "fecha de nacimiento")),
    *_ways("", WAYS, 3, 2),
    Field("street", "Calle y número", "address", PLACE, "Domicilio o referencia para llegar; se guarda cifrado", strict=False, size=500, also=("direccion", "domicilio", "calle")),
    Field("subdivision", "Estado, región o departamento", "text", PLACE, "Código de la entidad", strict=False, size=6, also=("entidad", "region", "departamento")),
    Field("municipality", "Municipio o ciudad", "text", PLACE, "Municipio, comuna o ciudad", strict=False, size=80, also=("municipio", "ciudad", "comuna")),
    Field("country", "País", "text", PLACE, "Dos letras; sin él vale el de la cartera", size=2, also=("pais",)),
    *_party("codebtor_", "Codeudor", "Codeudor"),
    *_ways("codebtor_", "Codeudor", 1, 1),
    *_party("guarantor_", "Aval", "Aval"),
    *_ways("guarantor_", "Aval", 1, 1),
    Field("consent_channels", "Canales autorizados", "text", CONSENT, "Canales que la persona autorizó: llamada, sms, whatsapp, correo, visita, carta", strict=False, size=120, also=("canales autorizados", "autorizacion")),
    Field("consent_on", "Fecha de autorización", "date", CONSENT, "Día en que autorizó los canales", strict=False, past=True),
    Field("account_ref", "Cuenta o referencia", "text", PAYMENT, "Número de cuenta o referencia de pago; si no coincide, el pago queda por identificar", ("payments",), size=60, also=("cuenta", "referencia", "no cuenta", "numero de credito", "contrato", "credito")),
    Field("amount", "Importe pagado", "money", PAYMENT, "Importe recibido, mayor que cero", ("payments",), True, also=("importe", "monto", "abono", "valor", "monto pagado")),
    Field("paid_on", "Fecha de pago", "date", PAYMENT, "Día en que pagó", ("payments",), True, past=True, also=("fecha", "fecha pago", "fecha abono")),
    Field("external_id", "Folio del pago", "text", PAYMENT, "Clave única del banco o del acreedor; repetirla no duplica el pago", ("payments",), True, size=80, also=("folio", "id transaccion", "autorizacion", "transaccion", "id pago")),
    Field("method", "Medio de pago", "code", PAYMENT, "SPEI, ventanilla, tarjeta…", ("payments",), strict=False, size=20, also=("medio", "forma de pago")),
    Field("payer", "Pagador", "text", PAYMENT, "Lo que el banco escribió de quien pagó; se guarda cifrado", ("payments",), strict=False, size=200, also=("ordenante", "pagador")),
    Field("pay_channel", "Canal de pago", "text", PAYMENT, "Sucursal, corresponsal, en línea…", ("payments",), strict=False, size=20, also=("canal",)),
    *(
        Field(f"month_status_{n}", "Estado del último mes" if n == 0 else f"Estado de hace {n} mes{'es' if n > 1 else ''}", "integer", SOURCE, "Meses de atraso al cierre: −2 sin uso, −1 pagado, 0 revolvente, n meses de atraso", BOTH, also=(f"pay_{n}",), strict=n == 0)
        for n in range(6)
    ),
)  # fmt: skip

BY_NAME: dict[str, Field] = {field.name: field for field in FIELDS}

# Words that files use -> ours. Keys are search keys.
CODES: dict[str, dict[str, str]] = {
    "status": {
        **{code: code for code in ACCOUNT_STATUSES}, **{search_key(label): code for code, label in ACCOUNT_STATUSES.items()},
        "vigente": "current", "al dia": "current", "vencida": "delinquent", "vencido": "delinquent", "mora": "delinquent",
        "castigo": "written_off", "castigado": "written_off", "pagado": "closed_paid", "cancelada": "closed_paid",
        "liquidada": "closed_paid", "cerrada": "closed_paid",
    },
    "holder_kind": {
        "natural": "natural", "legal": "legal", "fisica": "natural", "moral": "legal", "juridica": "legal", "persona natural": "natural",
        "persona fisica": "natural", "persona moral": "legal", "persona juridica": "legal", "empresa": "legal", "pf": "natural",
        "pm": "legal", "f": "natural", "m": "legal", "n": "natural", "j": "legal",
    },
    "acceptance": {
        "accepted": "accepted", "rejected": "rejected", "pending": "pending", "aceptada": "accepted", "rechazada": "rejected",
        "pendiente": "pending", "si": "accepted", "no": "rejected",
    },
}  # fmt: skip
CODES["method"] = {
    "transfer": "transfer", "cash": "cash", "card": "card", "direct debit": "direct_debit", "check": "check", "store": "store", "other": "other",
    "transferencia": "transfer", "spei": "transfer", "pse": "transfer", "pix": "transfer", "efectivo": "cash", "ventanilla": "cash", "caja": "cash",
    "sucursal": "cash", "tarjeta": "card", "domiciliacion": "direct_debit", "cargo automatico": "direct_debit", "cheque": "check", "tienda": "store",
    "corresponsal": "store", "oxxo": "store", "otro": "other",
}  # fmt: skip
CODES["codebtor_kind"] = CODES["guarantor_kind"] = CODES["holder_kind"]

CHANNEL_WORDS: dict[str, str] = {
    "llamada": "call", "call": "call", "telefono": "call", "sms": "sms", "mensaje": "sms", "whatsapp": "im", "im": "im", "correo": "email",
    "email": "email", "visita": "visit", "visit": "visit", "domicilio": "visit", "carta": "letter", "letter": "letter",
}  # fmt: skip


def fields_for(target: str) -> list[Field]:
    """The fields a kind of file may bring, in the order of the mapping screen."""
    return [field for field in FIELDS if target in field.targets]


def suggest(columns: list[str], target: str) -> dict[str, str]:
    """{our field: their column} by matching titles: the name or label exactly first, then the known titles."""
    keys = {search_key(column): column for column in reversed(columns)}
    taken: set[str] = set()
    found: dict[str, str] = {}
    fields = fields_for(target)
    for field in fields:
        _take(field, (field.name, field.label_es), keys, taken, found)
    for field in fields:
        _take(field, field.also, keys, taken, found)
    return found


def _take(field: Field, titles: tuple[str, ...], keys: dict[str, str], taken: set[str], found: dict[str, str]) -> None:
    for title in titles:
        column = keys.get(search_key(title))
        if field.name not in found and column is not None and column not in taken:
            found[field.name] = column
            taken.add(column)
