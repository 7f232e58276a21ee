"""What a person asks about their data is answered in time, to the right person, and really done (S-035)."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.contexts.casework.scenes import authorise, call, close, plan, point

from recaudo.casework import services as casework
from recaudo.casework.models import Hold
from recaudo.casework.services import ContactRefused
from recaudo.compliance import queries, services
from recaudo.compliance.clocks import NoExtension, rights_clock
from recaudo.compliance.models import RemovalProof, RightsRequest
from recaudo.compliance.services.rights import BadRequest, IdentityFirst, NotYet, RequestClosed
from recaudo.journal.models import Event
from recaudo.law.queries import rules
from recaudo.portfolio.models import Account, Consent, ContactPoint, Person


def asked(cast: Any, kind: str, who: str = "maria", **more: Any) -> RightsRequest:
    given = {"channel": "email", "received_on": cast.today, "text": "Solicito…", "on": cast.today, **more}
    return services.receive_request(person=cast.people[who], kind=kind, rules=rules(), by=cast.carmen, at=cast.now, **given)


def known(cast: Any, request: RightsRequest) -> RightsRequest:
    return services.check_identity(request, method="id_document", by=cast.carmen, at=cast.now)


# Counted by hand from the norms; 2026-12-08 and 12-25 are holidays in Colombia, 12-25 in Mexico (and 2027-01-01 everywhere).
CLOCKS = [
    ("MX", "access", date(2026, 11, 24), date(2026, 12, 22), "MX-ARCO"),
    ("CL", "access", date(2026, 11, 24), date(2026, 11, 26), "CL-DATA-REQUEST"),
    ("CL", "access", date(2026, 12, 1), date(2026, 12, 31), "CL-DATA-REQUEST"),
    ("CO", "access", date(2026, 11, 24), date(2026, 12, 9), "CO-CONSULTA"),
    ("CO", "rectification", date(2026, 11, 24), date(2026, 12, 16), "CO-RECLAMO"),
    ("AR", "access", date(2026, 11, 24), date(2026, 12, 4), "AR-ACCESS"),
    ("BR", "portability", date(2026, 11, 24), date(2026, 12, 9), "BR-ACCESS"),
]


@pytest.mark.parametrize(("country", "kind", "received", "due", "rule"), CLOCKS)
def test_the_clock_is_the_one_of_the_persons_country(cast: Any, country: str, kind: str, received: date, due: date, rule: str) -> None:
    clock = rights_clock(rules(), kind=kind, country=country, subdivision="", received_on=received)
    assert (clock.due_on, clock.rule) == (due, rule) and clock.citation


def test_a_country_whose_law_says_nothing_gets_the_houses_term_and_says_so(cast: Any) -> None:
    clock = rights_clock(rules(), kind="access", country="GT", subdivision="", received_on=cast.today)
    assert clock.rule == "" and clock.confidence == "house" and clock.due_on == date(2026, 12, 8)
    with pytest.raises(NoExtension):
        rights_clock(rules(), kind="access", country="GT", subdivision="", received_on=cast.today, extended=True)


def test_an_extension_is_taken_once_in_time_and_only_where_the_law_has_one(cast: Any) -> None:
    request = asked(cast, "access", "esquina")
    longer = services.extend_request(request, reason="Hay que pedir datos al acreedor", rules=rules(), by=cast.carmen, at=cast.now, on=cast.today)
    assert longer.extended_on is not None and longer.extended_on > longer.due_on
    with pytest.raises(NotYet):
        services.extend_request(request, reason="Otra vez", rules=rules(), by=cast.carmen, at=cast.now, on=cast.today)
    with pytest.raises(NoExtension):
        services.extend_request(asked(cast, "access"), reason="Más tiempo", rules=rules(), by=cast.carmen, at=cast.now, on=cast.today)
    late = asked(cast, "rectification", "esquina")
    with pytest.raises(NotYet):
        services.extend_request(late, reason="Tarde", rules=rules(), by=cast.carmen, at=cast.now, on=late.due_on + timedelta(days=1))


def test_nothing_is_given_or_changed_before_the_identity_is_checked(cast: Any, tmp_state: Path) -> None:
    request = asked(cast, "access")
    for attempt in (
        lambda: services.make_copy(request, by=cast.carmen, at=cast.now),
        lambda: services.read_copy(request, by=cast.carmen, at=cast.now),
        lambda: services.stop_contact(asked(cast, "opposition"), by=cast.carmen, at=cast.now),
        lambda: services.remove_data(asked(cast, "cancellation"), rules=rules(), by=cast.ignacio, at=cast.now, on=cast.today),
        lambda: services.answer_request(request, outcome="granted", answer="Aquí tiene sus datos.", by=cast.carmen, at=cast.now),
    ):
        with pytest.raises(IdentityFirst):
            attempt()


def test_the_copy_holds_all_that_is_kept_about_the_person_and_nothing_of_others(cast: Any, tmp_state: Path) -> None:
    authorise(cast, "maria", "call")
    action, permit = call(cast)
    close(cast, action, permit, "NC01", note="Ocupado")
    other, theirs = call(cast, "pedro")
    close(cast, other, theirs, "NC01", note="DE PEDRO")
    request = services.make_copy(known(cast, asked(cast, "portability")), by=cast.carmen, at=cast.now)
    assert not zipfile.is_zipfile(tmp_state / "files" / request.path)
    with zipfile.ZipFile(io.BytesIO(services.read_copy(request, by=cast.carmen, at=cast.now))) as archive:
        says = json.loads(archive.read("datos.json"))["datos"]
        everything = "\n".join(archive.read(name).decode() for name in archive.namelist())
    assert says["persona"][0]["national_id"] == "LOMM800101AB1"
    assert {point["value"] for point in says["medios"]} == {"+525512345678", "maria@correo.example"}
    assert says["gestiones"][0]["note"] == "Ocupado" and says["consentimientos"] and says["permisos"][0]["is_allowed"]
    assert "DE PEDRO" not in everything and str(cast.pedro.id) not in everything and "CTA-PEDRO" not in everything
    assert Event.objects.filter(name="list.exported", subject_id=cast.maria.id).exists()


def test_opposition_stops_contact_in_the_same_moment_and_takes_consents_back(cast: Any) -> None:
    authorise(cast, "maria", "call")
    request = services.stop_contact(known(cast, asked(cast, "opposition")), by=cast.carmen, at=cast.now)
    assert Hold.objects.get(id=request.hold_id).kind == "opt_out"
    assert not Consent.objects.filter(person=cast.maria, revoked_at=None).exists()
    with pytest.raises(ContactRefused) as caught:
        casework.clear(action=plan(cast), contact_point=point(cast, "maria"), at=cast.now, by=cast.ana)
    assert caught.value.rule == "HOUSE-HOLD"


def test_data_of_somebody_who_still_owes_are_kept_and_the_reasons_are_noted(cast: Any) -> None:
    request = known(cast, asked(cast, "cancellation"))
    keeps = services.remove_data(request, rules=rules(), by=cast.ignacio, at=cast.now, on=cast.today)
    assert any("sin cerrar" in one.reason_es for one in keeps)
    request.refresh_from_db()
    assert request.steps.filter(kind="kept").exists() and Person.objects.get(id=cast.maria.id).name == "María López Núñez"
    with pytest.raises(NotYet):
        services.answer_request(request, outcome="granted", answer="Se suprimieron sus datos.", by=cast.carmen, at=cast.now)
    done = services.answer_request(request, outcome="denied", answer="Mientras la cuenta siga abierta deben conservarse.", by=cast.carmen, at=cast.now)
    assert done.status == "refused"


def long_paid(cast: Any, who: str) -> None:
    """Everything of a person was closed five years ago, by the account and by when the record came in."""
    past = cast.now - timedelta(days=5 * 366)
    Account.objects.filter(id=cast.accounts[who].id).update(status="closed_paid", closed_on=past.date(), last_payment_on=past.date())
    Person.objects.filter(id=cast.people[who].id).update(created_at=past)


def test_cancellation_removes_the_data_once_nothing_keeps_them_by_a_second_person(cast: Any) -> None:
    long_paid(cast, "pedro")
    request = known(cast, asked(cast, "cancellation", "pedro"))
    with pytest.raises(NotYet):
        services.remove_data(request, rules=rules(), by=cast.carmen, at=cast.now, on=cast.today)
    assert services.remove_data(request, rules=rules(), by=cast.ignacio, at=cast.now, on=cast.today) == []
    person = Person.objects.get(id=cast.pedro.id)
    assert person.name == "(suprimido)" and person.national_id is None
    assert not ContactPoint.objects.filter(person=person).exclude(hint="").exists()
    proof = RemovalProof.objects.get()
    assert proof.basis == request.folio and proof.tables["portfolio.ContactPoint"] == 3
    answered = services.answer_request(request, outcome="granted", answer="Sus datos fueron suprimidos.", by=cast.carmen, at=cast.now)
    assert answered.status == "answered"


def test_a_machines_decision_is_reviewed_by_a_person_before_it_is_answered(cast: Any) -> None:
    request = known(cast, asked(cast, "human_review"))
    with pytest.raises(NotYet):
        services.answer_request(request, outcome="granted", answer="Se revisó su caso.", by=cast.carmen, at=cast.now)
    services.add_step(request, kind="reviewed", text="Se cambia el trato a una visita menos.", by=cast.gabriel, at=cast.now)
    assert services.answer_request(request, outcome="granted", answer="Se revisó su caso.", by=cast.carmen, at=cast.now).outcome == "granted"
    with pytest.raises(RequestClosed):
        services.add_step(request, kind="note", text="Tarde", by=cast.carmen, at=cast.now)


def test_bad_requests_are_refused(cast: Any) -> None:
    for wrong in ({"kind": "otro"}, {"channel": "señales"}, {"received_on": cast.today + timedelta(days=1)}):
        with pytest.raises(BadRequest):
            asked(cast, **{"kind": "access", **wrong})


def test_late_and_nearly_late_requests_are_counted_and_come_first(cast: Any) -> None:
    asked(cast, "access")
    late = asked(cast, "access", "pedro", received_on=cast.today - timedelta(days=10))
    counts = queries.request_counts(on=cast.today)
    assert (counts.open, counts.late) == (2, 1)
    assert queries.requests()[0].id == late.id
    assert list(queries.requests(late_on=cast.today)) == [late]
