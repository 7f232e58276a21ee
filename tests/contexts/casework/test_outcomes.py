"""How a contact ends, and what follows from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.contexts.casework.scenes import authorise, call, close, plan, point

from recaudo.agreements.models import Promise
from recaudo.casework import catalogue
from recaudo.casework import services as casework
from recaudo.casework.models import Action, Case, Dispute, Hold
from recaudo.casework.permit import ContactRefused
from recaudo.casework.services import Outcome
from recaudo.casework.services import outcome as outcomes
from recaudo.journal.models import Event
from recaudo.journal.services import SYSTEM
from recaudo.portfolio.models import Consent, ContactPoint


def test_a_promise_is_made_and_stops_what_waits(cast: Any) -> None:
    waiting, reminder = plan(cast, channel="sms"), plan(cast, channel="sms", purpose="reminder")
    action, permit = call(cast)
    close(cast, action, permit, "PP01", amount_minor=250_000, due_on=cast.today + timedelta(days=3), means="transfer")
    promise = Promise.objects.get()
    assert (promise.amount_minor, promise.status, promise.action_id) == (250_000, "active", action.id)
    assert action.promise_id == promise.id and action.effect == "promise" and action.is_rpc
    waiting.refresh_from_db()
    reminder.refresh_from_db()
    assert (waiting.status, waiting.cancelled_reason, reminder.status) == ("cancelled", "promise", "planned")


def test_a_second_promise_supersedes_the_first(cast: Any) -> None:
    for days, code in ((0, "PP01"), (5, "PP04")):
        at = cast.now + timedelta(days=days)
        action = plan(cast, at=at, direction="in")
        close(cast, action, None, code, at=at, amount_minor=100_000, due_on=at.date() + timedelta(days=3), means="cash")
    assert sorted(Promise.objects.values_list("status", flat=True)) == ["active", "superseded"]


@pytest.mark.parametrize(
    ("code", "typed", "problem"),
    [
        ("PP01", {}, outcomes.FieldsMissing),
        ("PP01", {"amount_minor": 0, "due_on": "tomorrow", "means": "cash"}, outcomes.FieldsMissing),
        ("PP01", {"amount_minor": -5, "due_on": "tomorrow", "means": "cash"}, outcomes.BadAmount),
        ("PP01", {"amount_minor": 2_000_000, "due_on": "tomorrow", "means": "cash"}, outcomes.BadAmount),
        ("PP02", {"amount_minor": 250_000, "due_on": "tomorrow", "means": "cash"}, outcomes.BadAmount),
        ("PP01", {"amount_minor": 1_000, "due_on": "tomorrow", "means": "barter"}, outcomes.BadAmount),
        ("PG03", {}, outcomes.FieldsMissing),
        ("SE01", {}, outcomes.FieldsMissing),
        ("VI04", {}, outcomes.DispositionDoesNotFit),
        ("DG01", {}, outcomes.NotForPeople),
        ("TC08", {"note": "un niño de seis años"}, outcomes.NoteForbidden),
        ("XX99", {}, catalogue.UnknownDisposition),
        ("NG01", {"reason": "R77", "provenance": "asked"}, outcomes.UnknownReason),
        ("NG01", {"reason": "R08", "provenance": "guessed"}, outcomes.UnknownReason),
        ("NG01", {"provenance": "asked"}, outcomes.UnknownReason),
    ],
)
def test_what_is_incomplete_or_does_not_fit_is_refused_and_nothing_is_written(
    cast: Any, code: str, typed: dict[str, Any], problem: type[Exception]
) -> None:
    action, permit = call(cast)
    if typed.get("due_on"):
        typed = {**typed, "due_on": cast.today + timedelta(days=1)}
    with pytest.raises(problem):
        close(cast, action, permit, code, **typed)
    assert Action.objects.get().status == "in_progress" and not Promise.objects.exists() and not Hold.objects.exists()


def test_without_a_permit_an_attempt_cannot_be_recorded(cast: Any) -> None:
    with pytest.raises(casework.NoPermit):
        close(cast, plan(cast), None, "NC01")


def test_a_permit_of_another_action_does_not_serve(cast: Any) -> None:
    _, permit = call(cast)
    other = plan(cast, "pedro")
    with pytest.raises(casework.PermitMismatch):
        close(cast, other, permit, "NC01")


def test_an_action_ends_once(cast: Any) -> None:
    action, permit = call(cast)
    close(cast, action, permit, "NC01")
    with pytest.raises(casework.ActionClosed):
        close(cast, action, permit, "PP01", amount_minor=1, due_on=cast.today, means="cash")


def test_not_me_quarantines_the_number_in_every_guise_and_stops_what_waits_for_it(cast: Any) -> None:
    number = point(cast, "maria")
    waiting = plan(cast, channel="im", contact_point_id=point(cast, "maria", "im").id)
    action, permit = call(cast)
    close(cast, action, permit, "TC06")
    statuses = dict(ContactPoint.objects.filter(person=cast.maria).values_list("kind", "status"))
    assert statuses == {"phone": "wrong_party", "im": "wrong_party", "email": "valid"}
    waiting.refresh_from_db()
    assert waiting.status == "cancelled" and waiting.cancelled_reason == "wrong_party"
    later = cast.now + timedelta(days=1)
    assert number.status == "valid"  # as it was read before: the gate does not trust it
    with pytest.raises(ContactRefused) as caught:
        casework.clear(action=plan(cast, at=later), contact_point=number, at=later, by=cast.ana)
    assert caught.value.rule == "HOUSE-POINT"


def test_a_third_party_is_a_contact_but_not_the_right_one(cast: Any) -> None:
    action, permit = call(cast)
    close(cast, action, permit, "TC01")
    assert (action.contact_level, action.is_contact, action.is_rpc, action.is_tpc) == ("TPC", True, False, True)


def test_opting_out_stops_the_channel_at_once(cast: Any) -> None:
    calls, sms = plan(cast), plan(cast, channel="sms")
    action, permit = call(cast)
    close(cast, action, permit, "SE05")
    consent = Consent.objects.get(kind="channel_optout")
    assert "call" in consent.channels and consent.source == "debtor"
    calls.refresh_from_db()
    sms.refresh_from_db()
    assert (calls.status, calls.cancelled_reason, sms.status) == ("cancelled", "opt_out", "planned")


@pytest.mark.parametrize(
    ("code", "typed", "kind", "days", "narrow"),
    [
        ("PG04", {"amount_minor": 1_000, "details": {"claimed_on": "ayer", "place": "banco"}}, "payment_claim", 5, True),
        ("PG05", {"details": {"reference": "ABC"}}, "payment_claim", 3, True),
        ("NG07", {"details": {"representative": "Lic. Gil"}}, "represented", None, False),
        ("NG08", {"details": {"folio": "77"}}, "insolvency", None, False),
        ("TC07", {}, "deceased", None, False),
        ("SE10", {}, "vulnerability", 30, False),
    ],
)
def test_an_outcome_that_asks_for_calm_opens_its_hold(
    cast: Any, code: str, typed: dict[str, Any], kind: str, days: int | None, narrow: bool
) -> None:
    waiting = plan(cast, channel="sms")
    action, permit = call(cast)
    close(cast, action, permit, code, **typed)
    hold = Hold.objects.get()
    assert hold.kind == kind and hold.action_id == action.id
    assert hold.until_at == (cast.now + timedelta(days=days) if days else None)
    assert hold.account_id == (cast.accounts["maria"].id if narrow else None)
    waiting.refresh_from_db()
    assert waiting.status == "cancelled" and waiting.cancelled_reason == "hold"


def test_a_disputed_charge_opens_a_dispute_with_its_hold(cast: Any) -> None:
    action, permit = call(cast)
    close(cast, action, permit, "NG03", details={"disputed": "Seguro de octubre"})
    dispute = Dispute.objects.get()
    assert dispute.kind == "charges" and dispute.text == "Seguro de octubre" and dispute.hold == Hold.objects.get()


def test_required_details_are_kept_with_the_note(cast: Any) -> None:
    action, permit = call(cast)
    close(cast, action, permit, "PG04", amount_minor=120_000, note="Insiste", details={"claimed_on": "el lunes", "place": "tienda"})
    assert action.note == "Monto: $ 1,200.00 MXN\nFecha en que dice que pagó: el lunes\nLugar donde pagó: tienda\nInsiste"


def test_a_new_number_heard_from_a_third_party_says_so(cast: Any) -> None:
    action, permit = call(cast)
    close(cast, action, permit, "TC04", contact_kind="phone", contact_value="5598761234")
    found = ContactPoint.objects.exclude(status="valid").get(person=cast.maria)
    assert (found.source, found.status) == ("third_party", "unverified")


def test_a_callback_is_planned_for_who_arranged_it(cast: Any) -> None:
    action, permit = call(cast)
    tomorrow = cast.now + timedelta(days=1)
    close(cast, action, permit, "SE01", callback_at=tomorrow)
    callback = Action.objects.get(treatment="callback")
    assert (callback.status, callback.not_before_at, callback.by_id) == ("planned", tomorrow, cast.ana.id)
    assert action.next_at == tomorrow and Case.objects.get().next_at == tomorrow


def test_a_callback_later_today_is_not_stopped_by_the_house_cap(cast: Any) -> None:
    action, permit = call(cast)
    later = cast.now + timedelta(hours=4)
    close(cast, action, permit, "SE01", callback_at=later)
    callback = Action.objects.get(treatment="callback")
    assert casework.clear(action=callback, contact_point=point(cast, "maria"), at=later, by=cast.ana).channel == "call"


def test_a_callback_on_a_colombian_sunday_is_refused_with_the_next_time(cast: Any) -> None:
    authorise(cast, "esquina", "call")
    action, permit = call(cast, "esquina")
    sunday = datetime(2026, 11, 29, 17, 0, tzinfo=UTC)
    with pytest.raises(ContactRefused) as caught:
        close(cast, action, permit, "SE01", callback_at=sunday)
    assert caught.value.rule == "CO-HOURS" and caught.value.next_allowed_at == datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
    action.refresh_from_db()
    assert action.status == "in_progress" and not Action.objects.filter(treatment="callback").exists()


def test_a_callback_in_the_past_is_refused(cast: Any) -> None:
    action, permit = call(cast)
    with pytest.raises(casework.effects.CallbackInPast):
        close(cast, action, permit, "SE01", callback_at=cast.now - timedelta(minutes=1))


def test_the_reason_is_kept_with_how_it_is_known(cast: Any) -> None:
    action, permit = call(cast)
    close(cast, action, permit, "NG05", reason="R13", provenance="asked")
    assert (action.nonpayment_reason, action.reason_provenance) == ("R13", "asked")


def test_in_colombia_only_what_was_volunteered_is_kept(cast: Any) -> None:
    authorise(cast, "esquina", "call")
    action, permit = call(cast, "esquina")
    for provenance in ("asked", "inferred_model", "third_party"):
        with pytest.raises(outcomes.ReasonNotAsked):
            close(cast, action, permit, "NG05", reason="R28", provenance=provenance)
    close(cast, action, permit, "NG05", reason="R28", provenance="volunteered")
    assert action.nonpayment_reason == "R28"


def test_a_number_that_does_not_exist_is_marked_and_not_called_again(cast: Any) -> None:
    action, permit = call(cast)
    close(cast, action, permit, "TI01")
    assert point(cast, "maria").status == "invalid"


def test_machines_record_what_people_may_not_choose(cast: Any) -> None:
    action = plan(cast, channel="sms")
    permit = casework.clear(action=action, contact_point=point(cast, "maria"), at=cast.now, by=SYSTEM)
    casework.close_action(action, outcome=Outcome("DG01"), permit=permit, by=SYSTEM, at=cast.now)
    assert (action.status, action.disposition, action.is_attempt, action.is_contact) == ("done", "DG01", True, False)


def test_every_outcome_leaves_one_line_in_the_journal(cast: Any) -> None:
    action, permit = call(cast)
    close(cast, action, permit, "NC01")
    event = Event.objects.get(name="action.closed")
    assert event.subject_id == action.id and event.detail["disposition"] == "NC01"


def sent(cast: Any) -> Action:
    """A message that left."""
    action = plan(cast, channel="sms")
    permit = casework.clear(action=action, contact_point=point(cast, "maria"), at=cast.now, by=SYSTEM)
    return casework.close_action(action, outcome=Outcome("DG01"), permit=permit, by=SYSTEM, at=cast.now)


def test_news_of_a_message_only_go_forward(cast: Any) -> None:
    action = sent(cast)
    assert casework.note_delivery(action_id=action.id, disposition="DG03", by=SYSTEM, at=cast.now)
    assert not casework.note_delivery(action_id=action.id, disposition="DG02", by=SYSTEM, at=cast.now)
    action.refresh_from_db()
    assert (action.disposition, action.is_contact) == ("DG03", True)


def test_a_hard_bounce_marks_the_address(cast: Any) -> None:
    casework.note_delivery(action_id=sent(cast).id, disposition="DG06", by=SYSTEM, at=cast.now)
    assert point(cast, "maria").status == "invalid"


def test_a_message_that_did_not_leave_gives_its_slot_back(cast: Any) -> None:
    action = plan(cast, channel="sms")
    casework.clear(action=action, contact_point=point(cast, "maria"), at=cast.now, by=SYSTEM)
    casework.put_back(action, not_before_at=cast.now + timedelta(minutes=5))
    assert action.status == "planned" and action.occurred_at is None
    assert call(cast)[1].channel == "call"


def test_an_answer_that_waits_stands_in_the_agenda(cast: Any) -> None:
    case = casework.case_for(cast.maria.id, by=SYSTEM, at=cast.now)
    casework.ask_follow_up(case_id=case.id, by=SYSTEM, at=cast.now)
    assert Case.objects.get().next_at == cast.now


def test_undoing_a_merge_gives_the_work_back(cast: Any) -> None:
    action = plan(cast)
    moved = casework.move_person(kept_id=cast.lucia.id, merged_id=cast.maria.id, by=SYSTEM, at=cast.now)
    casework.move_back(to_person=cast.maria.id, moved=moved, by=SYSTEM, at=cast.now)
    action.refresh_from_db()
    assert action.person_id == cast.maria.id and Case.objects.get(id=action.case_id).person_id == cast.maria.id


def test_merging_persons_moves_their_work(cast: Any) -> None:
    action, _ = call(cast)
    casework.open_hold(person=cast.maria, kind="dispute", reason="x", by=cast.ana, at=cast.now)
    moved = casework.move_person(kept_id=cast.lucia.id, merged_id=cast.maria.id, by=cast.raul, at=cast.now)
    action.refresh_from_db()
    assert action.person_id == cast.lucia.id and moved["actions"] == [str(action.id)]
    assert Case.objects.get(status="open").person_id == cast.lucia.id and Hold.objects.get().person_id == cast.lucia.id
    assert action.case_id == Case.objects.get(status="open").id


# --- the catalogue

def test_the_catalogue_is_whole() -> None:
    found = catalogue.dispositions()
    assert len(found) == 122
    assert {code for code in found if code.startswith(("PP", "PG", "CV"))} == {
        *(f"PP0{n}" for n in range(1, 6)), *(f"PG0{n}" for n in range(1, 6)), *(f"CV0{n}" for n in range(1, 9))
    }  # fmt: skip
    assert sorted(catalogue.REASONS) == [*(f"R{n:02}" for n in range(1, 29)), "R99"]


def test_the_catalogue_agrees_with_itself() -> None:
    from recaudo.casework.words import HOLD_ES, POINT_STATUS_ES

    for item in catalogue.dispositions().values():
        assert item.level in {"RPC", "TPC", "NC", "SYS"}, item.code
        assert not item.is_rpc or (item.is_contact and item.level == "RPC"), item.code
        assert not item.opens_promise or {"amount", "due_on"} <= set(item.requires), item.code
        assert item.hold is None or (item.hold.kind in HOLD_ES and item.hold.scope in {"account", "person"}), item.code
        assert item.point_status in {"", *POINT_STATUS_ES}, item.code
        assert item.dispute == "" or (item.hold is not None and item.hold.kind == "dispute"), item.code
        assert len(item.effect) <= 16, item.code


def test_who_opens_the_door_is_a_visit_contact() -> None:
    assert catalogue.disposition("PP01").law_word("visit") == "visit_contact"
    assert catalogue.disposition("PP01").law_word("call") == "conversation"
    assert catalogue.disposition("VI04").law_word("visit") == "no_answer"
