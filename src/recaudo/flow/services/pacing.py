"""Setting the pace, and deciding by hand on an account or a person."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from recaudo.casework import services as casework
from recaudo.casework.models import Action
from recaudo.engine.facts import KIND_ES, STAGE_ES
from recaudo.flow.models import Override, Pace
from recaudo.flow.queries.pacing import CONDITIONS
from recaudo.flow.words import AFTER_ES, OVERRIDE_REASON_ES, WANT_ES
from recaudo.journal import services as journal
from recaudo.kernel.problems import NotFound, Problem
from recaudo.kernel.time import day_at
from recaudo.portfolio.models import Account, Creditor, Person
from recaudo.store import tenancy
from recaudo.workforce.models import Tenant, User

MOST_PACES = 40
MOST_DAYS = 92  # a decision by hand is for a time; what is for good is a hold or a strategy
BY_HAND_PRIORITY = 1_000


class WrongPace(Problem):
    code = "wrong_pace"
    message = "El ritmo no se entiende: {why}"


class PaceInThePast(Problem):
    code = "pace_in_the_past"
    message = "El ritmo vale desde hoy o un día posterior: lo que ya pasó no se cambia."


class WrongOverride(Problem):
    code = "wrong_override"
    message = "La decisión a mano no se puede tomar: {why}"


class AlreadyByHand(Problem):
    code = "already_by_hand"
    message = "Ya hay una decisión a mano con ese alcance. Termínela antes de tomar otra."
    status = 409


@transaction.atomic
def set_pace(
    *, contacts: int, period_days: int, gap_days: int, valid_from: date, today: date, by: Any, at: datetime, creditor_id: UUID | None = None,
    kind: str = "", stage: str = "", after: str = "",
) -> Pace:  # fmt: skip
    """Put a row of the pace in force from a day; one that asked the same ends that day. Raises WrongPace, PaceInThePast, NotFound."""
    if valid_from < today:
        raise PaceInThePast()
    if not (0 <= contacts <= 31 and 1 <= period_days <= 31 and 0 <= gap_days <= 31):
        raise WrongPace(why="los intentos y el descanso van de 0 a 31, y el periodo de 1 a 31 días.")
    if kind not in {"", *KIND_ES} or stage not in {"", *STAGE_ES} or after not in {"", *AFTER_ES}:
        raise WrongPace(why="elija el tipo de deudor, la etapa y lo último que pasó de las listas.")
    if creditor_id and not Creditor.objects.filter(pk=creditor_id).exists():
        raise NotFound()
    asked = {"creditor_id": creditor_id, "kind": kind, "stage": stage, "after": after}
    before = Pace.objects.select_for_update().filter(**asked, ended_on=None).first()
    if before is None and Pace.objects.filter(ended_on=None).count() >= MOST_PACES:
        raise WrongPace(why=f"hay {MOST_PACES} filas, las más que puede haber. Termine alguna antes de agregar otra.")
    if before is not None:
        Pace.objects.filter(pk=before.pk).update(ended_on=valid_from)
    made: Pace = Pace.objects.create(
        **asked, contacts=contacts, period_days=period_days, gap_days=gap_days, valid_from=valid_from, by_id=by.id, created_at=at
    )
    _record_pace(made, before, by, at)
    return made


@transaction.atomic
def end_pace(pace: Pace, *, today: date, by: Any, at: datetime) -> Pace:
    """A row counts no more from today on. Raises NotFound for one that ended before."""
    fresh = Pace.objects.select_for_update().filter(pk=pace.pk, ended_on=None).first()
    if fresh is None:
        raise NotFound()
    fresh.ended_on = today
    fresh.save(update_fields=["ended_on"])
    _record_pace(None, fresh, by, at)
    return fresh


@transaction.atomic
def decide_by_hand(
    *, account: Account, whole_person: bool, want: str, reason: str, until_on: date, today: date, by: Any, at: datetime, to: User | None = None
) -> Override:
    """Until a day the plan leaves the account (or all accounts of its holder) alone; with `human` somebody of the staff takes the case.

    to       who takes it; needed with want "human"
    Raises   WrongOverride, AlreadyByHand, and NotInAgency when `to` does not work these cases
    """
    _check(want, reason, until_on, today, to, whole_person)
    casework.hold_person(account.holder_id)
    scope = {"person_id": account.holder_id, "account_id": None if whole_person else account.pk}
    if (before := Override.objects.filter(**scope, ended_at=None).first()) is not None:
        if before.until_on >= today:
            raise AlreadyByHand()
        Override.objects.filter(pk=before.pk).update(ended_at=at)  # its days are over: it only kept the place
    made: Override = Override.objects.create(**scope, want=want, reason=reason, from_on=today, until_on=until_on, by_id=by.id, created_at=at)
    planned = Action.objects.filter(person_id=account.holder_id, status="planned", direction="out", run_id__isnull=False)
    for one in planned if whole_person else planned.filter(account_id=account.pk):
        casework.cancel_action(one, reason="by_hand", by=by, at=at)
    journal.record(
        "override.opened", by=by, at=at, subject="account", subject_id=account.pk, person_id=account.holder_id, want=want, reason=reason, until_on=until_on,
        whole_person=whole_person, to_id=to.id if to else None,
    )  # fmt: skip
    if want == "human":
        _hand_over(account, to, today, by, at)
    return made


@transaction.atomic
def end_override(found: Override, *, by: Any, at: datetime) -> Override:
    """The strategy decides again from the next day on. Raises NotFound for one that ended before."""
    fresh: Override | None = Override.objects.select_for_update().filter(pk=found.pk, ended_at=None).first()
    if fresh is None:
        raise NotFound()
    fresh.ended_at, fresh.ended_by_id = at, by.id
    fresh.save(update_fields=["ended_at", "ended_by_id"])
    journal.record(
        "override.ended", by=by, at=at, subject="account" if fresh.account_id else "person", subject_id=fresh.account_id or fresh.person_id, person_id=fresh.person_id
    )
    return fresh


def _check(want: str, reason: str, until_on: date, today: date, to: User | None, whole_person: bool) -> None:
    if want not in WANT_ES or reason not in OVERRIDE_REASON_ES:
        raise WrongOverride(why="elija qué se quiere y el motivo de las listas.")
    if not today <= until_on <= today + timedelta(days=MOST_DAYS):
        raise WrongOverride(why=f"el último día va de hoy a {MOST_DAYS} días. Lo que es sin término es una suspensión.")
    if want == "human" and to is None:
        raise WrongOverride(why="diga quién la lleva.")
    if whole_person and tenancy.agency_id() is not None:
        raise WrongOverride(why="un despacho decide sobre sus cuentas, no sobre toda la persona.")


def _hand_over(account: Account, to: User | None, today: date, by: Any, at: datetime) -> None:
    """The case is theirs, with a call for today that the gate will be asked about."""
    case = casework.case_for(account.holder_id, by=by, at=at)
    casework.assign_cases(case_ids=[case.pk], to=to, by=by, at=at)
    zone = Tenant.objects.values_list("zone", flat=True).get(pk=account.tenant_id)
    casework.open_action(
        person=Person.objects.get(pk=account.holder_id), account=account, channel="call", planned_on=today,
        expires_at=day_at(today + timedelta(days=1), zone), priority=BY_HAND_PRIORITY, by=by, at=at,
    )  # fmt: skip


def _record_pace(made: Pace | None, before: Pace | None, by: Any, at: datetime) -> None:
    told = made or before
    assert told is not None  # one of them is always there
    journal.record(
        "pace.changed", by=by, at=at, subject="pace", subject_id=told.pk, valid_from=told.valid_from,
        **{name: getattr(told, name) for name in CONDITIONS},
        before=[before.contacts, before.period_days, before.gap_days] if before else None, after_change=[made.contacts, made.period_days, made.gap_days] if made else None,
    )  # fmt: skip
