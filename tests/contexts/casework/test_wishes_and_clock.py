"""What a person asked for, and what time takes away from a debt, as the gate obeys them."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
from tests.contexts.casework.scenes import call, close, plan, point

from recaudo.casework import services as casework
from recaudo.casework.models import Action, InterruptingAct, PermitRecord
from recaudo.casework.services import BadAct, ContactRefused, NotIdentified, Wish
from recaudo.casework.services.decision import decide_again
from recaudo.casework.services.outcome import FieldsMissing
from recaudo.engine.comply import Change, canonical, lawbook
from recaudo.journal.models import Event
from recaudo.law.queries import book_of
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, Person, Preference
from recaudo.portfolio.services.preferences import BadPreference


def refused(cast: Any, who: str = "maria", channel: str = "call", kind: str = "phone", **more: Any) -> str:
    with pytest.raises(ContactRefused) as caught:
        casework.clear(action=plan(cast, who, channel, **more), contact_point=point(cast, who, kind), at=cast.now, by=cast.ana)
    return caught.value.rule


def test_a_channel_that_the_person_chose_makes_the_others_rest(cast: Any) -> None:
    portfolio.save_preference(person=cast.maria, channel="email", by=cast.ana, at=cast.now)
    assert refused(cast) == "HOUSE-PREFERENCE"
    mail = plan(cast, channel="email")
    assert casework.clear(action=mail, contact_point=point(cast, "maria", "email"), at=cast.now, by=cast.ana)


def test_hours_narrow_their_channel_only(cast: Any) -> None:
    portfolio.save_preference(person=cast.maria, channel="call", from_time=time(18), until_time=time(20), by=cast.ana, at=cast.now)
    assert refused(cast) == "HOUSE-PREFERENCE"
    assert casework.clear(action=plan(cast, channel="sms"), contact_point=point(cast, "maria"), at=cast.now, by=cast.ana)


@pytest.mark.parametrize(("code", "source"), [("SE06", "debtor"), ("TC03", "third_party")])
def test_an_outcome_that_tells_a_wish_keeps_it(cast: Any, code: str, source: str) -> None:
    action, permit = call(cast)
    with pytest.raises(FieldsMissing):
        close(cast, action, permit, code)
    done = close(cast, action, permit, code, wish=Wish(days=("sat",), from_time=time(10)))
    wish = Preference.objects.get()
    assert (wish.days, wish.from_time, wish.source) == (["sat"], time(10), source)
    assert "sábado · de 10:00 a 24:00" in Action.objects.get(id=done.id).note
    assert Event.objects.get(name="preference.changed").detail["days"] == ["sat"]


def test_a_later_wish_takes_the_place_of_the_earlier(cast: Any) -> None:
    for hour in (9, 18):
        portfolio.save_preference(person=cast.maria, channel="call", from_time=time(hour), by=cast.ana, at=cast.now)
    portfolio.save_preference(person=cast.maria, channel="call", days=["sun"], avoid=True, by=cast.ana, at=cast.now)
    assert sorted(Preference.objects.values_list("avoid", "from_time")) == [(False, time(18)), (True, None)]


@pytest.mark.parametrize(
    "typed", [{}, {"channel": "fax"}, {"days": ["lunes"]}, {"from_time": time(20), "until_time": time(18)}, {"channel": "call", "source": "vecino"}]
)
def test_a_wish_that_says_nothing_or_nonsense_is_refused(cast: Any, typed: dict[str, Any]) -> None:
    with pytest.raises(BadPreference):
        portfolio.save_preference(person=cast.maria, by=cast.ana, at=cast.now, **typed)


def test_the_language_is_kept_with_the_person(cast: Any) -> None:
    portfolio.set_language(cast.maria, language="en", by=cast.ana, at=cast.now)
    assert Person.objects.get(id=cast.maria.id).language == "en"
    with pytest.raises(BadPreference):
        portfolio.set_language(cast.maria, language="xx", by=cast.ana, at=cast.now)


@pytest.mark.parametrize(("code", "effect", "more"), [
    ("SE07", "complaint", {"details": {"folio": "Q-1"}}), ("SE08", "data_request", {"note": "pide copia de sus datos"}),
])  # fmt: skip
def test_a_complaint_or_a_request_is_told_with_all_that_compliance_needs(cast: Any, code: str, effect: str, more: dict[str, Any]) -> None:
    action, permit = call(cast)
    close(cast, action, permit, code, **more)
    told = Event.objects.get(name="action.closed")
    assert told.detail["effect"] == effect and told.detail["person_id"] == str(cast.maria.id) and told.subject_id == action.id


def old(cast: Any, who: str = "pedro", *, years: int = 6) -> Account:
    Account.objects.filter(id=cast.accounts[who].id).update(oldest_due_on=cast.today.replace(year=cast.today.year - years))
    return Account.objects.get(id=cast.accounts[who].id)


def test_in_chile_a_prescribed_debt_is_not_collected_and_the_record_says_by_which_norm(cast: Any) -> None:
    old(cast)
    assert refused(cast, "pedro") == "HOUSE-PRESCRIBED"
    record = PermitRecord.objects.get()
    assert "2515" in record.citation and "prescribió el 24/11/2025" in record.reason
    assert decide_again(record).rule == "HOUSE-PRESCRIBED"  # what was kept is enough to judge again


def test_an_answer_to_the_person_goes_on(cast: Any) -> None:
    account = old(cast)
    answer = casework.verdict_for(
        person_id=cast.pedro.id, account_id=account.id, creditor_id=account.creditor_id, channel="sms", contact_point=point(cast, "pedro"),
        at=cast.now, purpose="reply_to_debtor",
    )  # fmt: skip
    assert answer.rule != "HOUSE-PRESCRIBED"


def test_a_debt_one_day_short_of_the_term_is_not_prescribed(cast: Any) -> None:
    Account.objects.filter(id=cast.accounts["pedro"].id).update(oldest_due_on=cast.today.replace(year=2021) + timedelta(days=1))
    assert call(cast, "pedro")[0].status == "in_progress"


@pytest.mark.parametrize("kind", ["acknowledgment", "lawsuit", "payment"])
def test_what_interrupts_lets_the_clock_begin_again(cast: Any, kind: str) -> None:
    account = old(cast)
    if kind == "payment":
        Account.objects.filter(id=account.id).update(last_payment_on=cast.today.replace(year=2024))
    else:
        casework.record_act(account=account, kind=kind, on=cast.today.replace(year=2024), evidence="Rol C-1, foja 3", by=cast.sofia, at=cast.now)
    assert call(cast, "pedro")[0].status == "in_progress"


def test_an_act_that_was_withdrawn_interrupts_nothing(cast: Any) -> None:
    account = old(cast)
    act = casework.record_act(account=account, kind="lawsuit", on=cast.today.replace(year=2024), evidence="Rol C-1, foja 3", by=cast.sofia, at=cast.now)
    casework.withdraw_act(act, by=cast.sofia, at=cast.now)
    assert refused(cast, "pedro") == "HOUSE-PRESCRIBED" and InterruptingAct.objects.get().withdrawn_by_id == cast.sofia.id


@pytest.mark.parametrize("typed", [{"kind": "rumor"}, {"on": 1}, {"evidence": "sí"}])
def test_an_act_without_proof_or_from_the_future_is_refused(cast: Any, typed: dict[str, Any]) -> None:
    given = {"kind": "lawsuit", "on": cast.today, "evidence": "Rol C-1, foja 3", **typed}
    given["on"] = cast.today + timedelta(days=1) if typed.get("on") == 1 else given["on"]
    with pytest.raises(BadAct):
        casework.record_act(account=cast.accounts["pedro"], by=cast.sofia, at=cast.now, **given)


def test_where_the_lawbook_has_no_term_nothing_is_blocked(cast: Any) -> None:
    old(cast, "maria", years=20)
    assert call(cast)[0].status == "in_progress"


def test_a_name_alone_identifies_nobody_and_a_check_is_written_once(cast: Any) -> None:
    action, permit = call(cast)
    for few in ([], ["name"], ["name", "name"]):
        with pytest.raises(NotIdentified):
            casework.check_identity(action=action, checked=few, by=cast.ana, at=cast.now)
    assert not casework.is_identified(action)
    first = casework.check_identity(action=action, checked=["name", "code"], by=cast.ana, at=cast.now)
    assert casework.check_identity(action=action, checked=["name", "birth"], by=cast.beto, at=cast.now).id == first.id
    assert casework.is_identified(action) and Event.objects.filter(name="identity.checked").count() == 1
    close(cast, action, permit, "NG01")
    with pytest.raises(casework.ActionClosed):
        casework.check_identity(action=action, checked=["name", "birth"], by=cast.ana, at=cast.now)


def test_the_term_is_the_one_in_force_on_the_day(cast: Any) -> None:
    """A term changed from a day on counts from that day; before it, the one that stood."""
    since = cast.today + timedelta(days=10)
    pack = book_of((Change("CL-PRESCRIPTION", canonical({"n": 36}), since, None, "", ""),)).pack("CL")
    due = cast.today.replace(year=cast.today.year - 4)
    now, later = (casework.clock(pack, due_on=due, interrupted=[], on=day) for day in (cast.today, since))
    assert (now.months, now.is_prescribed, later.months, later.is_prescribed) == (60, False, 36, True)


@pytest.mark.parametrize("place", ["MX", "CO", "PE", "AR", "BR", "EC", "PA", "CR", "GT", "US"])
def test_where_no_norm_was_found_the_clock_is_not_known_and_claims_nothing(place: str) -> None:
    found = casework.clock(lawbook().pack(place), due_on=date(2001, 1, 1), interrupted=[], on=date(2026, 11, 24))
    assert found.months is None and found.prescribes_on is None and not found.is_prescribed and not found.blocks
