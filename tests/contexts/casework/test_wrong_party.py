"""«No soy yo»: one word from anybody, through any door, keeps a number away from everybody at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse
from tests.contexts.casework.scenes import call, close, plan, point
from tests.contexts.casework.test_work import committed, in_parallel  # noqa: F401 the fixture of real transactions
from tests.contexts.law.test_law_pages import as_user

from recaudo.casework import services as casework
from recaudo.casework.models import Action, Search
from recaudo.casework.services import ContactRefused, SearchClosed
from recaudo.journal.models import Event
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import ContactPoint, Person, Placement, Quarantine, QuarantineRelease
from recaudo.portfolio.services.contacts import BadContactPoint, InQuarantine
from recaudo.portfolio.services.quarantine import AlreadyDecided, AlreadyProposed, BadEvidence, SamePersonReleases
from recaudo.store import locks, tenancy
from recaudo.store.fields import blind_index

NUMBER = "+525512345678"  # María's
PROOF = {"evidence_kind": "document", "evidence": "Contrato 7781, anexo B, firmado"}


def share(cast: Any, who: str, kind: str = "phone", *, by: Any = None) -> ContactPoint:
    """Somebody else's record with María's number."""
    return portfolio.save_contact_point(person=cast.people[who], kind=kind, value=NUMBER, source="creditor", country="MX", by=by or cast.raul, at=cast.now)


def say(cast: Any, who: str = "maria", *, by: Any = None) -> Quarantine:
    done = casework.wrong_party(contact_point=point(cast, who), channel="call", evidence="lo dijo quien contestó", by=by or cast.ana, at=cast.now)
    return done.quarantine


def status(cast: Any, who: str, kind: str = "phone") -> str:
    return str(ContactPoint.objects.get(person=cast.people[who], value_index=blind_index(NUMBER, kind)).status)


def release(cast: Any, who: str = "maria") -> QuarantineRelease:
    found = portfolio.propose_release(Quarantine.objects.get(), person=cast.people[who], by=cast.ana, at=cast.now, **PROOF)
    return portfolio.approve_release(found, by=cast.sofia, at=cast.now)


def test_marked_by_hand_on_a_screen_it_is_the_same_as_said_in_a_call(cast: Any) -> None:
    shared = share(cast, "lucia")
    waiting = [plan(cast, "lucia", "sms", contact_point_id=shared.id, purpose="reminder"), plan(cast, "maria", "sms", contact_point_id=point(cast, "maria").id)]
    page = as_user(cast.ana)
    address = reverse("portfolio:contact-point-status", args=[cast.maria.id, point(cast, "maria").id])
    answer = page.post(address, {"status": "wrong_party"}).content.decode()
    assert "cuarentena" in answer
    assert {status(cast, "maria"), status(cast, "lucia")} == {"wrong_party"}
    assert {Action.objects.get(id=one.id).cancelled_reason for one in waiting} == {"wrong_party"}
    kept = Quarantine.objects.get()
    assert (kept.by_name, kept.evidence_kind) == (cast.ana.name, "screen") and Search.objects.get(person=cast.maria).quarantine_id == kept.id
    # And it does not come back by choosing another state.
    assert page.post(address, {"status": "valid"}).status_code == 409 and status(cast, "maria") == "wrong_party"


def test_one_outcome_quarantines_the_value_over_persons_and_creditors_and_stops_all_that_waits_for_it(cast: Any) -> None:
    shared, other = share(cast, "lucia"), share(cast, "pedro", "im")
    waiting = [
        plan(cast, "lucia", "sms", contact_point_id=shared.id, purpose="reminder"), plan(cast, "pedro", "im", contact_point_id=other.id),
        plan(cast, "maria", "sms", contact_point_id=point(cast, "maria").id),
    ]  # fmt: skip
    untouched = plan(cast, "lucia", "email", contact_point_id=point(cast, "lucia", "email").id, purpose="reminder")
    action, permit = call(cast)
    close(cast, action, permit, "TC06")
    assert {status(cast, "maria"), status(cast, "lucia"), status(cast, "pedro", "im")} == {"wrong_party"}
    assert {Action.objects.get(id=one.id).cancelled_reason for one in waiting} == {"wrong_party"}
    assert Action.objects.get(id=untouched.id).status == "planned"
    kept = Quarantine.objects.get()
    assert (kept.by_name, kept.action_id, kept.channel, kept.reports) == (cast.ana.name, action.id, "call", 1) and "TC06" in kept.evidence
    told = Event.objects.get(name="contact_point.quarantined")
    assert told.by_id == cast.ana.id and told.detail["points"] == 4 and NUMBER not in str(told.detail)
    assert Search.objects.get().person_id == cast.maria.id


@pytest.mark.parametrize("code", ["TC06", "TI03", "VI06", "DG10", "IV05"])
def test_every_disposition_that_means_it_does_it(cast: Any, code: str) -> None:
    from recaudo.casework import catalogue

    assert catalogue.disposition(code).point_status == "wrong_party"


def test_an_agencys_agent_protects_those_whom_the_agency_cannot_see(cast: Any) -> None:
    share(cast, "lucia")
    Placement.objects.create(account=cast.accounts["maria"], agency=cast.agencies["NORTE"], status="active", from_on=cast.today, created_at=cast.now)
    with tenancy.acting(cast.tenant.id, cast.agencies["NORTE"].id):
        assert not Person.objects.filter(id=cast.lucia.id).exists()
        say(cast, by=cast.nadia)
        assert tenancy.agency_id() == cast.agencies["NORTE"].id and not Person.objects.filter(id=cast.lucia.id).exists()
        assert Quarantine.objects.count() == 1
    assert status(cast, "lucia") == "wrong_party"
    with tenancy.acting(cast.tenant.id, cast.agencies["SUR"].id):
        assert not Quarantine.objects.exists()


def test_another_organisation_is_not_touched(cast: Any) -> None:
    say(cast)
    with tenancy.acting(cast.other_tenant.id):
        assert not Quarantine.objects.exists()


def test_a_number_that_comes_again_comes_quarantined_by_hand_and_in_bulk(cast: Any) -> None:
    say(cast)
    assert share(cast, "lucia").status == "wrong_party"
    held = ContactPoint.objects.get(person=cast.maria, kind="phone")
    rows = [
        ContactPoint(person=cast.pedro, kind="phone", value=NUMBER, value_index=bytes(held.value_index), hint="··5678", country="MX", created_at=cast.now)
    ]
    ContactPoint.objects.bulk_create(rows)  # past every service, as a file comes in
    assert status(cast, "pedro") == "wrong_party"


def test_an_agency_that_hears_of_the_number_gets_it_quarantined_too(cast: Any) -> None:
    share(cast, "lucia")
    casework.wrong_party(
        contact_point=ContactPoint.objects.get(person=cast.lucia, value_index=blind_index(NUMBER, "phone")), channel="sms", evidence="«no soy yo»", by=cast.beto, at=cast.now
    )
    Placement.objects.create(account=cast.accounts["pedro"], agency=cast.agencies["NORTE"], status="active", from_on=cast.today, created_at=cast.now)
    with tenancy.acting(cast.tenant.id, cast.agencies["NORTE"].id):
        assert share(cast, "pedro", by=cast.nadia).status == "wrong_party"


def test_nobody_lifts_it_alone_nor_past_the_services(cast: Any) -> None:
    say(cast)
    held = ContactPoint.objects.get(person=cast.maria, kind="phone")
    with pytest.raises(InQuarantine):
        portfolio.set_contact_point_status(held, status="valid", by=cast.carmen, at=cast.now)
    with pytest.raises(DatabaseError, match="quarantine"), transaction.atomic():
        ContactPoint.objects.filter(id=held.id).update(status="unverified")
    portfolio.save_contact_point(person=cast.maria, kind="phone", value=NUMBER, source="debtor", status="valid", by=cast.raul, at=cast.now)
    assert status(cast, "maria") == "wrong_party"


def test_release_needs_evidence_and_a_second_person_and_is_for_one_person(cast: Any) -> None:
    share(cast, "lucia")
    found = say(cast)
    for bad in ({"evidence_kind": "document", "evidence": "sí"}, {"evidence_kind": "palabra", "evidence": "me lo dijeron ayer"}):
        with pytest.raises(BadEvidence):
            portfolio.propose_release(found, person=cast.maria, by=cast.ana, at=cast.now, **bad)
    asked = portfolio.propose_release(found, person=cast.maria, by=cast.ana, at=cast.now, **PROOF)
    with pytest.raises(AlreadyProposed):
        portfolio.propose_release(found, person=cast.maria, by=cast.beto, at=cast.now, **PROOF)
    with pytest.raises(SamePersonReleases):
        portfolio.approve_release(asked, by=cast.ana, at=cast.now)
    assert status(cast, "maria") == "wrong_party"
    portfolio.approve_release(asked, by=cast.sofia, at=cast.now)
    assert (status(cast, "maria"), status(cast, "lucia")) == ("unverified", "wrong_party")
    with pytest.raises(AlreadyDecided):
        portfolio.reject_release(asked, answer="tarde", by=cast.carmen, at=cast.now)
    action, _ = call(cast)
    assert action.status == "in_progress"


def test_the_database_itself_wants_two_people(cast: Any) -> None:
    asked = portfolio.propose_release(say(cast), person=cast.maria, by=cast.ana, at=cast.now, **PROOF)
    with pytest.raises(IntegrityError, match="release_two_people"), transaction.atomic():
        QuarantineRelease.objects.filter(id=asked.id).update(is_approved=True, decided_by_id=cast.ana.id, decided_at=cast.now)
    with pytest.raises(IntegrityError, match="release_evidence"), transaction.atomic():
        QuarantineRelease.objects.filter(id=asked.id).update(evidence="")


def test_a_refused_release_changes_nothing_and_may_be_asked_again(cast: Any) -> None:
    asked = portfolio.propose_release(say(cast), person=cast.maria, by=cast.ana, at=cast.now, **PROOF)
    portfolio.reject_release(asked, answer="El contrato es de otra persona.", by=cast.sofia, at=cast.now)
    assert status(cast, "maria") == "wrong_party"
    portfolio.propose_release(Quarantine.objects.get(), person=cast.maria, by=cast.ana, at=cast.now, **PROOF)


def test_saying_it_again_ends_the_release(cast: Any) -> None:
    say(cast)
    release(cast)
    say(cast, by=cast.beto)
    assert status(cast, "maria") == "wrong_party" and Quarantine.objects.get().reports == 2
    assert QuarantineRelease.objects.get().revoked_at == cast.now


def test_a_release_waits_for_who_hears_it_again(cast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = portfolio.propose_release(say(cast), person=cast.maria, by=cast.ana, at=cast.now, **PROOF)
    taken: list[Any] = []
    monkeypatch.setattr(locks, "hold_person", taken.append)
    portfolio.approve_release(asked, by=cast.sofia, at=cast.now)
    assert taken == [cast.maria.id]


def test_two_sessions_that_decide_at_once_decide_once(committed: Any) -> None:  # noqa: F811
    cast = committed
    with tenancy.acting(cast.tenant.id):
        asked = portfolio.propose_release(say(cast), person=cast.maria, by=cast.ana, at=cast.now, **PROOF)

    def decide(by: Any) -> Any:
        def job() -> Any:
            with tenancy.acting(cast.tenant.id):
                return portfolio.approve_release(asked, by=by, at=cast.now)

        return job

    results = in_parallel([decide(cast.sofia), decide(cast.carmen), decide(cast.gabriel), decide(cast.ana)])
    assert sorted(type(one).__name__ for one in results).count("QuarantineRelease") == 1
    with tenancy.acting(cast.tenant.id):
        assert QuarantineRelease.objects.get().decided_by_id != cast.ana.id
        assert Event.objects.filter(name="quarantine.released").count() == 1


def test_two_who_propose_at_once_leave_one_proposal(committed: Any) -> None:  # noqa: F811
    cast = committed
    with tenancy.acting(cast.tenant.id):
        found = say(cast)

    def ask(by: Any) -> Any:
        def job() -> Any:
            with tenancy.acting(cast.tenant.id):
                return portfolio.propose_release(found, person=cast.maria, by=by, at=cast.now, **PROOF)

        return job

    results = in_parallel([ask(cast.ana), ask(cast.beto), ask(cast.raul)])
    assert sorted(type(one).__name__ for one in results) == ["AlreadyProposed", "AlreadyProposed", "QuarantineRelease"]


def test_a_search_is_taken_and_ends_with_what_it_found(cast: Any) -> None:
    say(cast)
    search = casework.take_search(Search.objects.get(), by=cast.beto, at=cast.now)
    with pytest.raises(BadContactPoint):  # the very number again
        casework.close_search(search, note="Lo da el mismo buró", kind="phone", value=NUMBER, by=cast.beto, at=cast.now)
    assert Search.objects.get().status == "open"
    casework.close_search(search, note="Directorio público", kind="phone", value="+525587650000", by=cast.beto, at=cast.now)
    done = Search.objects.get()
    assert (done.status, done.result, done.closed_by_id, done.assigned_to_id) == ("closed", "found", cast.beto.id, cast.beto.id)
    assert ContactPoint.objects.get(id=done.found_point_id).source == "skip_tracing"
    with pytest.raises(SearchClosed):
        casework.close_search(search, note="otra vez", by=cast.ana, at=cast.now)


def test_a_search_may_end_with_nothing_and_a_new_word_begins_another(cast: Any) -> None:
    say(cast)
    casework.close_search(Search.objects.get(), note="Sin datos en fuentes permitidas", by=cast.beto, at=cast.now)
    assert Search.objects.get().result == "none"
    say(cast)
    say(cast)
    assert Search.objects.filter(status="open").count() == 1


def test_the_search_for_a_record_that_was_another_of_the_person_goes_with_it_and_back(cast: Any) -> None:
    say(cast)
    search = Search.objects.get()
    moved = casework.move_person(kept_id=cast.lucia.id, merged_id=cast.maria.id, by=cast.raul, at=cast.now)
    search.refresh_from_db()
    assert (search.person_id, search.status) == (cast.lucia.id, "open")
    casework.move_back(to_person=cast.maria.id, moved=moved, by=cast.raul, at=cast.now)
    search.refresh_from_db()
    assert search.person_id == cast.maria.id


def test_two_searches_for_one_person_become_one(cast: Any) -> None:
    say(cast)
    say(cast, "lucia")
    casework.move_person(kept_id=cast.lucia.id, merged_id=cast.maria.id, by=cast.raul, at=cast.now)
    assert sorted(Search.objects.values_list("person_id", "status")) == [(cast.lucia.id, "closed"), (cast.lucia.id, "open")]


def test_a_release_ends_the_search(cast: Any) -> None:
    say(cast)
    release(cast)
    assert (Search.objects.get().status, Search.objects.get().result) == ("closed", "released")


def test_what_a_search_found_gets_no_word_about_a_debt_until_somebody_is_identified_there(cast: Any) -> None:
    say(cast, "pedro")
    search = Search.objects.get()
    casework.close_search(search, note="Directorio público", kind="phone", value="+56987650000", by=cast.beto, at=cast.now)
    found = ContactPoint.objects.get(id=Search.objects.get().found_point_id)
    tells = frozenset({"creditor_name", "amount_and_calc_date", "complaint_contact"})
    with pytest.raises(ContactRefused) as caught:
        casework.clear(action=plan(cast, "pedro", "sms"), contact_point=found, at=cast.now, by=cast.ana, content=tells)
    assert caught.value.rule == "HOUSE-DISCLOSURE"
    action = plan(cast, "pedro")
    casework.clear(action=action, contact_point=found, at=cast.now, by=cast.ana)  # a call says nothing before identity
    casework.check_identity(action=action, checked=["name", "birth"], by=cast.ana, at=cast.now)
    found.refresh_from_db()
    assert found.status == "valid"
