"""Writes of the agreements: a promise is made, judged by what was paid, or cancelled.

A promise is *kept* when at least (1 - tolerance) of it was paid from the day it was made to its grace day, *partial* when less
was, *broken* when nothing was; *kept late* when the rest came within the days that the organisation still honours. An account
has one active promise: a new one supersedes it. The numbers are settings of the organisation, under `promise`:

    max_days 30        how far ahead a promise may be
    grace_days 1       business days of the creditor's country after the due day (K-53)
    tolerance 0.05     part of the amount that may be missing (K-53)
    late_days 10       days after the grace day in which a payment makes it kept late
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

import holidays
from django.db import connection, transaction

from recaudo.agreements.models import Promise
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.portfolio.models import Account, Person
from recaudo.store import tenancy
from recaudo.workforce.models import Tenant

LIVE = ("active",)
JUDGED = ("kept", "kept_late", "partial", "broken")
CLOSED_ACCOUNT = ("closed_paid", "closed_settled", "closed_prescribed", "sold", "recalled")


class BadPromise(Problem):
    code = "bad_promise"
    message = "La promesa no se registró: {reason}"


class PromiseNotActive(Problem):
    code = "promise_not_active"
    message = "Esta promesa ya no está activa: está «{status}»."
    status = 409


@dataclass(frozen=True, slots=True)
class PromiseTerms:
    """The organisation's numbers; the module's docstring says what each is."""

    max_days: int = 30
    grace_days: int = 1
    tolerance: Decimal = Decimal("0.05")
    late_days: int = 10


@dataclass(frozen=True, slots=True)
class Judgement:
    """How many promises were judged, by what they became."""

    kept: int = 0
    partial: int = 0
    broken: int = 0

    @property
    def total(self) -> int:
        return self.kept + self.partial + self.broken


def terms() -> PromiseTerms:
    """The numbers of the tenant we act in."""
    settings = Tenant.objects.values_list("settings", flat=True).get(id=tenancy.tenant_id())
    chosen = settings.get("promise", {})
    plain = PromiseTerms()
    return PromiseTerms(
        max_days=int(chosen.get("max_days", plain.max_days)),
        grace_days=int(chosen.get("grace_days", plain.grace_days)),
        tolerance=Decimal(str(chosen.get("tolerance", plain.tolerance))),
        late_days=int(chosen.get("late_days", plain.late_days)),
    )


@transaction.atomic
def make_promise(
    *,
    account: Account,
    person: Person,
    amount_minor: int,
    due_on: date,
    channel: str,
    by: Any,
    at: datetime,
    on: date,
    means: str = "",
    action_id: UUID | None = None,
    supersedes: Promise | None = None,
) -> Promise:
    """Write down what a person promised to pay on an account, and until when. The active promise of the account, if any, is
    superseded (`supersedes` names it when the caller saw it; another one than the active is refused).

    amount_minor  1 or more, in minor units of the account's currency, not above its balance
    due_on        from `on` to `max_days` later
    on            the day on which it is made, of the person's clock
    Raises        BadPromise
    """
    account = Account.objects.select_for_update(of=("self",)).select_related("portfolio").get(id=account.id)
    agreed = terms()
    _check(account, amount_minor, due_on, on, agreed)
    before = Promise.objects.filter(account=account, status__in=LIVE).first()
    if supersedes is not None and (before is None or before.id != supersedes.id):
        raise BadPromise(reason="la promesa que se quería reprogramar ya no está activa. Revise la cuenta.")
    if before is not None:
        Promise.objects.filter(id=before.id).update(status="superseded", judged_on=on)
    promise = Promise.objects.create(
        account=account, person=person, amount_minor=amount_minor, currency=account.currency, made_on=on, due_on=due_on,
        grace_on=grace_day(due_on, account.portfolio.country, agreed.grace_days), tolerance=agreed.tolerance, channel=channel,
        means=means, action_id=action_id, supersedes=before, by_id=by.id, agency_id=getattr(by, "agency_id", None), created_at=at,
    )  # fmt: skip
    journal.record("promise.made", by=by, at=at, subject="account", subject_id=account.id, **_detail(promise))
    return promise


@transaction.atomic
def cancel_promise(promise: Promise, *, reason: str, by: Any, at: datetime) -> Promise:
    """End an active promise without judging it (it was a mistake, the debt is disputed).

    Raises  PromiseNotActive, BadPromise
    """
    promise = Promise.objects.select_for_update().get(id=promise.id)
    if promise.status not in LIVE:
        raise PromiseNotActive(status=promise.status)
    if not reason.strip():
        raise BadPromise(reason="diga por qué se cancela.")
    promise.status, promise.cancelled_reason = "cancelled", reason.strip()[:200]
    promise.save(update_fields=["status", "cancelled_reason"])
    journal.record("promise.cancelled", by=by, at=at, subject="account", subject_id=promise.account_id, **_detail(promise))
    return promise


@transaction.atomic
def judge_promises(*, on: date, by: Any, at: datetime) -> Judgement:
    """Judge every active promise whose grace day is over on the day `on`, by what its account paid. One statement; a second
    time finds none. Which they were is in the rows: `judged_on` is `on`.
    """
    with connection.cursor() as cursor:
        cursor.execute(_JUDGE, {"tenant": tenancy.tenant_id(), "on": on})
        counts = dict(cursor.fetchall())
    result = Judgement(counts.get("kept", 0), counts.get("partial", 0), counts.get("broken", 0))
    journal.record(
        "promises.judged", by=by, at=at, subject="day", on=on, kept=result.kept, partial=result.partial, broken=result.broken
    )
    return result


@transaction.atomic
def settle_after_payment(account: Account, *, on: date, by: Any, at: datetime) -> list[Promise]:
    """Look at the promises of an account again after money came or was taken back. Returns those whose status changed.

    An active promise is kept as soon as enough is there. A judged one changes when a payment of its days arrives late in the
    books, when the rest comes within `late_days`, or when the payment that kept it is reversed.
    """
    late_days = terms().late_days
    oldest = on - timedelta(days=90)
    promises = list(
        Promise.objects.select_for_update().filter(account=account, status__in=(*LIVE, *JUDGED), grace_on__gte=oldest)
        .order_by("created_at", "id")
    )  # fmt: skip
    if not promises:
        return []
    paid = _paid(promises, late_days)
    changed = []
    for promise in promises:
        in_time, late = paid[promise.id]
        status = _status(promise, in_time, late, on)
        if status == "active" and promise.status != "active" and _has_active(promise):
            status = promise.status  # another promise has taken its place
        if (status, in_time) == (promise.status, promise.paid_minor):
            continue
        was, promise.status, promise.paid_minor = promise.status, status, in_time
        promise.judged_on = None if status == "active" else on
        promise.save(update_fields=["status", "paid_minor", "judged_on"])
        if status != was:
            changed.append(promise)
            _tell(promise, by=by, at=at)
    return changed


@transaction.atomic
def move_promises(*, from_person: UUID, to_person: UUID, only: Sequence[str] | None = None) -> list[str]:
    """Give a person's promises (or only some of them) to another record of that person. Returns their ids."""
    rows = Promise.objects.filter(person_id=from_person)
    if only is not None:
        rows = rows.filter(id__in=list(only))
    ids = [str(one) for one in rows.values_list("id", flat=True)]
    rows.update(person_id=to_person)
    return ids


def grace_day(due_on: date, country: str, business_days: int) -> date:
    """The last day that still keeps a promise: so many business days of the country after the due day."""
    day = due_on
    while business_days > 0:
        day += timedelta(days=1)
        if day.weekday() < 5 and day not in _holidays(country, day.year):
            business_days -= 1
    return day


@lru_cache(maxsize=256)
def _holidays(country: str, year: int) -> frozenset[date]:
    try:
        return frozenset(holidays.country_holidays(country, years=year))
    except NotImplementedError:  # a country without a calendar: weekends only
        return frozenset()


def _check(account: Account, amount_minor: int, due_on: date, on: date, agreed: PromiseTerms) -> None:
    if account.status in CLOSED_ACCOUNT:
        raise BadPromise(reason="la cuenta ya no se cobra.")
    if amount_minor <= 0:
        raise BadPromise(reason="el importe debe ser mayor que cero.")
    if amount_minor > account.balance_minor:
        raise BadPromise(reason="el importe es mayor que lo que se debe. Revise el saldo de la cuenta.")
    if due_on < on:
        raise BadPromise(reason="la fecha ya pasó.")
    if (due_on - on).days > agreed.max_days:
        raise BadPromise(reason=f"la fecha está a más de {agreed.max_days} días. Acuerde una más cercana.")


def _status(promise: Promise, in_time: int, late: int, on: date) -> str:
    """What a promise is on a day, given what was paid until its grace day and until its late day."""
    enough = (1 - promise.tolerance) * promise.amount_minor
    if in_time >= enough:
        return "kept"
    if on <= promise.grace_on:
        return "active"
    if late >= enough:
        return "kept_late"
    return "partial" if in_time else "broken"


def _has_active(promise: Promise) -> bool:
    return Promise.objects.filter(account_id=promise.account_id, status__in=LIVE).exclude(id=promise.id).exists()


def _paid(promises: list[Promise], late_days: int) -> dict[UUID, tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            _PAID, {"tenant": tenancy.tenant_id(), "ids": [promise.id for promise in promises], "late": late_days}
        )
        return {row[0]: (int(row[1]), int(row[2])) for row in cursor.fetchall()}


def _tell(promise: Promise, *, by: Any, at: datetime) -> None:
    name = {"kept": "promise.kept", "kept_late": "promise.kept", "active": "promise.made"}.get(promise.status, "promise.broken")
    journal.record(name, by=by, at=at, subject="account", subject_id=promise.account_id, **_detail(promise))


def _detail(promise: Promise) -> dict[str, Any]:
    return {
        "promise_id": promise.id, "account_id": promise.account_id, "person_id": promise.person_id, "status": promise.status,
        "amount_minor": promise.amount_minor, "currency": promise.currency, "due_on": promise.due_on, "grace_on": promise.grace_on,
    }  # fmt: skip


# A payment belongs to a promise when it was paid after it was made. On the day itself only what was reported after it counts:
# the promise is about what was still owed.
_BELONGS = """
y.tenant_id = %(tenant)s AND y.account_id = p.account_id AND y.status = 'applied' AND y.paid_on >= p.made_on
AND (y.paid_on > p.made_on OR y.created_at >= p.created_at)
"""

_PAID = f"""
SELECT p.id,
       coalesce(sum(y.amount_minor) FILTER (WHERE y.paid_on <= p.grace_on), 0),
       coalesce(sum(y.amount_minor) FILTER (WHERE y.created_at < coalesce(n.created_at, 'infinity') OR y.paid_on <= p.grace_on), 0)
FROM agreements_promise p
LEFT JOIN LATERAL (
  SELECT min(q.created_at) AS created_at FROM agreements_promise q
  WHERE q.tenant_id = p.tenant_id AND q.account_id = p.account_id AND q.created_at > p.created_at) n ON true
LEFT JOIN portfolio_payment y ON {_BELONGS} AND y.paid_on <= p.grace_on + %(late)s::integer
WHERE p.tenant_id = %(tenant)s AND p.id = ANY(%(ids)s)
GROUP BY p.id
"""

_JUDGE = f"""
WITH paid AS (
  SELECT p.id, coalesce(sum(y.amount_minor), 0)::bigint AS minor
  FROM agreements_promise p LEFT JOIN portfolio_payment y ON {_BELONGS} AND y.paid_on <= p.grace_on
  WHERE p.tenant_id = %(tenant)s AND p.status = 'active' AND p.grace_on < %(on)s
  GROUP BY p.id
), judged AS (
  UPDATE agreements_promise p
  SET paid_minor = paid.minor, judged_on = %(on)s,
      status = CASE WHEN paid.minor >= (1 - p.tolerance) * p.amount_minor THEN 'kept'
                    WHEN paid.minor > 0 THEN 'partial' ELSE 'broken' END
  FROM paid WHERE p.id = paid.id AND p.tenant_id = %(tenant)s AND p.status = 'active'
  RETURNING p.status
)
SELECT status, count(*) FROM judged GROUP BY status
"""
