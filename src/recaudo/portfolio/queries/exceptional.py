"""Exceptional events as screens show them: the list, who is affected, and how they do beside the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Avg, Case, CharField, Count, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from recaudo.portfolio.models import Account, EventMark, ExceptionalEvent

CLAIMED = "claimed"
GROUPS_ES = {"proved": "Afectadas, con prueba", "claimed": "Afectadas, por su dicho", "rest": "El resto"}


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event and its marks that count on a day: with proof, and on word alone."""

    event: ExceptionalEvent
    proved: int
    claimed: int


@dataclass(frozen=True, slots=True)
class EventGroup:
    """Accounts of one currency that the event may affect: affected with proof, on word alone, or the rest.

    paid_count     those whose last payment is of the event's first day or later
    dpd            mean days late; money in minor units
    """

    group: str
    currency: str
    account_count: int
    paid_count: int
    dpd: float
    overdue_minor: int

    @property
    def name_es(self) -> str:
        return GROUPS_ES[self.group]

    @property
    def paid_share(self) -> float:
        return self.paid_count / self.account_count


def covered(event: ExceptionalEvent) -> QuerySet[Account]:
    """The accounts that an event may affect by where they are and whose they are."""
    narrow = {"portfolio__country": event.country, "holder__subdivision": event.subdivision, "creditor_id": event.creditor_id, "portfolio_id": event.portfolio_id}
    return Account.objects.filter(**{name: value for name, value in narrow.items() if value})


def events_for(account: Account, *, on: date) -> list[ExceptionalEvent]:
    """The approved events of a day that may affect an account, newest first."""
    found = ExceptionalEvent.objects.filter(
        Q(until_on=None) | Q(until_on__gte=on), Q(country__in=["", account.portfolio.country]), Q(subdivision__in=["", account.holder.subdivision]),
        Q(creditor=None) | Q(creditor_id=account.creditor_id), Q(portfolio=None) | Q(portfolio_id=account.portfolio_id), is_approved=True,
    )  # fmt: skip
    return list(found.order_by("-from_on", "id"))


def _counting(on: date) -> Q:
    """Marks that count on a day, of an event that does."""
    return Q(withdrawn_at=None, marked_on__lte=on) & (Q(expires_on=None) | Q(expires_on__gt=on))


def event_lines(*, on: date, limit: int = 200) -> list[EventLine]:
    """Events, what waits first, then the newest. Two queries."""
    events = list(ExceptionalEvent.objects.select_related("creditor", "portfolio").order_by(Coalesce("is_approved", Value(False)), "-from_on", "id")[:limit])
    events.sort(key=lambda one: one.is_approved is not None)
    marks = EventMark.objects.filter(_counting(on), event__in=events).values_list("event_id")
    counts = {key: (proved, claimed) for key, proved, claimed in marks.annotate(p=Count("id", ~Q(evidence_kind=CLAIMED)), c=Count("id", Q(evidence_kind=CLAIMED)))}
    return [EventLine(one, *counts.get(one.id, (0, 0))) for one in events]


def marks_of(account_id: UUID) -> list[EventMark]:
    """What was ever said of an account, newest first."""
    return list(EventMark.objects.filter(account_id=account_id).select_related("event").order_by("-created_at", "-id"))


def marks_of_event(event: ExceptionalEvent, *, after: UUID | None = None) -> QuerySet[EventMark]:
    """Marks that were not withdrawn, newest first, with their accounts; `after` is the last of the page before."""
    found = EventMark.objects.filter(event=event, withdrawn_at=None).select_related("account").order_by("-id")
    return found.filter(id__lt=after) if after else found


def event_groups(event: ExceptionalEvent, *, on: date) -> Sequence[EventGroup]:
    """The open accounts that an event may affect, by how they are marked on a day and by currency. One query over them all."""
    mark = EventMark.objects.filter(_counting(on), event=event, account_id=OuterRef("id")).values("evidence_kind")[:1]
    group = Case(When(said=None, then=Value("rest")), When(said=CLAIMED, then=Value("claimed")), default=Value("proved"), output_field=CharField())
    rows = (
        covered(event).filter(balance_minor__gt=0).annotate(said=Subquery(mark)).annotate(group=group).values("group", "currency")
        .annotate(
            account_count=Count("id"), paid_count=Count("id", Q(last_payment_on__gte=event.from_on)), mean=Avg("dpd"), overdue=Sum("overdue_minor"),
        ).order_by()
    )  # fmt: skip
    found = [
        EventGroup(row["group"], row["currency"], row["account_count"], row["paid_count"], float(row["mean"]), int(row["overdue"])) for row in rows
    ]
    return sorted(found, key=lambda one: (one.currency, list(GROUPS_ES).index(one.group)))
