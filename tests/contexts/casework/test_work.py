"""Cases, locks, the queue, holds, pauses and waves."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from tests.contexts.casework.scenes import authorise, call, close, plan, point

from recaudo.casework import services as casework
from recaudo.casework.models import Action, Case, Wave
from recaudo.casework.permit import ContactRefused
from recaudo.casework.services import holds, waves
from recaudo.journal.models import Event
from recaudo.journal.services import SYSTEM
from recaudo.portfolio.models import Account, ContactPoint
from recaudo.store import tenancy
from recaudo.store.keys import uuid7
from recaudo.workforce.models import Team, TeamMember

# --- cases

def test_everybody_who_is_late_gets_one_case(cast: Any) -> None:
    assert casework.review_cases(on=cast.today, by=SYSTEM, at=cast.now).opened == 3
    assert casework.review_cases(on=cast.today, by=SYSTEM, at=cast.now).opened == 0
    assert set(Case.objects.values_list("person_id", "dpd_max", "stage")) == {
        (cast.maria.id, 40, "early"), (cast.pedro.id, 5, "early"), (cast.esquina.id, 95, "early")
    }  # fmt: skip


def test_those_who_fall_due_soon_get_a_case_when_the_plan_reminds(cast: Any) -> None:
    assert casework.review_cases(on=cast.today, by=SYSTEM, at=cast.now, due_within_days=10).opened == 4


def test_a_case_follows_the_worst_account(cast: Any) -> None:
    casework.review_cases(on=cast.today, by=SYSTEM, at=cast.now)
    Account.objects.filter(id=cast.accounts["maria"].id).update(dpd=70, stage="middle")
    casework.review_cases(on=cast.today, by=SYSTEM, at=cast.now)
    assert Case.objects.get(person=cast.maria).dpd_max == 70


def test_the_case_of_who_owes_nothing_overdue_closes_and_its_work_stops(cast: Any) -> None:
    casework.review_cases(on=cast.today, by=SYSTEM, at=cast.now)
    waiting = plan(cast)
    Account.objects.filter(id=cast.accounts["maria"].id).update(overdue_minor=0, dpd=0, status="current")
    assert casework.review_cases(on=cast.today, by=SYSTEM, at=cast.now).closed == 1
    case = Case.objects.get(person=cast.maria)
    waiting.refresh_from_db()
    assert (case.status, case.closed_reason, waiting.status, waiting.cancelled_reason) == ("closed", "paid", "cancelled", "paid")


def test_one_payment_closes_one_case(cast: Any) -> None:
    casework.review_cases(on=cast.today, by=SYSTEM, at=cast.now)
    assert casework.close_if_paid(cast.maria.id, on=cast.today, by=SYSTEM, at=cast.now) is None
    Account.objects.filter(id=cast.accounts["maria"].id).update(overdue_minor=0, status="current")
    assert casework.close_if_paid(cast.maria.id, on=cast.today, by=SYSTEM, at=cast.now).status == "closed"


# --- locks

def test_a_second_agent_cannot_take_a_locked_case(cast: Any) -> None:
    case = casework.case_for(cast.maria.id, by=cast.ana, at=cast.now)
    casework.lock_case(case, by=cast.ana, at=cast.now)
    with pytest.raises(casework.CaseLocked) as caught:
        casework.lock_case(Case.objects.get(), by=cast.beto, at=cast.now + timedelta(minutes=14))
    assert "Ana Pérez" in caught.value.text


def test_a_lock_ends_by_itself(cast: Any) -> None:
    case = casework.case_for(cast.maria.id, by=cast.ana, at=cast.now)
    casework.lock_case(case, by=cast.ana, at=cast.now)
    casework.lock_case(Case.objects.get(), by=cast.beto, at=cast.now + timedelta(minutes=15))
    assert Case.objects.get().locked_by == cast.beto


def test_nobody_records_an_outcome_on_a_case_that_another_works(cast: Any) -> None:
    action, permit = call(cast)
    casework.lock_case(Case.objects.get(), by=cast.beto, at=cast.now)
    with pytest.raises(casework.CaseLocked):
        close(cast, action, permit, "NC01")


def test_only_a_supervisor_ends_the_lock_of_another(cast: Any) -> None:
    case = casework.case_for(cast.maria.id, by=cast.ana, at=cast.now)
    casework.lock_case(case, by=cast.ana, at=cast.now)
    with pytest.raises(casework.CaseLocked):
        casework.unlock_case(case, by=cast.beto, at=cast.now)
    casework.unlock_case(case, by=cast.sofia, at=cast.now, force=True)
    assert Case.objects.get().locked_by is None


def test_reassigned_cases_leave_the_hands_of_who_had_them(cast: Any) -> None:
    case = casework.case_for(cast.maria.id, by=cast.ana, at=cast.now)
    casework.lock_case(case, by=cast.ana, at=cast.now)
    assert casework.assign_cases(case_ids=[case.id], to=cast.beto, by=cast.sofia, at=cast.now) == 1
    fresh = Case.objects.get()
    assert (fresh.assigned_to, fresh.locked_by) == (cast.beto, None)
    assert Event.objects.filter(name="case.assigned").get().detail["to_id"] == str(cast.beto.id)
    with pytest.raises(casework.NotInAgency):
        casework.assign_cases(case_ids=[case.id], to=cast.elena, by=cast.sofia, at=cast.now)


# --- the queue

def queued(cast: Any) -> dict[str, Action]:
    """A call for each late person, worst payers first."""
    authorise(cast, "esquina", "call")
    return {who: plan(cast, who, by=cast.gabriel, priority=cast.accounts[who].dpd) for who in ("pedro", "maria", "esquina")}


def test_the_worst_payer_comes_first_and_each_agent_gets_another(cast: Any) -> None:
    actions = queued(cast)
    first = casework.take_next(by=cast.ana, at=cast.now)
    second = casework.take_next(by=cast.beto, at=cast.now)
    assert (first.action, second.action) == (actions["esquina"], actions["maria"])
    assert first.case.locked_by == cast.ana and first.point == point(cast, "esquina")


def test_who_has_a_case_open_gets_it_again(cast: Any) -> None:
    queued(cast)
    first = casework.take_next(by=cast.ana, at=cast.now)
    assert casework.take_next(by=cast.ana, at=cast.now + timedelta(minutes=5)).action == first.action


def test_what_is_not_allowed_now_is_put_off_and_the_next_is_given(cast: Any) -> None:
    actions = queued(cast)
    Account.objects.filter(id=cast.accounts["maria"].id).update(status="closed_paid")
    Action.objects.filter(id=actions["esquina"].id).update(run_id=uuid7())
    night = cast.now + timedelta(hours=9)  # 20:00 in Mexico and 21:00 in Bogotá: Colombia rests, Chile (23:00) too
    assert casework.take_next(by=cast.ana, at=night) is None
    for action in actions.values():
        action.refresh_from_db()
    assert (actions["esquina"].status, actions["esquina"].permit_rule) == ("planned", "CO-HOURS")
    assert actions["esquina"].not_before_at > night
    assert (actions["maria"].status, actions["maria"].permit_rule) == ("refused", "HOUSE-PAID")


def test_what_is_assigned_to_another_or_to_another_team_is_not_given(cast: Any) -> None:
    queued(cast)
    casework.assign_cases(case_ids=[casework.case_for(cast.esquina.id, by=SYSTEM, at=cast.now).id], to=cast.beto, by=cast.sofia, at=cast.now)
    team = Team.objects.create(name="Especial", created_at=cast.now)
    TeamMember.objects.create(team=team, user=cast.beto, created_at=cast.now)
    casework.assign_cases(
        case_ids=[casework.case_for(cast.maria.id, by=SYSTEM, at=cast.now).id], to=None, team=team, by=cast.sofia, at=cast.now
    )
    assert casework.take_next(by=cast.ana, at=cast.now).action.person_id == cast.pedro.id
    assert casework.take_next(by=cast.beto, at=cast.now).action.person_id == cast.esquina.id


def test_a_callback_belongs_to_who_arranged_it_for_half_an_hour(cast: Any) -> None:
    action, permit = call(cast)
    later = cast.now + timedelta(days=1)
    close(cast, action, permit, "SE01", callback_at=later)
    assert casework.take_next(by=cast.ana, at=cast.now + timedelta(hours=1)) is None
    assert casework.take_next(by=cast.beto, at=later + timedelta(minutes=5)) is None
    assert casework.take_next(by=cast.ana, at=later + timedelta(minutes=5)).action.treatment == "callback"
    casework.unlock_case(Case.objects.get(), by=cast.ana, at=later)
    assert casework.take_next(by=cast.beto, at=later + timedelta(minutes=31)).action.treatment == "callback"


def test_what_an_agency_works_is_not_in_the_house_queue(cast: Any) -> None:
    from recaudo.portfolio import services as portfolio

    actions = queued(cast)
    portfolio.place_accounts(
        account_ids=[cast.accounts["esquina"].id], agency=cast.agencies["NORTE"], team=None, from_on=cast.today, by=cast.gabriel, at=cast.now
    )
    assert casework.take_next(by=cast.ana, at=cast.now).action == actions["maria"]
    with tenancy.acting(cast.tenant.id, cast.agencies["NORTE"].id):
        assert casework.take_next(by=cast.nadia, at=cast.now).action == actions["esquina"]
    with tenancy.acting(cast.tenant.id, cast.agencies["SUR"].id):
        assert casework.take_next(by=cast.silvia, at=cast.now) is None


def test_get_next_asks_a_constant_number_of_queries(cast: Any, django_assert_max_num_queries: Any) -> None:
    queued(cast)
    with django_assert_max_num_queries(12) as few:
        casework.take_next(by=cast.ana, at=cast.now)
    casework.unlock_case(Case.objects.get(person=cast.esquina), by=cast.ana, at=cast.now)
    for number in range(20):
        plan(cast, "lucia", by=cast.gabriel, priority=1 + number)
        ContactPoint.objects.create(
            person=cast.esquina, kind="phone", value=f"+5730011122{number:02}", value_index=bytes([number]) * 16, hint="··", country="CO",
            zones=["America/Bogota"], created_at=cast.now,
        )  # fmt: skip
    with django_assert_max_num_queries(12) as many:
        casework.take_next(by=cast.ana, at=cast.now)
    assert len(many) == len(few)


# --- holds and pauses

def test_a_hold_says_why_and_ends_once(cast: Any) -> None:
    with pytest.raises(holds.UnknownHold):
        casework.open_hold(person=cast.maria, kind="holiday", reason="x", by=cast.ana, at=cast.now)
    with pytest.raises(holds.ReasonMissing):
        casework.open_hold(person=cast.maria, kind="dispute", reason=" ", by=cast.ana, at=cast.now)
    with pytest.raises(holds.BadHold):
        casework.open_hold(person=cast.maria, kind="dispute", reason="x", until_at=cast.now, by=cast.ana, at=cast.now)
    hold = casework.open_hold(person=cast.maria, kind="dispute", reason="x", by=cast.ana, at=cast.now)
    casework.release_hold(hold, reason="y", by=cast.sofia, at=cast.now)
    with pytest.raises(holds.AlreadyReleased):
        casework.release_hold(hold, reason="y", by=cast.sofia, at=cast.now)


def test_a_pause_has_a_known_scope_and_is_on_once(cast: Any) -> None:
    for scope in ("everything", "channel:smoke", "creditor:nobody", "all:x"):
        with pytest.raises(holds.BadScope):
            casework.pause_contact(scope=scope, reason="x", by=cast.sofia, at=cast.now)
    pause = casework.pause_contact(reason="x", by=cast.sofia, at=cast.now)
    assert casework.is_paused(channel="sms")
    with pytest.raises(holds.AlreadyPaused):
        casework.pause_contact(reason="x", by=cast.sofia, at=cast.now)
    casework.resume_contact(pause, by=cast.sofia, at=cast.now)
    assert not casework.is_paused(channel="sms")


def test_cancelling_needs_to_know_what(cast: Any) -> None:
    from recaudo.casework.services.pending import NoScope

    with pytest.raises(NoScope):
        casework.cancel_pending(reason="x", by=cast.ana, at=cast.now, channel="call")


def test_a_payment_cancels_what_waits_for_its_account_only(cast: Any) -> None:
    mine, other = plan(cast), plan(cast, "pedro")
    assert casework.cancel_pending(reason="payment", by=SYSTEM, at=cast.now, account_id=cast.accounts["maria"].id) == 1
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.status, other.status) == ("cancelled", "planned")


def test_what_was_not_done_in_time_expires(cast: Any) -> None:
    plan(cast, expires_at=cast.now)
    plan(cast, expires_at=cast.now + timedelta(hours=1))
    assert casework.expire_actions(by=SYSTEM, at=cast.now) == 1


# --- waves

def test_messages_of_a_run_wait_for_a_second_person(cast: Any) -> None:
    run = uuid7()
    plan(cast, channel="sms", run_id=run)
    plan(cast, "pedro", "email", run_id=run)
    plan(cast, "pedro", "call", run_id=run)
    made = casework.prepare_waves(run_id=run, on=cast.today, by=cast.gabriel, at=cast.now)
    assert [(w.channel, w.action_count, w.status) for w in made] == [("email", 1, "awaiting_release"), ("sms", 1, "awaiting_release")]
    again = casework.prepare_waves(run_id=run, on=cast.today, by=cast.gabriel, at=cast.now)
    assert [w.id for w in again] == [w.id for w in made] and Wave.objects.count() == 2
    with pytest.raises(waves.SamePerson):
        casework.release_wave(made[0], by=cast.gabriel, at=cast.now)
    assert casework.release_wave(made[0], by=cast.sofia, at=cast.now).status == "released"
    with pytest.raises(waves.NotWaiting):
        casework.release_wave(made[0], by=cast.sofia, at=cast.now)
    casework.withdraw_wave(made[1], by=cast.gabriel, at=cast.now)
    assert Action.objects.get(channel="sms").status == "cancelled"


def test_a_wave_that_nobody_prepared_takes_two_people(cast: Any) -> None:
    run = uuid7()
    plan(cast, channel="sms", run_id=run)
    (made,) = casework.prepare_waves(run_id=run, on=cast.today, by=SYSTEM, at=cast.now)
    assert made.prepared_by_id is None
    reviewed = casework.release_wave(made, by=cast.gabriel, at=cast.now)
    assert (reviewed.status, reviewed.prepared_by_id, reviewed.released_by_id) == ("awaiting_release", cast.gabriel.id, None)
    with pytest.raises(waves.SamePerson):
        casework.release_wave(made, by=cast.gabriel, at=cast.now)
    with pytest.raises(waves.AlreadyReviewed):
        casework.release_wave(made, by=cast.sofia, at=cast.now, only_review=True)
    assert casework.release_wave(made, by=cast.sofia, at=cast.now).status == "released"


def test_the_scheduled_day_is_answered_for_by_who_approved_its_strategy(cast: Any) -> None:
    run = uuid7()
    plan(cast, channel="sms", run_id=run)
    (made,) = casework.prepare_waves(run_id=run, on=cast.today, by=SYSTEM, at=cast.now, prepared_by_id=cast.gabriel.id)
    with pytest.raises(waves.SamePerson):
        casework.release_wave(made, by=cast.gabriel, at=cast.now)
    assert casework.release_wave(made, by=cast.sofia, at=cast.now).status == "released"


# --- races: real transactions on connections of their own

def in_parallel(jobs: list[Any]) -> list[Any]:
    """Run every job in a thread of its own, all starting at once; their results or exceptions, in order."""
    results: list[Any] = [None] * len(jobs)
    barrier = threading.Barrier(len(jobs))

    def run(place: int) -> None:
        barrier.wait()
        try:
            results[place] = jobs[place]()
        except Exception as problem:
            results[place] = problem
        finally:
            connections["default"].close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture
def committed(own_database: Any) -> Any:
    """The cast in a database of its own, committed."""
    from tests.cast import make_cast

    people = make_cast()
    assert not connection.in_atomic_block
    return people


def test_two_who_want_the_last_slot_of_a_person_one_wins(committed: Any) -> None:
    cast = committed
    with tenancy.acting(cast.tenant.id):
        actions = [plan(cast, channel=channel, by=cast.gabriel) for channel in ("call", "sms") * 3]

    def ask(action: Action) -> Any:
        def job() -> Any:
            with tenancy.acting(cast.tenant.id):
                try:
                    return casework.clear(action=action, contact_point=point(cast, "maria"), at=cast.now, by=cast.ana)
                except ContactRefused as problem:
                    return problem

        return job

    results = in_parallel([ask(action) for action in actions])
    assert sorted(type(result).__name__ for result in results) == ["ContactRefused"] * 5 + ["Permit"]
    assert {result.rule for result in results if isinstance(result, ContactRefused)} == {"HOUSE-CAP"}
    with tenancy.acting(cast.tenant.id):
        assert Action.objects.filter(status="in_progress").count() == 1


@pytest.mark.parametrize("prepared", [True, False], ids=["prepared-by-one-of-them", "prepared-by-nobody"])
def test_nobody_releases_alone_however_many_sessions_race(committed: Any, prepared: bool) -> None:
    cast = committed
    run = uuid7()
    with tenancy.acting(cast.tenant.id):
        plan(cast, channel="sms", run_id=run)
        (made,) = casework.prepare_waves(run_id=run, on=cast.today, by=cast.gabriel if prepared else SYSTEM, at=cast.now)

    def release(who: Any) -> Any:
        def job() -> Any:
            with tenancy.acting(cast.tenant.id):
                return casework.release_wave(made, by=who, at=cast.now)

        return job

    results = in_parallel([release(cast.gabriel)] * 4)
    with tenancy.acting(cast.tenant.id):
        made.refresh_from_db()
    assert (made.status, made.prepared_by_id) == ("awaiting_release", cast.gabriel.id)
    assert [type(one).__name__ for one in results].count("SamePerson") == (4 if prepared else 3)
    results = in_parallel([release(who) for who in (cast.gabriel, cast.sofia) * 3])
    with tenancy.acting(cast.tenant.id):
        made.refresh_from_db()
    assert (made.status, made.prepared_by_id, made.released_by_id) == ("released", cast.gabriel.id, cast.sofia.id)
    assert [type(one).__name__ for one in results].count("Wave") == 1


def test_an_agency_and_the_house_race_for_one_slot_and_one_wins(committed: Any) -> None:
    from recaudo.portfolio import services as portfolio

    cast = committed
    norte = cast.agencies["NORTE"]
    with tenancy.acting(cast.tenant.id):
        portfolio.place_accounts(
            account_ids=[cast.accounts["pedro"].id], agency=norte, team=None, from_on=cast.today, by=cast.gabriel, at=cast.now
        )
        actions = [plan(cast, "pedro", by=cast.gabriel) for _ in range(2)]

    def ask(action: Action, agency: Any, who: Any, late_ms: int) -> Any:
        def job() -> Any:
            with tenancy.acting(cast.tenant.id, agency):
                try:
                    # Clocks of two machines never agree: the later to commit may carry the earlier time.
                    at = cast.now + timedelta(milliseconds=late_ms)
                    return casework.clear(action=action, contact_point=point(cast, "pedro"), at=at, by=who)
                except ContactRefused as problem:
                    return problem

        return job

    results = in_parallel([ask(actions[0], None, cast.ana, 500), ask(actions[1], norte.id, cast.nadia, 0)])
    assert sorted(type(result).__name__ for result in results) == ["ContactRefused", "Permit"]


def test_agents_who_press_next_at_once_get_different_cases(committed: Any) -> None:
    cast = committed
    with tenancy.acting(cast.tenant.id):
        queued(cast)

    def take(who: Any) -> Any:
        def job() -> Any:
            with tenancy.acting(cast.tenant.id):
                taken = casework.take_next(by=who, at=cast.now)
                return taken.case.id if taken else None

        return job

    results = in_parallel([take(cast.ana), take(cast.beto), take(cast.sofia)])
    given = [result for result in results if result is not None]
    assert not any(isinstance(result, Exception) for result in results)
    assert given and len(given) == len(set(given))
    with tenancy.acting(cast.tenant.id):
        assert Case.objects.filter(locked_until__gt=cast.now).count() == len(given)
