"""Exceptional events: decided by two people, accounts marked with proof or on their word for a time, and what the day knows of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from tests.cast import NOW, TODAY, make_cast
from tests.contexts.desk.test_pages import address, enter, now  # noqa: F401 the pages' clock

from recaudo.flow.queries import facts as read
from recaudo.journal.models import Event
from recaudo.kernel.problems import Problem
from recaudo.portfolio import queries
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import EventMark, ExceptionalEvent, Person, Placement
from recaudo.store import tenancy

TYPED = {
    "name": "Inundaciones", "kind": "catastrophe", "declared_by": "Decreto 12", "country": "MX", "from_on": TODAY - timedelta(days=5), "until_on": None, "claim_days": 10,
}  # fmt: skip


def flood(cast: Any, **other: Any) -> ExceptionalEvent:
    event = portfolio.propose_event(by=cast.elena, at=NOW, **{**TYPED, **other})
    return portfolio.approve_event(event, by=cast.gabriel, at=NOW)


def mark(cast: Any, event: ExceptionalEvent, kind: str = "claimed", evidence: str = "", who: str = "maria", at: Any = NOW) -> EventMark:
    return portfolio.mark_affected(event, account=cast.accounts[who], evidence_kind=kind, evidence=evidence, by=cast.ana, at=at)


def known(cast: Any, tmp_path: Path, on: Any) -> dict[str, tuple[bool, str | None]]:
    """affected_by_event and event_evidence of every account, as a day reads them."""
    with read.workspace(tmp_path) as db, tenancy.acting(cast.tenant.id):
        read.gather(db, tenant=str(cast.tenant.id), on=on, at=NOW + (on - TODAY), usd_rates={})
        return {row[0]: row[1:] for row in read.run(db, "SELECT account_id::text, affected_by_event, event_evidence FROM facts")}


def test_who_proposed_cannot_approve_and_the_database_holds_it(cast: Any) -> None:
    event = portfolio.propose_event(by=cast.gabriel, at=NOW, **TYPED)
    with pytest.raises(Problem, match="otra persona"):
        portfolio.approve_event(event, by=cast.gabriel, at=NOW)
    with pytest.raises(IntegrityError, match="exceptional_two_people"), transaction.atomic():
        ExceptionalEvent.objects.filter(id=event.id).update(is_approved=True, decided_by_id=cast.gabriel.id, decided_at=NOW)
    with pytest.raises(Problem, match="no está aprobado"):
        mark(cast, event)


def test_a_word_without_proof_runs_out_and_cannot_be_said_again(cast: Any) -> None:
    event = flood(cast)
    made = mark(cast, event)
    assert made.expires_on == TODAY + timedelta(days=10)
    with pytest.raises(Problem, match="hace falta una prueba"):
        mark(cast, event, at=NOW + timedelta(days=11))
    with pytest.raises(Problem, match="dónde está la prueba"):
        mark(cast, event, "document", "x")
    proved = mark(cast, event, "document", "Acta 118", at=NOW + timedelta(days=11))
    assert proved.id == made.id and proved.expires_on is None
    assert list(Event.objects.filter(name__startswith="event_mark.").order_by("created_at").values_list("name", flat=True)) == ["event_mark.added", "event_mark.proved"]


def test_proof_is_not_taken_back_without_a_reason_and_then_needs_proof_again(cast: Any) -> None:
    event = flood(cast)
    made = mark(cast, event, "visit", "Visita 77")
    with pytest.raises(Problem, match="motivo"):
        portfolio.withdraw_mark(made, reason=" ", by=cast.sofia, at=NOW)
    portfolio.withdraw_mark(made, reason="Era la casa de al lado", by=cast.sofia, at=NOW)
    with pytest.raises(Problem, match="hace falta una prueba"):
        mark(cast, event)


def test_an_event_reaches_only_its_place_and_its_days(cast: Any) -> None:
    event = flood(cast)
    with pytest.raises(Problem, match="no alcanza"):
        mark(cast, event, who="pedro")
    elsewhere = flood(cast, subdivision="zzz")
    with pytest.raises(Problem, match="no alcanza"):
        mark(cast, elsewhere)
    Person.objects.filter(id=cast.maria.id).update(subdivision="TAB")
    assert mark(cast, flood(cast, subdivision="tab")).account_id == cast.accounts["maria"].id
    ended = portfolio.end_event(event, on=TODAY - timedelta(days=1), by=cast.gabriel, at=NOW)
    with pytest.raises(Problem, match="terminó"):
        mark(cast, ended)


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ({"until_on": TODAY - timedelta(days=9)}, "termina antes"), ({"claim_days": 0}, "1 a 365"), ({"declared_by": " "}, "quién lo declaró"),
        ({"country": "", "subdivision": "TAB"}, "elija el país"),
    ],
)  # fmt: skip
def test_an_event_without_what_makes_it_one_is_refused(cast: Any, bad: dict[str, Any], told: str) -> None:
    with pytest.raises(Problem, match=told):
        portfolio.propose_event(by=cast.elena, at=NOW, **{**TYPED, **bad})
    assert not ExceptionalEvent.objects.exists()


def test_a_list_marks_the_good_lines_and_says_what_is_wrong_with_the_others(cast: Any) -> None:
    event, number = flood(cast), cast.accounts["maria"].number
    text = f"{number};Documento;Acta 118\n\n{number};Documento;Acta 118\nNO-HAY;Documento;Acta 1\n{cast.accounts['pedro'].number};Documento;Acta 2"
    listed = portfolio.mark_listed(event, text=text, by=cast.raul, at=NOW)
    assert listed.marked == 1 and [place for place, _, _ in listed.refused] == [3, 4, 5]
    assert "dos veces" in listed.refused[0][2] and "no hay una cuenta" in listed.refused[1][2]
    again = portfolio.mark_listed(event, text=f"{number};cosa;Acta", by=cast.raul, at=NOW)
    assert again.marked == 0 and "ya está marcada" in again.refused[0][2]


def test_the_affected_stand_beside_the_rest(cast: Any) -> None:
    event = flood(cast)
    mark(cast, event, "document", "Acta 118")
    groups = {one.group: one for one in queries.event_groups(event, on=TODAY)}
    assert groups["proved"].account_count == 1 and groups["proved"].overdue_minor == cast.accounts["maria"].overdue_minor
    assert "claimed" not in groups


def test_the_day_knows_who_is_affected_until_the_word_runs_out(own_database: Any, tmp_path: Path) -> None:
    cast = make_cast()
    key, other = str(cast.accounts["maria"].id), str(cast.accounts["pedro"].id)
    with tenancy.acting(cast.tenant.id):
        event = flood(cast)
        mark(cast, event)
    day = known(cast, tmp_path / "a", TODAY)
    assert day[key] == (True, "claimed") and day[other] == (False, None)
    assert known(cast, tmp_path / "b", TODAY + timedelta(days=9))[key] == (True, "claimed")
    assert known(cast, tmp_path / "c", TODAY + timedelta(days=10))[key] == (False, None)
    with tenancy.acting(cast.tenant.id):
        mark(cast, event, "document", "Acta 118")
    assert known(cast, tmp_path / "d", TODAY + timedelta(days=10))[key] == (True, "document")
    with tenancy.acting(cast.tenant.id):
        portfolio.end_event(event, on=TODAY + timedelta(days=10), by=cast.gabriel, at=NOW)
    assert known(cast, tmp_path / "e", TODAY + timedelta(days=11))[key] == (False, None)


def test_the_screens_propose_approve_mark_and_withdraw(cast: Any, client: Client) -> None:
    typed = {name: str(value) for name, value in TYPED.items() if value is not None}
    enter(client, cast.elena)
    assert client.post("/sucesos/nuevo/", {**typed, "subdivision": "MX-TAB"}).status_code == 422
    assert client.post("/sucesos/nuevo/", typed).status_code == 302
    event = ExceptionalEvent.objects.get()
    assert client.post(f"/sucesos/{event.id}/aprobar/").status_code == 403
    enter(client, cast.gabriel).post(f"/sucesos/{event.id}/aprobar/")
    assert "Vigente" in client.get("/sucesos/").content.decode()
    enter(client, cast.ana)
    part = address(cast, "maria", "sucesos/")
    assert "sigue en su tratamiento de siempre" in client.get(part).content.decode()
    weak = client.post(part, {"event": event.id, "evidence_kind": "document", "evidence": ""}).content.decode()
    assert "dónde está la prueba" in weak and not EventMark.objects.exists()
    assert "Sin prueba" in client.post(part, {"event": event.id, "evidence_kind": "claimed"}).content.decode()
    made = EventMark.objects.get()
    assert client.post(f"{part}{made.id}/retirar/", {"reason": "No"}).status_code == 403
    enter(client, cast.sofia)
    assert "Retirada" in client.post(f"{part}{made.id}/retirar/", {"reason": "Se equivocó de cuenta"}).content.decode()
    enter(client, cast.gabriel)
    page = client.post(f"/sucesos/{event.id}/lista/", {"lines": "NO-HAY;Documento;Acta 1"}).content.decode()
    assert "Renglón 1" in page
    assert "El resto" in client.get(f"/sucesos/{event.id}/comparacion/").content.decode()


def test_an_agency_sees_marks_of_what_is_placed_with_it_only(cast: Any) -> None:
    event = flood(cast)
    mark(cast, event)
    agency = next(iter(cast.agencies.values()))
    Placement.objects.filter(account=cast.accounts["maria"]).delete()
    with tenancy.acting(cast.tenant.id, agency.id):
        assert not EventMark.objects.exists()
    Placement.objects.create(account=cast.accounts["maria"], agency=agency, from_on=TODAY, status="active", created_at=NOW)
    with tenancy.acting(cast.tenant.id, agency.id):
        assert EventMark.objects.count() == 1
