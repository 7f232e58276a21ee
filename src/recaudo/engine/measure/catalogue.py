"""The KPIs. One line says what it is; the two parts say how it is computed.

Attempts on human channels (call, visit, live chat) are the common base of contact rates: a message that nobody can
answer is no missed contact.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from recaudo.engine.measure.kpi import Kpi, Part, Unit

_ACCOUNT, _PERSON, _ATTEMPT, _CONTACT, _PROMISE = "cuenta", "persona", "intento", "contacto", "promesa"

_ALL = Part("accounts", "count(*)", ())
_PEOPLE = Part("accounts", "count(DISTINCT person_id)", ("person_id",))
_ATT = Part("attempts", "count(*) FILTER (attempt)", ("attempt",))
_HUMAN_ATT = Part("attempts", "count(*) FILTER (attempt AND human)", ("attempt", "human"))
_CON = Part("attempts", "count(*) FILTER (contact)", ("contact",))
_HUMAN_CON = Part("attempts", "count(*) FILTER (contact AND human)", ("contact", "human"))
_RPC = Part("attempts", "count(*) FILTER (rpc)", ("rpc",))
_TPC = Part("attempts", "count(*) FILTER (tpc)", ("tpc",))
_WORKED = Part("attempts", "count(DISTINCT account_id) FILTER (attempt)", ("attempt",))
_REACHED = Part("attempts", "count(DISTINCT account_id) FILTER (contact)", ("contact",))

_BAL0 = Part("accounts", "sum(bal0_minor)", ("bal0_minor",))
_BAL1 = Part("accounts", "sum(bal1_minor)", ("bal1_minor",))
_TOT1 = Part("accounts", "sum(tot1_minor)", ("tot1_minor",))
_PAY = Part("payments", "sum(amount_minor)", ("amount_minor",))
_COST = Part("costs", "sum(amount_minor)", ("amount_minor",))

_MADE = "coalesce(created_in_period, true)"
_PTP = Part("promises", f"count(*) FILTER ({_MADE})", ())
_PROMISED = Part("promises", f"sum(amount_minor) FILTER ({_MADE})", ("amount_minor",))
_DUE = Part("promises", "count(*) FILTER (due_in_period)", ("due_in_period",))
_KEPT = "paid_by_grace_minor::HUGEINT * 10000 >= amount_minor::HUGEINT * (10000 - {tolerance_bp})"
_PAID_COLUMNS = ("due_in_period", "paid_by_grace_minor", "amount_minor")


def _due(condition: str) -> Part:
    return Part("promises", f"count(*) FILTER (due_in_period AND {condition})", _PAID_COLUMNS)


def _due_sum(amount: str, *needs: str) -> Part:
    return Part("promises", f"sum({amount}) FILTER (due_in_period)", ("due_in_period", *needs))


def _cohort(condition: str) -> Part:
    return Part("accounts", f"sum(bal0_minor) FILTER ({condition})", ("bal0_minor", "bucket0", "bucket1"))


def _kpi(
    key: str, label: str, unit: Unit, grain: str, numerator: Part, denominator: Part | None, formula: str, sentence: str, *, money: bool = False, own: tuple[str, ...] = ()
) -> Kpi:
    return Kpi(key, label, unit, grain, sentence, formula, numerator, denominator, money, own)


def _overdue_more_than(days: str) -> Part:
    return Part("accounts", f"sum(tot1_minor) FILTER (dpd1 > {days})", ("tot1_minor", "dpd1"))


def _quality() -> Iterator[Kpi]:
    yield _kpi("K-01", "Días de atraso", "days", _ACCOUNT, Part("accounts", "sum(dpd1)", ("dpd1",)), Part("accounts", "count(dpd1)", ("dpd1",)),
               "Σ días de atraso / cuentas", "Promedio de días desde el vencimiento impago más antiguo, sin los días en pausa.")  # fmt: skip
    yield _kpi("K-02", "Índice de morosidad", "percent", _ACCOUNT, _overdue_more_than("{imor_days}"), _TOT1,
               "Σ saldo con atraso > X / Σ saldo total", "Parte del saldo total que está en cuentas con más de X días de atraso.", money=True)  # fmt: skip
    yield _kpi("K-03", "Cartera en riesgo", "percent", _ACCOUNT, _overdue_more_than("{par_days}"), _TOT1,
               "Σ saldo total de cuentas con atraso > n / Σ saldo total", "Parte del saldo total en cuentas con más de n días de atraso (PAR-n).", money=True)  # fmt: skip
    cohort = {
        "K-04": ("Distribución por tramo", _BAL1, replace(_BAL1, cuts={"bucket1": None}), ("bucket1",), "Σ saldo vencido en el tramo b / Σ saldo vencido", "Cómo se reparte el saldo vencido entre los tramos al cierre."),
        "K-05": ("Rodamiento", _cohort("rank1 > rank0"), _BAL0, (), "Σ Bal0 con tramo(t1) > tramo(t0) / Σ Bal0", "Parte del saldo inicial que empeoró de tramo; el castigo cuenta como empeorar."),
        "K-06": ("Mejora de tramo", _cohort("rank1 > 0 AND rank1 < rank0"), _BAL0, (), "Σ Bal0 con 0 < tramo(t1) < tramo(t0) / Σ Bal0", "Parte del saldo inicial que mejoró de tramo sin quedar al corriente."),
        "K-07": ("Regularización", _cohort("rank1 = 0 AND rank0 > 0"), _BAL0, (), "Σ Bal0 con tramo(t1) = al corriente / Σ Bal0", "Parte del saldo inicial en mora que quedó al corriente o pagado."),
        "K-08": ("Contenido en su tramo", _cohort("rank1 = rank0"), _BAL0, (), "Σ Bal0 con tramo(t1) = tramo(t0) / Σ Bal0", "Parte del saldo inicial que siguió en el mismo tramo."),
        "K-09": ("Contención", _cohort("coalesce(rank1 <= rank0, true)"), _BAL0, (), "1 − K-05", "Parte del saldo inicial que no empeoró de tramo."),
        "K-10": ("Matriz de rodamiento", _cohort("true"), replace(_BAL0, cuts={"bucket1": None}), ("bucket0", "bucket1"), "Σ Bal0(tramo(t0)=b, tramo(t1)=c) / Σ Bal0(tramo(t0)=b)", "De cada tramo inicial, qué parte del saldo terminó en cada tramo; cada fila suma 100 %."),
    }  # fmt: skip
    for key, (label, numerator, denominator, own, formula, sentence) in cohort.items():
        yield _kpi(key, label, "percent", _ACCOUNT, numerator, denominator, formula, sentence, money=True, own=own)
        yield _kpi(f"{key}c", f"{label} (cuentas)", "percent", _ACCOUNT, _counted(numerator), _counted(denominator),
                   _in_accounts(formula), f"{sentence.rstrip('.')}, contado en cuentas en lugar de saldo.", own=own)  # fmt: skip
    yield _kpi("K-11", "Flujo neto", "percent", _ACCOUNT, replace(_BAL1, where="rank1 > 0"), replace(_BAL0, cuts={"bucket1": "bucket_next"}),
               "Saldo en el tramo b al cierre / saldo en el tramo b−1 al inicio", "Saldo que hay en un tramo por cada peso que había en el tramo anterior un periodo antes; usa totales, no cohortes.", money=True, own=("bucket1",))  # fmt: skip
    yield _kpi("K-22", "Atraso promedio ponderado", "days", _ACCOUNT, Part("accounts", "sum(bal1_minor::HUGEINT * dpd1)", ("bal1_minor", "dpd1")), _BAL1,
               "Σ (saldo × días de atraso) / Σ saldo", "Días de atraso promedio, donde pesa más la cuenta que más debe.", money=True)  # fmt: skip
    yield _kpi("K-23", "Cuentas sin gestión", "percent", _ACCOUNT, Part("accounts", "count(*) FILTER (last_attempt_on IS NULL OR last_attempt_on <= {closed_on}::DATE - {unworked_days})", ("last_attempt_on",)), _ALL,
               "Cuentas sin intento en los últimos n días / cuentas", "Parte de las cuentas que nadie ha intentado contactar en los últimos n días.")  # fmt: skip


def _counted(part: Part) -> Part:
    return replace(part, sql=part.sql.replace("sum(bal0_minor)", "count(*)").replace("sum(bal1_minor)", "count(*)"))


def _in_accounts(formula: str) -> str:
    if formula.startswith("1"):
        return "1 − K-05c"
    return formula.replace("Σ saldo vencido", "cuentas").replace("Σ Bal0", "cuentas")


def _contact() -> Iterator[Kpi]:
    yield _kpi("K-30", "Cobertura", "percent", _ACCOUNT, _WORKED, _ALL, "Cuentas con ≥ 1 intento / cuentas", "Parte de las cuentas que se intentó contactar al menos una vez.")
    yield _kpi("K-31", "Penetración", "percent", _ACCOUNT, _REACHED, _ALL, "Cuentas con ≥ 1 contacto / cuentas", "Parte de las cuentas en las que alguien atendió al menos una vez.")
    yield _kpi("K-32", "Intensidad", "ratio", _ACCOUNT, _ATT, _ALL, "Intentos / cuentas", "Intentos por cuenta en el periodo.")
    yield _kpi("K-32w", "Intensidad por cuenta trabajada", "ratio", _ACCOUNT, _ATT, _WORKED, "Intentos / cuentas con ≥ 1 intento", "Intentos por cuenta que se intentó contactar.")
    yield _kpi("K-33", "Uso del límite legal de contacto", "percent", "persona y semana", Part("headroom", "sum(CAST(used AS DECIMAL(38, 12)) / allowed) FILTER (allowed > 0)", ("used", "allowed")), Part("headroom", "count(*) FILTER (allowed > 0)", ("allowed",)),
               "Promedio de (intentos que cuentan / máximo permitido)", "Qué parte de los intentos que la ley permite se usó, en promedio por persona y semana.")  # fmt: skip
    yield _kpi("K-34", "Contactabilidad", "percent", _ATTEMPT, _HUMAN_CON, _HUMAN_ATT, "Contactos / intentos, en canales humanos", "Parte de las llamadas, visitas y chats en que alguien atendió.")
    yield _kpi("K-35", "Contactabilidad por cuenta", "percent", _ACCOUNT, _REACHED, _WORKED, "Cuentas con ≥ 1 contacto / cuentas con ≥ 1 intento", "De las cuentas que se intentó contactar, en cuántas alguien atendió.")
    yield _kpi("K-36", "Contacto directo", "percent", _CONTACT, _RPC, _CON, "Contactos con titular / contactos", "De los contactos, cuántos fueron con el titular u obligado identificado.")
    yield _kpi("K-37", "Contacto directo por intento", "percent", _ATTEMPT, _RPC, _HUMAN_ATT, "Contactos con titular / intentos, en canales humanos", "Contactos con el titular por cada llamada, visita o chat.")
    yield _kpi("K-38", "Personas con contacto titular", "percent", _PERSON, Part("attempts", "count(DISTINCT person_id) FILTER (rpc)", ("rpc", "person_id")), _PEOPLE, "Personas con ≥ 1 contacto titular / personas", "Parte de las personas con quienes se habló al menos una vez.")
    yield _kpi("K-39", "Contacto indirecto", "percent", _CONTACT, _TPC, _CON, "Contactos con terceros / contactos", "De los contactos, cuántos fueron con terceros; debe tender a cero.")


def _promises() -> Iterator[Kpi]:
    yield _kpi("K-50", "Tasa de promesas", "percent", _CONTACT, _PTP, _RPC, "Promesas / contactos con titular", "Promesas de pago por cada contacto con el titular.")
    yield _kpi("K-51", "Monto prometido", "money", _PROMISE, _PROMISED, None, "Σ monto de las promesas", "Suma de lo prometido en el periodo.", money=True)
    yield _kpi("K-52", "Promesa promedio", "money", _PROMISE, _PROMISED, _PTP, "K-51 / promesas", "Monto promedio de una promesa.", money=True)
    yield _kpi("K-53", "Promesas cumplidas", "percent", _PROMISE, _due(_KEPT), _DUE, "Vencidas y cumplidas / vencidas", "De las promesas que vencieron, cuántas se pagaron completas, salvo la tolerancia, dentro de la gracia.")
    yield _kpi("K-54", "Cumplimiento en monto", "percent", _PROMISE, _due_sum("least(paid_by_grace_minor, amount_minor)", "paid_by_grace_minor", "amount_minor"), _due_sum("amount_minor", "amount_minor"),
               "Σ mín(pagado, prometido) / Σ prometido, de las vencidas", "De lo prometido que venció, qué parte se pagó dentro de la gracia.", money=True)  # fmt: skip
    yield _kpi("K-55", "Cumplidas en parte", "percent", _PROMISE, _due(f"paid_by_grace_minor > 0 AND NOT ({_KEPT})"), _DUE, "Vencidas con 0 < pagado < prometido / vencidas", "De las promesas que vencieron, cuántas se pagaron solo en parte.")
    yield _kpi("K-56", "Promesas incumplidas", "percent", _PROMISE, _due(f"paid_by_grace_minor <= 0 AND NOT ({_KEPT})"), _DUE, "Vencidas sin pago / vencidas", "De las promesas que vencieron, cuántas no tuvieron pago alguno.")
    yield _kpi("K-57", "Plazo de la promesa", "days", _PROMISE, Part("promises", f"sum(due_on - created_on) FILTER ({_MADE})", ("due_on", "created_on")), Part("promises", f"count(due_on - created_on) FILTER ({_MADE})", ("due_on", "created_on")),
               "Promedio de (vencimiento − creación)", "Días que se dan, en promedio, para cumplir una promesa.")  # fmt: skip
    yield _kpi("K-58", "Reprogramación", "percent", _PROMISE, Part("promises", "count(*) FILTER (is_repromise)", ("due_on", "created_on", *_PAID_COLUMNS)), _due("paid_by_grace_minor <= 0"),
               "Promesas creadas hasta n días después de una incumplida / incumplidas", "Cuántas veces se vuelve a prometer enseguida de haber incumplido.")  # fmt: skip
    yield _kpi("K-59c", "Conversión de promesa", "percent", _PROMISE, Part("promises", "sum(coalesce(paid_minor, paid_by_grace_minor))", ("paid_by_grace_minor",)), Part("promises", "sum(amount_minor)", ("amount_minor",)),
               "Σ pagado contra promesas / Σ prometido", "Cuánto se paga por cada peso prometido, también fuera de plazo.", money=True)  # fmt: skip


def _money() -> Iterator[Kpi]:
    yield _kpi("K-60", "Costo de gestión", "money", "costo", _COST, None, "Σ costos", "Suma de canales, tiempo de gestores, visitas y comisiones.", money=True)
    yield _kpi("K-61", "Monto recuperado", "money", "pago", _PAY, None, "Σ pagos − reversas", "Suma de los pagos del periodo menos las reversas.", money=True)
    yield _kpi("K-62", "Tasa de recuperación", "percent", _ACCOUNT, _PAY, _BAL0, "Pagos / Σ Bal0", "Lo recuperado por cada peso vencido al inicio.", money=True)
    yield _kpi("K-63", "Liquidación", "percent", _ACCOUNT, Part("payments", "sum(amount_minor) FILTER (entered)", ("amount_minor", "entered")), Part("accounts", "sum(bal0_minor) FILTER (entered)", ("bal0_minor", "entered")),
               "Pagos de cuentas ingresadas / Σ Bal0 de cuentas ingresadas", "Lo recuperado de las cuentas que ingresaron en el periodo por cada peso que traían vencido.", money=True)  # fmt: skip
    yield _kpi("K-65", "Costo por peso recuperado", "ratio", "costo", _COST, _PAY, "Costo / pagos", "Cuánto cuesta recuperar una unidad de moneda.", money=True)
    yield _kpi("K-68", "Costo por contacto titular", "money", "costo", _COST, _RPC, "Costo / contactos con titular", "Cuánto cuesta hablar una vez con el titular.", money=True)


KPIS: dict[str, Kpi] = {one.id: one for part in (_quality, _contact, _promises, _money) for one in part()}
