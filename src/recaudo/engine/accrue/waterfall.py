"""How a payment is applied: which component of which instalment it pays, in an order that law and contract set (C-02).

Charges never vanish: what a payment does not reach stays owed until it is paid or waived by a person (C-01). Whole
minor units throughout, so the lines and the remainder always add up to the payment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from recaudo.kernel.money import MixedCurrencies, Money
from recaudo.kernel.problems import Problem

COMPONENTS: dict[str, str] = {
    "costs": "Gastos de cobranza", "taxes": "Impuestos", "fees": "Comisiones", "insurance": "Seguros",
    "default_interest": "Interés moratorio", "interest": "Interés ordinario", "principal": "Capital",
}  # fmt: skip

# Costs, then interest, then principal is what civil codes of the region presume; a contract or a law may say otherwise.
DEFAULT_ORDER: tuple[str, ...] = ("costs", "taxes", "fees", "insurance", "default_interest", "interest", "principal")

Depth = Literal["instalment", "component"]


class BadOrder(Problem):
    code = "bad_waterfall_order"
    message = "El orden de aplicación debe nombrar una vez cada concepto que se debe. Sobra, falta o se repite: {components}."


class NegativeAmount(Problem):
    code = "negative_amount"
    message = "Ni un pago ni un saldo por aplicar pueden ser negativos. Registre una reversa en su lugar."


@dataclass(frozen=True, slots=True)
class Due:
    """What one instalment or invoice owes: component -> whole minor units of `currency`."""

    instalment_id: str
    due_on: date
    currency: str
    owed: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Line:
    """So much of one component of one instalment is paid, 1 minor unit or more."""

    instalment_id: str
    component: str
    minor: int


@dataclass(frozen=True, slots=True)
class Applied:
    """The lines in the order applied; what is left over; what each instalment still owes."""

    lines: tuple[Line, ...]
    remainder: Money
    left: tuple[Due, ...]


def apply_payment(payment: Money, dues: Sequence[Due], order: Sequence[str] = DEFAULT_ORDER, *, depth: Depth = "instalment") -> Applied:
    """Apply a payment, oldest due day first.

    order   every component that may be owed, first paid first
    depth   "instalment" settles the oldest instalment whole before the next;
            "component" pays one component in all instalments before the next component
    Raises  NegativeAmount, MixedCurrencies, BadOrder
    """
    _check(payment, dues, order)
    owed = [dict(due.owed) for due in dues]
    lines: list[Line] = []
    rest = payment.minor
    for at, component in _steps(dues, order, depth):
        paid = min(rest, owed[at].get(component, 0))
        if paid:
            lines.append(Line(dues[at].instalment_id, component, paid))
            owed[at][component] -= paid
            rest -= paid
    left = tuple(replace(due, owed=still) for due, still in zip(dues, owed, strict=True))
    return Applied(tuple(lines), Money(rest, payment.currency), left)


def _steps(dues: Sequence[Due], order: Sequence[str], depth: Depth) -> Iterator[tuple[int, str]]:
    oldest = sorted(range(len(dues)), key=lambda at: (dues[at].due_on, dues[at].instalment_id))
    if depth == "instalment":
        return ((at, component) for at in oldest for component in order)
    return ((at, component) for component in order for at in oldest)


def _check(payment: Money, dues: Sequence[Due], order: Sequence[str]) -> None:
    if payment.minor < 0 or any(minor < 0 for due in dues for minor in due.owed.values()):
        raise NegativeAmount()
    for due in dues:
        if due.currency != payment.currency:
            raise MixedCurrencies(left=payment.currency, right=due.currency)
    owed = {component for due in dues for component, minor in due.owed.items() if minor}
    wrong = (owed - set(order)) | (set(order) - set(COMPONENTS)) | {one for one in order if list(order).count(one) > 1}
    if wrong:
        raise BadOrder(components=", ".join(sorted(wrong)))
