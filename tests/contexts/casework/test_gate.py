"""The gate: who may be reached now, and who may not, and why."""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.contexts.casework.scenes import authorise, call, close, plan, point

import recaudo
from recaudo.casework import services as casework
from recaudo.casework.models import Action, Case, Hold, PermitRecord
from recaudo.casework.services import ContactRefused
from recaudo.journal.models import Event
from recaudo.law import services as law
from recaudo.portfolio.models import Account, ContactPoint, Person, Preference
from recaudo.store import tenancy

NIGHT = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)  # 23:00 in Mexico City
SUNDAY = datetime(2026, 11, 29, 17, 0, tzinfo=UTC)  # noon in Bogotá


def refusal(cast: Any, action: Action, *, at: datetime | None = None, kind: str = "phone", who: str = "maria") -> ContactRefused:
    with pytest.raises(ContactRefused) as caught:
        casework.clear(action=action, contact_point=point(cast, who, kind), at=at or cast.now, by=cast.ana)
    return caught.value


def test_only_the_gate_makes_a_permit() -> None:
    makers = set()
    for path in Path(recaudo.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name == "Permit":
                    makers.add(str(path.relative_to(Path(recaudo.__file__).parent)))
    assert makers == {"casework/services/gate.py"}


def test_a_call_at_eleven_in_mexico_is_allowed_and_written_down(cast: Any) -> None:
    action, permit = call(cast)
    assert action.status == "in_progress" and action.occurred_at == cast.now
    assert permit.valid_until == cast.now + timedelta(minutes=10)
    record = PermitRecord.objects.get(action_id=action.id)
    assert record.is_allowed and record.lawbook_version == permit.lawbook_version and "holidays" in record.libraries


def test_a_call_at_night_is_refused_with_rule_citation_and_next_time(cast: Any) -> None:
    problem = refusal(cast, plan(cast), at=NIGHT)
    assert problem.rule == "MX-HOURS" and "DOF" in problem.citation
    assert problem.next_allowed_at == datetime(2026, 11, 25, 13, 0, tzinfo=UTC)  # 7:00
    record = PermitRecord.objects.get()
    assert not record.is_allowed and record.rule == "MX-HOURS" and record.next_allowed_at == problem.next_allowed_at
    assert Event.objects.filter(name="contact.refused").count() == 1


def test_a_permit_does_not_outlive_the_closing_of_the_window(cast: Any) -> None:
    almost_ten = datetime(2026, 11, 25, 3, 57, tzinfo=UTC)  # 21:57
    _, permit = call(cast, at=almost_ten)
    assert permit.valid_until <= datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


def test_every_zone_of_the_person_and_the_number_must_be_open(cast: Any) -> None:
    early = datetime(2026, 11, 24, 13, 30, tzinfo=UTC)  # 7:30 in Mexico City, 5:30 in Tijuana
    ContactPoint.objects.filter(person=cast.maria, kind="phone").update(zones=["America/Tijuana"])
    assert refusal(cast, plan(cast), at=early).rule == "MX-HOURS"


def test_a_person_of_no_known_place_is_not_reached(cast: Any) -> None:
    Person.objects.filter(id=cast.maria.id).update(country="ZZ", zones=[])
    ContactPoint.objects.filter(person=cast.maria).update(zones=[])
    assert refusal(cast, plan(cast)).rule == "COMMON-COUNTRY-UNKNOWN"


def test_chile_allows_one_call_a_week(cast: Any) -> None:
    action, permit = call(cast, "pedro")
    close(cast, action, permit, "NC01")
    later = cast.now + timedelta(days=3)
    problem = refusal(cast, plan(cast, "pedro", at=later), at=later, who="pedro")
    assert problem.rule == "CL-FREQ-CALL-VISIT"
    assert problem.next_allowed_at is not None and problem.next_allowed_at.date() == (cast.now + timedelta(days=7)).date()


def test_chile_counts_the_calls_of_an_agency_too(cast: Any) -> None:
    action, permit = call(cast, "pedro")
    close(cast, action, permit, "NC01")
    Action.objects.filter(id=action.id).update(agency_id=cast.agencies["NORTE"].id)
    later = cast.now + timedelta(days=3)
    assert refusal(cast, plan(cast, "pedro", at=later), at=later, who="pedro").rule == "CL-FREQ-CALL-VISIT"


def test_colombia_asks_for_an_authorised_channel(cast: Any) -> None:
    assert refusal(cast, plan(cast, "esquina"), who="esquina").rule == "CO-CHANNEL-AUTH"
    authorise(cast, "esquina", "call")
    assert call(cast, "esquina")[1].rule == ""


def test_colombia_rests_on_sunday(cast: Any) -> None:
    authorise(cast, "esquina", "call")
    problem = refusal(cast, plan(cast, "esquina", at=SUNDAY), at=SUNDAY, who="esquina")
    assert problem.rule == "CO-HOURS"
    assert problem.next_allowed_at == datetime(2026, 11, 30, 12, 0, tzinfo=UTC)  # Monday 7:00


def test_colombia_keeps_to_one_channel_a_week(cast: Any) -> None:
    authorise(cast, "esquina", "call", "sms")
    action, permit = call(cast, "esquina")
    close(cast, action, permit, "NC01")
    later = cast.now + timedelta(days=2)
    assert refusal(cast, plan(cast, "esquina", "sms", at=later), at=later, who="esquina").rule == "CO-ONE-CHANNEL-WEEK"


def test_a_reference_is_never_reached(cast: Any) -> None:
    cast.maria.roles.update(role="reference")
    assert refusal(cast, plan(cast)).rule == "MX-THIRD-PARTY"


def test_the_role_comes_from_the_account_not_from_the_action(cast: Any) -> None:
    action = plan(cast)
    cast.maria.roles.update(role="reference")
    assert action.party_role == "holder"
    assert refusal(cast, action).rule == "MX-THIRD-PARTY"


def test_somebody_who_does_not_answer_for_the_debt_is_not_reached(cast: Any) -> None:
    action = plan(cast)
    cast.maria.roles.all().delete()
    assert refusal(cast, action).rule == "HOUSE-PAID"


@pytest.mark.parametrize("scope", ["all", "channel:call", "creditor"])
def test_nothing_goes_out_while_contact_is_paused(cast: Any, scope: str) -> None:
    scope = f"creditor:{cast.accounts['maria'].creditor_id}" if scope == "creditor" else scope
    action = plan(cast)
    pause = casework.pause_contact(scope=scope, reason="Simulacro", by=cast.sofia, at=cast.now)
    problem = refusal(cast, action)
    assert problem.rule == "HOUSE-PAUSE" and "Simulacro" in problem.reason_es
    casework.resume_contact(pause, by=cast.sofia, at=cast.now)
    assert call(cast)[1].channel == "call"


def test_a_pause_of_another_channel_stops_nothing_here(cast: Any) -> None:
    casework.pause_contact(scope="channel:sms", reason="Proveedor caído", by=cast.sofia, at=cast.now)
    assert call(cast)[1].channel == "call"


@pytest.mark.parametrize("status", ["invalid", "wrong_party", "opted_out"])
def test_a_point_that_does_not_serve_is_not_used(cast: Any, status: str) -> None:
    action = plan(cast)
    ContactPoint.objects.filter(person=cast.maria, kind="phone").update(status=status)
    assert refusal(cast, action).rule == "HOUSE-POINT"


def test_somebody_elses_number_is_not_used(cast: Any) -> None:
    action = plan(cast)
    with pytest.raises(ContactRefused) as caught:
        casework.clear(action=action, contact_point=point(cast, "lucia"), at=cast.now, by=cast.ana)
    assert caught.value.rule == "HOUSE-POINT"


def test_a_number_that_another_channel_needs_is_not_used(cast: Any) -> None:
    assert refusal(cast, plan(cast), kind="email").rule == "HOUSE-POINT"


def test_a_dead_person_is_not_reached(cast: Any) -> None:
    action = plan(cast)
    Person.objects.filter(id=cast.maria.id).update(deceased_on=cast.today)
    assert refusal(cast, action).rule == "HOUSE-DECEASED"


def test_a_hold_stops_contact_until_its_end(cast: Any) -> None:
    until = cast.now + timedelta(days=2)
    casework.open_hold(person=cast.maria, kind="dispute", reason="Cargo", until_at=until, by=cast.ana, at=cast.now)
    problem = refusal(cast, plan(cast))
    assert problem.rule == "HOUSE-HOLD" and problem.next_allowed_at == until
    assert casework.verdict_for(
        person_id=cast.maria.id, account_id=cast.accounts["maria"].id, creditor_id=None, channel="call",
        contact_point=point(cast, "maria"), at=until,
    ).allowed  # fmt: skip


def test_a_hold_on_another_account_does_not_stop_this_one(cast: Any) -> None:
    other = cast.accounts["lucia"]
    Hold.objects.create(person=cast.maria, account_id=other.id, kind="dispute", reason="x", from_at=cast.now, created_at=cast.now)
    assert call(cast)[1].channel == "call"


def test_a_released_hold_stops_nothing(cast: Any) -> None:
    hold = casework.open_hold(person=cast.maria, kind="dispute", reason="Cargo", by=cast.ana, at=cast.now)
    casework.release_hold(hold, reason="Aclarado", by=cast.sofia, at=cast.now)
    assert call(cast)[1].channel == "call"


def test_a_represented_person_is_reached_through_the_representative_only(cast: Any) -> None:
    casework.open_hold(person=cast.maria, kind="represented", reason="Abogado", by=cast.ana, at=cast.now)
    assert refusal(cast, plan(cast)).rule == "HOUSE-HOLD"
    cast.maria.roles.update(role="representative")
    assert call(cast)[1].channel == "call"


def test_what_is_paid_is_not_collected(cast: Any) -> None:
    action = plan(cast)
    Account.objects.filter(id=cast.accounts["maria"].id).update(status="closed_paid")
    assert refusal(cast, action).rule == "HOUSE-PAID"


def test_an_account_that_is_up_to_date_gets_reminders_only(cast: Any) -> None:
    assert refusal(cast, plan(cast, "lucia"), who="lucia").rule == "HOUSE-PAID"
    reminder = plan(cast, "lucia", "sms", purpose="reminder")
    assert casework.clear(action=reminder, contact_point=point(cast, "lucia"), at=cast.now, by=cast.ana).purpose == "reminder"


def test_an_active_promise_stops_collection_but_not_its_reminder(cast: Any) -> None:
    action, permit = call(cast)
    close(cast, action, permit, "PP01", amount_minor=250_000, due_on=cast.today + timedelta(days=5), means="transfer")
    later = cast.now + timedelta(days=2)
    assert refusal(cast, plan(cast, at=later), at=later).rule == "HOUSE-PROMISE"
    reminder = plan(cast, channel="sms", purpose="reminder", at=later)
    assert casework.clear(action=reminder, contact_point=point(cast, "maria"), at=later, by=cast.ana).purpose == "reminder"


def test_the_house_reaches_a_person_once_a_day(cast: Any) -> None:
    action, permit = call(cast)
    close(cast, action, permit, "NC01")
    later = cast.now + timedelta(hours=3)
    problem = refusal(cast, plan(cast, at=later), at=later)
    assert problem.rule == "HOUSE-CAP"
    assert problem.next_allowed_at == datetime(2026, 11, 25, 13, 0, tzinfo=UTC)  # tomorrow at seven


def test_the_house_reaches_a_person_five_times_a_week(cast: Any) -> None:
    every_day(cast)
    for day in range(5):
        at = cast.now + timedelta(days=day)
        action, permit = call(cast, at=at)
        close(cast, action, permit, "NC01", at=at)
    at = cast.now + timedelta(days=5)
    problem = refusal(cast, plan(cast, at=at), at=at)
    assert problem.rule == "HOUSE-CAP"
    assert problem.next_allowed_at == datetime(2026, 12, 1, 13, 0, tzinfo=UTC)


def test_a_busy_line_is_not_a_contact(cast: Any) -> None:
    action, permit = call(cast)
    close(cast, action, permit, "NC02")
    assert call(cast, at=cast.now + timedelta(hours=1))[1].channel == "call"


def test_two_people_may_lift_the_house_cap(cast: Any) -> None:
    action, permit = call(cast)
    close(cast, action, permit, "NC01")
    decision = law.propose(name="house.max_per_day", choice="2", reason="Prueba de intensidad", by=cast.carmen, at=cast.now)
    later = cast.now + timedelta(hours=1)
    assert refusal(cast, plan(cast, at=later), at=later).rule == "HOUSE-CAP"
    with pytest.raises(law.SamePerson):
        law.approve(decision, by=cast.carmen, at=cast.now)
    with pytest.raises(law.ImpactUnseen):
        law.approve(decision, by=cast.gabriel, at=cast.now)
    seen(cast, decision)
    law.approve(decision, by=cast.gabriel, at=cast.now)
    assert call(cast, at=later)[1].channel == "call"


def test_a_toggle_changes_the_law_that_is_asked(cast: Any) -> None:
    sunday = datetime(2026, 11, 29, 18, 0, tzinfo=UTC)
    assert refusal(cast, plan(cast, at=sunday), at=sunday).rule == "MX-HOURS"  # the strict reading, while nobody decides
    every_day(cast)
    later = sunday + timedelta(days=7)
    assert call(cast, at=later)[1].channel == "call"


def every_day(cast: Any) -> None:
    """Two people decide that Mexico may be contacted any day of the week."""
    decision = law.propose(name="MX.days", choice="default", reason="Lectura del texto del DOF", by=cast.carmen, at=cast.now)
    seen(cast, decision)
    law.approve(decision, by=cast.gabriel, at=cast.now)


def seen(cast: Any, decision: Any) -> None:
    """Gabriel saw what it changes: nobody approves without it."""
    law.note_impact(
        subject_id=decision.id, from_on=cast.today, until_on=cast.today, action_count=0, now_refused=0, now_allowed=0, version_before="a",
        version_after="b", by=cast.gabriel, at=cast.now,
    )  # fmt: skip


def test_a_law_that_does_not_exist_cannot_be_chosen(cast: Any) -> None:
    with pytest.raises(law.UnknownChoice):
        law.propose(name="MX.moon", choice="full", reason="x", by=cast.carmen, at=cast.now)
    with pytest.raises(law.UnknownChoice):
        law.propose(name="house.max_per_day", choice="0", reason="x", by=cast.carmen, at=cast.now)


def test_hours_that_the_person_asked_for_are_kept(cast: Any) -> None:
    Preference.objects.create(
        person=cast.maria, channel="call", from_time="18:00", until_time="20:00", source="debtor", created_at=cast.now - timedelta(days=1)
    )
    assert refusal(cast, plan(cast)).rule == "HOUSE-PREFERENCE"
    evening = datetime(2026, 11, 25, 0, 30, tzinfo=UTC)  # 18:30
    assert call(cast, at=evening)[1].channel == "call"


def test_an_opt_out_of_one_channel_leaves_the_others(cast: Any) -> None:
    action, permit = call(cast)
    close(cast, action, permit, "SE05")
    later = cast.now + timedelta(days=1)
    assert refusal(cast, plan(cast, at=later), at=later).rule == "COMMON-OPTOUT"
    sms = plan(cast, channel="sms", at=later)
    assert casework.clear(action=sms, contact_point=point(cast, "maria"), at=later, by=cast.ana).channel == "sms"


def test_a_slot_that_is_taken_counts_before_anything_is_known_of_it(cast: Any) -> None:
    call(cast)
    assert refusal(cast, plan(cast)).rule == "HOUSE-CAP"


def test_a_clock_that_lags_behind_does_not_win_a_second_slot(cast: Any) -> None:
    call(cast, at=cast.now + timedelta(seconds=30))
    assert refusal(cast, plan(cast), at=cast.now).rule == "HOUSE-CAP"


def test_a_slot_that_nobody_used_is_given_back_after_two_hours(cast: Any) -> None:
    call(cast)
    later = cast.now + timedelta(hours=3)
    assert call(cast, at=later)[1].channel == "call"


def test_a_planned_action_waits_for_its_next_allowed_time_and_a_manual_one_ends(cast: Any) -> None:
    planned = plan(cast, run_id=cast.tenant.id, expires_at=NIGHT + timedelta(days=1))
    refusal(cast, planned, at=NIGHT)
    assert planned.status == "planned" and planned.not_before_at == datetime(2026, 11, 25, 13, 0, tzinfo=UTC)
    manual = plan(cast)
    refusal(cast, manual, at=NIGHT)
    assert manual.status == "refused" and manual.permit_rule == "MX-HOURS"


def test_a_pause_ends_nothing_that_was_planned(cast: Any) -> None:
    planned = plan(cast, expires_at=cast.now + timedelta(days=1), priority=3)
    casework.pause_contact(reason="Simulacro", by=cast.sofia, at=cast.now)
    refusal(cast, planned)
    assert planned.status == "planned"
    assert casework.take_next(by=cast.ana, at=cast.now) is None
    planned.refresh_from_db()
    assert planned.status == "planned"


def test_a_cancelled_action_gets_no_permit(cast: Any) -> None:
    action = plan(cast)
    casework.cancel_pending(reason="payment", by=cast.ana, at=cast.now, person_id=cast.maria.id)
    with pytest.raises(casework.ActionClosed):
        casework.clear(action=action, contact_point=point(cast, "maria"), at=cast.now, by=cast.ana)


def test_a_call_in_progress_does_not_jump_to_another_number(cast: Any) -> None:
    action, _ = call(cast)
    other = ContactPoint.objects.create(
        person=cast.maria, kind="phone", value="+525511112222", value_index=b"x" * 16, hint="··2222", country="MX",
        zones=["America/Mexico_City"], created_at=cast.now,
    )  # fmt: skip
    with pytest.raises(casework.ActionBusy):
        casework.clear(action=action, contact_point=other, at=cast.now, by=cast.ana)


def test_a_message_may_be_tried_again_and_a_call_may_not(cast: Any) -> None:
    sms = plan(cast, channel="sms")
    casework.clear(action=sms, contact_point=point(cast, "maria"), at=cast.now, by=cast.ana)
    again = casework.clear(action=sms, contact_point=point(cast, "maria"), at=cast.now + timedelta(minutes=5), by=cast.ana)
    assert again.action_id == sms.id and sms.occurred_at == cast.now + timedelta(minutes=5)


def test_ringing_twice_under_one_action_is_refused(cast: Any) -> None:
    action, _ = call(cast)
    assert refusal(cast, action, at=cast.now + timedelta(minutes=20)).rule == "HOUSE-CAP"


def test_a_text_that_threatens_is_refused(cast: Any) -> None:
    action = plan(cast, channel="email")
    with pytest.raises(ContactRefused) as caught:
        casework.clear(
            action=action, contact_point=point(cast, "maria", "email"), at=cast.now, by=cast.ana, content=frozenset({"threat"})
        )
    assert caught.value.rule == "MX-CONTENT-FORBIDDEN"


def test_a_permit_serves_no_other_action_and_not_for_ever(cast: Any) -> None:
    action, permit = call(cast)
    fits = {"person_id": cast.maria.id, "channel": "call", "purpose": "collection", "contact_point_id": permit.contact_point_id}
    permit.check(action_id=action.id, at=cast.now, **fits)
    with pytest.raises(casework.PermitMismatch):
        permit.check(action_id=cast.tenant.id, at=cast.now, **fits)
    with pytest.raises(casework.PermitExpired):
        permit.check(action_id=action.id, at=permit.valid_until, **fits)


def test_the_permit_of_a_call_is_found_again_by_the_next_page(cast: Any) -> None:
    action, permit = call(cast)
    assert casework.permit_of(action, at=cast.now) == permit
    close(cast, action, permit, "NC01")
    with pytest.raises(casework.PermitExpired):
        casework.permit_of(action, at=cast.now)


def test_an_agency_and_the_house_share_the_cap(cast: Any) -> None:
    from recaudo.portfolio import services as portfolio

    portfolio.place_accounts(
        account_ids=[cast.accounts["maria"].id], agency=cast.agencies["NORTE"], team=None, from_on=cast.today, by=cast.gabriel, at=cast.now
    )
    action, permit = call(cast)
    close(cast, action, permit, "NC01")
    with tenancy.acting(cast.tenant.id, cast.agencies["NORTE"].id):
        later = cast.now + timedelta(hours=1)
        mine = plan(cast, at=later, by=cast.nadia)
        with pytest.raises(ContactRefused) as caught:
            casework.clear(action=mine, contact_point=point(cast, "maria"), at=later, by=cast.nadia)
    assert caught.value.rule == "HOUSE-CAP"


def test_an_agency_cannot_reach_what_is_not_placed_with_it(cast: Any) -> None:
    action = plan(cast)
    number = point(cast, "maria")
    with tenancy.acting(cast.tenant.id, cast.agencies["SUR"].id), pytest.raises(casework.gate.NotFound):
        casework.clear(action=action, contact_point=number, at=cast.now, by=cast.silvia)
    assert Case.objects.count() == 1


def test_asking_for_a_screen_writes_nothing(cast: Any, django_assert_num_queries: Any) -> None:
    number = point(cast, "maria")
    with django_assert_num_queries(3):  # the person, the readings, the values
        answer = casework.verdict_for(
            person_id=cast.maria.id, account_id=cast.accounts["maria"].id, creditor_id=None, channel="call", contact_point=number, at=cast.now
        )
    assert answer.allowed and not PermitRecord.objects.exists()
