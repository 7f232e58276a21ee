"""Lists of requests and complaints, those whose clock runs out first on top."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from recaudo.compliance import words
from recaudo.compliance.models import Complaint, RightsRequest

SOON_DAYS = 3


@dataclass(frozen=True, slots=True)
class Counts:
    """How many wait, are late, or are nearly late."""

    open: int
    late: int
    soon: int


def requests(*, kind: str = "", status: str = "", late_on: date | None = None) -> QuerySet[RightsRequest]:
    """Open ones first, the nearest day first; then the answered, newest first."""
    found = RightsRequest.objects.select_related("person").annotate(
        until=Coalesce("extended_on", "due_on"),
        closed=Case(When(status__in=words.RIGHT_OPEN, then=Value(0)), default=Value(1), output_field=IntegerField()),
    )
    if kind:
        found = found.filter(kind=kind)
    if status:
        found = found.filter(status__in=words.RIGHT_OPEN) if status == "waiting" else found.filter(status=status)
    if late_on:
        found = found.filter(status__in=words.RIGHT_OPEN, until__lt=late_on)
    return found.order_by("closed", "until", "-created_at")


def complaints(*, cause: str = "", status: str = "", lodged: str = "", late_on: date | None = None) -> QuerySet[Complaint]:
    """Open ones first, the nearest day first."""
    found = Complaint.objects.select_related("person").annotate(
        closed=Case(When(status__in=words.COMPLAINT_OPEN, then=Value(0)), default=Value(1), output_field=IntegerField())
    )
    if cause:
        found = found.filter(cause=cause)
    if lodged:
        found = found.filter(lodged=lodged)
    if status:
        found = found.filter(status__in=words.COMPLAINT_OPEN) if status == "waiting" else found.filter(status=status)
    if late_on:
        found = found.filter(status__in=words.COMPLAINT_OPEN, due_on__lt=late_on)
    return found.order_by("closed", "due_on", "-created_at")


def request_counts(*, on: date) -> Counts:
    """Requests whose clock runs, on a day. One query."""
    until = Coalesce(F("extended_on"), F("due_on"))
    return _counts(RightsRequest.objects.filter(status__in=words.RIGHT_OPEN).annotate(until=until), on)


def complaint_counts(*, on: date) -> Counts:
    """Complaints whose clock runs, on a day. One query."""
    return _counts(Complaint.objects.filter(status__in=words.COMPLAINT_OPEN).annotate(until=F("due_on")), on)


def complaints_by_cause(*, since: date) -> list[tuple[str, int, int]]:
    """(cause, how many, how many founded) since a day, most first."""
    rows = (
        Complaint.objects.filter(received_on__gte=since).values("cause").order_by()
        .annotate(n=Count("id"), founded=Count("id", filter=Q(result__in=["founded", "partly"])))
    )  # fmt: skip
    return sorted(((row["cause"], row["n"], row["founded"]) for row in rows), key=lambda one: -one[1])


def _counts(found: QuerySet[RightsRequest] | QuerySet[Complaint], on: date) -> Counts:
    row = found.aggregate(open=Count("id"), late=Count("id", filter=Q(until__lt=on)), soon=Count("id", filter=Q(until__gte=on, until__lte=on + timedelta(days=SOON_DAYS))))
    return Counts(row["open"], row["late"], row["soon"])
