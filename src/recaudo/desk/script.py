"""The script: what to say, in two parts. Before identity is checked nothing of the debt is said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from recaudo.engine.facts import PRODUCT_ES
from recaudo.kernel.money import shown


@dataclass(frozen=True, slots=True)
class Script:
    """Lines in order. `before` may be said to whoever answers; `after` only to the person, once identified."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    never: tuple[str, ...]


def script(
    *, agent: str, organisation: str, creditor: str, person: str, id_type: str, product: str, balance_minor: int, overdue_minor: int,
    currency: str, dpd: int, on: date, pay_reference: str, may_ask_reason: bool, promise_due_on: date | None,
) -> Script:  # fmt: skip
    """The script of a call. Amounts in minor units of `currency`, as they stand on the day."""
    before = (
        f"Buenos días (buenas tardes). Le habla {agent}, de {organisation}. ¿Hablo con {person}?",
        "Si contesta otra persona: «¿En qué horario puedo encontrarle?» Agradezca y termine, sin decir el motivo.",
        f"Antes de continuar, por su seguridad: ¿me confirma los últimos tres caracteres de su {id_type or 'identificación'}?",
    )
    after = [f"Le llamo en nombre de {creditor}, por su {PRODUCT_ES.get(product, 'cuenta').lower()}."]
    if promise_due_on is not None:
        after.append(f"Le recuerdo su compromiso de pago para el {promise_due_on:%d/%m/%Y}.")
    if overdue_minor > 0:
        after.append(f"Al {on:%d/%m/%Y} tiene vencidos {shown(overdue_minor, currency)}, con {dpd} días de atraso.")
        after.append(f"Su saldo total es de {shown(balance_minor, currency)}.")
        after.append("¿Qué día y por qué medio puede pagar? Ofrezca primero el total vencido; después, un abono con fecha.")
    else:
        after.append(f"Al {on:%d/%m/%Y} está al corriente; su saldo es de {shown(balance_minor, currency)}.")
    if may_ask_reason:
        after.append("¿Hubo algo que le impidiera pagar? Registre el motivo y quién lo dijo.")
    if pay_reference:
        after.append(f"Para pagar use la referencia {pay_reference}. Repita la fecha y el monto acordados antes de despedirse.")
    never = ["No amenace, no presione y no hable de la deuda con nadie más."]
    if not may_ask_reason:
        never.append("Aquí la norma no permite preguntar por qué no ha pagado: anótelo sólo si la persona lo dice.")
    return Script(before, tuple(after), tuple(never))
