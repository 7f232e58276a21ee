"""The ledger: what an account owes by component, how money is spread over it, and the lines that say so.

Words   *component*, a part of a debt (principal, interest ...); *waterfall*, the order in which a payment pays them;
        *due*, what one instalment still owes, by component.
The order is the creditor's (`Creditor.waterfall`, first paid first; what it leaves out follows in the default order).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum

from recaudo.engine.accrue import Due, apply_payment
from recaudo.journal import services as journal
from recaudo.kernel.money import Money
from recaudo.kernel.problems import Problem
from recaudo.portfolio.models import Account, Creditor, Instalment, LedgerEntry, Payment
from recaudo.portfolio.models.ledger import COMPONENTS

# Costs, then interest, then principal: what the civil codes of the region presume when nothing else was agreed.
DEFAULT_WATERFALL: tuple[str, ...] = (
    "collection_cost", "taxes", "fees", "insurance", "default_interest", "interest", "principal",
)  # fmt: skip
CHARGES = frozenset({"charge", "interest", "fee", "adjustment"})

# The ledger's word and the engine's for the one component where they differ.
_TO_ENGINE = {name: "costs" if name == "collection_cost" else name for name in COMPONENTS}
_FROM_ENGINE = {theirs: ours for ours, theirs in _TO_ENGINE.items()}

# What the ledger holds beyond the schedule is due after everything else.
_BEYOND = ""


class UnknownComponent(Problem):
    code = "unknown_component"
    message = "El concepto «{component}» no existe. Use uno de: {known}."


class UnknownCharge(Problem):
    code = "unknown_charge"
    message = "Un cargo no puede ser de tipo «{kind}»: use charge, interest, fee o adjustment, con importe distinto de cero."


@dataclass(frozen=True, slots=True)
class Line:
    """So many minor units of a component, of one instalment or (None) of the account as a whole."""

    instalment_id: UUID | None
    component: str
    minor: int


def waterfall_of(creditor: Creditor) -> tuple[str, ...]:
    """The creditor's order, completed with the default one. Raises UnknownComponent."""
    chosen = list(dict.fromkeys(creditor.waterfall or ()))
    for component in chosen:
        if component not in COMPONENTS:
            raise UnknownComponent(component=component, known=", ".join(COMPONENTS))
    return (*chosen, *(component for component in DEFAULT_WATERFALL if component not in chosen))


def spread(account: Account, amount_minor: int) -> list[Line]:
    """How a payment of the account's currency is spread: oldest instalment first, each in waterfall order.

    What is left when nothing more is owed lowers the principal of the account: a balance in the debtor's favour.
    The lines always add up to `amount_minor`.
    """
    order = waterfall_of(account.creditor)
    dues = _dues(account, order)
    applied = apply_payment(Money(amount_minor, account.currency), dues, [_TO_ENGINE[name] for name in order])
    lines = [Line(_instalment(line.instalment_id), _FROM_ENGINE[line.component], line.minor) for line in applied.lines]
    if applied.remainder.minor:
        lines.append(Line(None, "principal", applied.remainder.minor))
    return lines


def write_payment(payment: Payment, lines: Sequence[Line], *, by: Any, at: datetime) -> None:
    """Write the lines of a payment into the ledger and its instalments. The database keeps the balance in step."""
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            account=payment.account, instalment_id=line.instalment_id, payment=payment, on=payment.paid_on, kind="payment",
            component=line.component, amount_minor=-line.minor, batch_id=payment.batch_id, by_id=by.id, created_at=at,
        )
        for line in lines
    )  # fmt: skip
    _move_paid(lines, payment.paid_on)


def write_reversal(payment: Payment, *, on: date, by: Any, at: datetime) -> None:
    """Write the opposite of every line of a payment and give its instalments back what they had been paid."""
    entries = list(payment.entries.filter(kind="payment"))
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            account_id=entry.account_id, instalment_id=entry.instalment_id, payment=payment, reverses=entry, on=on,
            kind="reversal", component=entry.component, amount_minor=-entry.amount_minor, by_id=by.id, created_at=at,
        )
        for entry in entries
    )  # fmt: skip
    _move_paid([Line(entry.instalment_id, entry.component, entry.amount_minor) for entry in entries], None)


@transaction.atomic
def book_charge(
    *, account: Account, kind: str, component: str, amount_minor: int, on: date, by: Any, at: datetime,
    instalment: Instalment | None = None,
) -> LedgerEntry:  # fmt: skip
    """Add a charge (or a waiver, negative) to an account.

    kind   charge, interest, fee or adjustment
    Raises UnknownCharge, UnknownComponent
    """
    if kind not in CHARGES or not amount_minor:
        raise UnknownCharge(kind=kind)
    if component not in COMPONENTS:
        raise UnknownComponent(component=component, known=", ".join(COMPONENTS))
    entry = LedgerEntry.objects.create(
        account=account, instalment=instalment, on=on, kind=kind, component=component, amount_minor=amount_minor,
        by_id=by.id, created_at=at,
    )  # fmt: skip
    account.refresh_from_db(fields=["balance_minor"])
    journal.record(
        "account.changed", by=by, at=at, subject="account", subject_id=account.id, entry_id=entry.id, kind=kind,
        component=component, amount_minor=amount_minor,
    )  # fmt: skip
    return entry


def _dues(account: Account, order: Sequence[str]) -> list[Due]:
    """What each unpaid instalment owes by component, and last what the ledger holds beyond the schedule.

    A charge booked on an instalment belongs to it. The rest of the account's components fills the instalments from the
    oldest, in waterfall order; what no entry itemises is principal.
    """
    unpaid = account.instalments.filter(paid_minor__lt=F("amount_minor")).order_by("due_on", "number")
    booked: dict[UUID | None, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    whole: dict[str, int] = defaultdict(int)
    rows = account.entries.values_list("instalment_id", "component").annotate(minor=Sum("amount_minor")).order_by()
    for instalment_id, component, minor in rows:
        booked[instalment_id][component] += minor
        whole[component] += minor
    owed = {item.id: _own(booked[item.id], item.amount_minor - item.paid_minor, order) for item in unpaid}
    pool = {name: max(whole[name] - sum(own.get(name, 0) for own in owed.values()), 0) for name in order}
    for item in unpaid:
        _fill(owed[item.id], item.amount_minor - item.paid_minor, pool, order)
    dues = [_due(str(item.id), item.due_on, account.currency, owed[item.id]) for item in unpaid]
    if any(pool.values()):
        dues.append(_due(_BEYOND, date.max, account.currency, pool))
    return dues


def _own(booked: dict[str, int], outstanding: int, order: Iterable[str]) -> dict[str, int]:
    own: dict[str, int] = {}
    for name in order:
        own[name] = min(max(booked.get(name, 0), 0), outstanding)
        outstanding -= own[name]
    return own


def _fill(owed: dict[str, int], outstanding: int, pool: dict[str, int], order: Iterable[str]) -> None:
    room = outstanding - sum(owed.values())
    for name in order:
        taken = min(pool[name], room)
        owed[name] += taken
        pool[name] -= taken
        room -= taken
    owed["principal"] += room


def _due(key: str, due_on: date, currency: str, owed: dict[str, int]) -> Due:
    return Due(key, due_on, currency, {_TO_ENGINE[name]: minor for name, minor in owed.items()})


def _instalment(key: str) -> UUID | None:
    return UUID(key) if key else None


def _move_paid(lines: Iterable[Line], paid_on: date | None) -> None:
    """Add the lines to what their instalments have been paid (negative: take away)."""
    moved: dict[UUID, int] = defaultdict(int)
    for line in lines:
        if line.instalment_id:
            moved[line.instalment_id] += line.minor
    instalments = list(Instalment.objects.filter(id__in=moved))
    for item in instalments:
        item.paid_minor += moved[item.id]
        item.paid_on = paid_on if item.paid_minor >= item.amount_minor else None
    Instalment.objects.bulk_update(instalments, ["paid_minor", "paid_on"])
