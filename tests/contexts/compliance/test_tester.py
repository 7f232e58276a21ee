"""Carmen tries a permit for a real person: the gate's own answer, every rule, and the history on a calendar; nothing is left behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.contexts.casework.scenes import authorise, call, close, plan, point
from tests.contexts.law.test_law_pages import as_user

from recaudo.casework import queries as casework_queries
from recaudo.casework import services as casework
from recaudo.casework.models import Action, Hold, PermitRecord
from recaudo.casework.services import ContactRefused
from recaudo.compliance.queries import tester as queries
from recaudo.engine import comply
from recaudo.journal.models import Event
from recaudo.kernel.contact import Channel, Purpose
from recaudo.law.queries import rules
from recaudo.portfolio.models import Person

ZONE = "America/Mexico_City"
NIGHT = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)  # 23:00 in Mexico City


@pytest.fixture
def carmen(cast: Any, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr("django.utils.timezone.now", lambda: cast.now)
    return as_user(cast.carmen)


def ask(client: Client, who: Any, **given: str) -> Any:
    return client.get(f"/cumplimiento/probador/{who.id}/", given)


def known(cast: Any, who: str) -> queries.Known:
    found = queries.known(cast.people[who], at=cast.now, clock=ZONE)
    assert found is not None
    return found


def busy_past(cast: Any) -> None:
    """María: a call that was answered, a refusal, an inbound call, a hold that ended."""
    action, permit = call(cast)
    close(cast, action, permit, "NC01")
    with pytest.raises(ContactRefused):
        casework.clear(action=plan(cast), contact_point=point(cast, "maria"), at=cast.now + timedelta(minutes=5), by=cast.ana)
    Action.objects.create(
        created_at=cast.now, person_id=cast.maria.id, channel="call", direction="in", status="done", occurred_at=cast.now - timedelta(days=2), disposition="RP04"
    )
    Hold.objects.create(
        person=cast.maria, kind="dispute", reason="x", from_at=cast.now - timedelta(days=6), released_at=cast.now - timedelta(days=5), created_at=cast.now
    )  # fmt: skip


def test_a_question_leaves_nothing_but_the_line_that_somebody_looked(cast: Any, carmen: Client) -> None:
    before = (PermitRecord.objects.count(), Action.objects.count())
    page = ask(carmen, cast.maria)
    assert page.status_code == 200 and "Permitido" in page.content.decode()
    assert (PermitRecord.objects.count(), Action.objects.count()) == before
    event = Event.objects.get(name="person.viewed")
    assert (event.by_id, event.subject_id, event.detail) == (cast.carmen.id, cast.maria.id, {"page": "tester"})


@pytest.mark.parametrize("who", ["maria", "pedro", "lucia", "esquina"])
@pytest.mark.parametrize("at", [None, NIGHT])
def test_it_says_what_the_gate_says_and_names_a_rule_exactly_when_it_refuses(cast: Any, who: str, at: datetime | None) -> None:
    busy_past(cast)
    one, at = known(cast, who), at or cast.now + timedelta(minutes=10)
    account = one.accounts[0] if one.accounts else None
    for channel in Channel:
        for purpose in (Purpose.COLLECTION, Purpose.REMINDER, Purpose.RECEIPT):
            for mine in (None, *one.points):
                question = queries.asked(one, channel=channel, purpose=purpose, account=account, point=mine)
                truth = casework.verdict_for(
                    person_id=one.person.id, account_id=account.id if account else None, creditor_id=account.creditor_id if account else None, channel=channel,
                    contact_point=mine, at=at, purpose=purpose, role=question.role, find_next=False,
                )  # fmt: skip
                grounds = casework.grounds(one.dossier, question, at=at, rules=rules())
                assert truth.allowed == (not grounds) and truth.rule == (grounds[0].rule if grounds else "")
                assert all(ground.citation and ground.reason_es for ground in grounds)


def test_every_rule_is_named_with_its_source_and_what_would_cure_it(cast: Any, carmen: Client) -> None:
    Hold.objects.create(person=cast.maria, kind="dispute", reason="x", from_at=cast.now - timedelta(days=1), created_at=cast.now)
    text = ask(carmen, cast.maria, dia="2026-11-24", hora="23:30").content.decode()
    assert "No permitido" in text and "HOUSE-HOLD" in text and "MX-HOURS" in text
    assert "Resuelva o libere la suspensión." in text and "Programe el contacto dentro del horario permitido." in text


def test_the_calendar_tells_contacts_refusals_inbound_holds_and_holidays_on_the_persons_clock(cast: Any, carmen: Client) -> None:
    busy_past(cast)
    one = known(cast, "maria")
    question = queries.asked(one, channel="call", purpose="collection", account=one.accounts[0], point=point(cast, "maria"))
    first, last = cast.today.replace(day=1), cast.today.replace(day=30)
    cells = {cell.on: cell for cell in queries.calendar(one, question, first=first, last=last, inside=(first, last), rules=rules())}
    today, inbound, held = cells[cast.today], cells[cast.today - timedelta(days=2)], cells[cast.today - timedelta(days=6)]
    assert {(mark.kind, mark.channel, mark.count) for mark in today.marks} == {("out", "call", 1), ("refused", "call", 1)}
    assert [mark.kind for mark in inbound.marks] == ["in"] and held.holds == ("Aclaración",) and not today.holds
    assert cells[cast.today.replace(day=16)].is_holiday, "the Revolution is kept on the third Monday"
    assert today.hours and all(0 <= start < end <= 1440 for start, end in today.hours)
    text = ask(carmen, cast.maria).content.decode()
    assert "Aclaración" in text and "Negado" in text and "Entrante" in text
    week = ask(carmen, cast.maria, vista="semana", desde="2026-11-10").content.decode()
    assert "Semana del" in week and week.count("month-day") == 7


def test_headroom_counts_as_the_limits_do(cast: Any) -> None:
    """Of each limit of the law and of the house: none left exactly when the engine refuses by it."""
    action, permit = call(cast)
    close(cast, action, permit, "NC01")
    one = known(cast, "maria")
    question = queries.asked(one, channel="call", purpose="collection", account=one.accounts[0], point=point(cast, "maria"))
    at = cast.now + timedelta(hours=1)
    rooms = casework.headroom(one.dossier, question, at=at, rules=rules())
    assert {(room.rule.id, room.days, room.most, room.used, room.left) for room in rooms} >= {("HOUSE-CAP", 1, 1, 1, 0), ("HOUSE-CAP", 7, 5, 1, 4)}
    assert casework.grounds(one.dossier, question, at=at, rules=rules())[0].rule == "HOUSE-CAP"
    receipt = replace(question, purpose="receipt")
    assert not [room for room in casework.headroom(one.dossier, receipt, at=at, rules=rules()) if room.rule.id == "HOUSE-CAP"]


def test_headroom_of_a_weekly_limit_agrees_with_the_verdict() -> None:
    pack = comply.lawbook().pack("CL")
    debtor = comply.Debtor(zones=("America/Santiago",))
    at = datetime(2026, 11, 26, 15, 0, tzinfo=UTC)
    past: list[comply.PastContact] = []
    for count in range(4):
        proposed = comply.Proposed(at=at, channel="call", purpose="collection", person="debtor", debts=("D",), creditor="A", collector="K", content_checked=False)
        verdict = comply.permit_verdict(pack, debtor, past, proposed, find_next=False)
        full = {room.rule.id for room in comply.rooms(pack, debtor, past, proposed, ()) if room.left == 0 and "call" in room.channels}
        assert full == {rule for rule in verdict.all_rule_ids if pack.rule(rule).type == "frequency"}, count
        past.append(comply.PastContact(at=at - timedelta(hours=count + 1), channel="call", outcome="conversation", purpose="collection", debts=("D",), creditor="A", collector="K"))


def test_a_past_moment_is_not_answered_with_what_came_after(cast: Any, carmen: Client) -> None:
    action, permit = call(cast)
    close(cast, action, permit, "NC01")
    later, earlier = (
        ask(carmen, cast.maria, dia=f"{there.date()}", hora=f"{there:%H:%M}").content.decode()
        for there in ((cast.now + timedelta(minutes=minutes)).astimezone(ZoneInfo(ZONE)) for minutes in (20, -20))
    )
    assert "Tope de la casa" in later and "No permitido" in later
    assert "No permitido" not in earlier and "momento pasado" in earlier


@pytest.mark.parametrize(
    ("given", "said"),
    [({"dia": "2020-01-01"}, "Elija un día entre"), ({"dia": "no"}, "fecha válida"), ({"hora": "25:99"}, "hora válida"), ({"canal": "humo"}, "humo"), ({"cuenta": "otra"}, "otra")],
)
def test_a_question_that_cannot_be_asked_says_what_to_mend(cast: Any, carmen: Client, given: dict[str, str], said: str) -> None:
    page = ask(carmen, cast.maria, **given)
    assert page.status_code == 422 and said in page.content.decode() and "La pregunta no está completa" in page.content.decode()


def test_persons_are_found_without_accents_and_by_number(cast: Any, carmen: Client) -> None:
    Person.objects.filter(id=cast.maria.id).update(name="María Ñúñez", search_name="maria nunez")
    for text in ("MARIA nunez", "maría ñúñez", cast.accounts["maria"].number):
        assert "María Ñúñez" in carmen.get("/cumplimiento/probador/", {"q": text}).content.decode(), text
    assert "No hay nadie con ese dato" in carmen.get("/cumplimiento/probador/", {"q": "zzzzzz"}).content.decode()


def test_only_who_watches_over_the_law_and_may_see_persons_tries(cast: Any, carmen: Client) -> None:
    for path in ("/cumplimiento/probador/", f"/cumplimiento/probador/{cast.maria.id}/"):
        assert as_user(cast.ana).get(path).status_code == 403 and carmen.get(path).status_code == 200
    assert ask(carmen, cast.users["victor"]).status_code == 404
    link = f"/cumplimiento/probador/{cast.maria.id}/"
    assert link in carmen.get(f"/cuentas/{cast.accounts['maria'].id}/").content.decode()
    assert link not in as_user(cast.ana).get(f"/cuentas/{cast.accounts['maria'].id}/").content.decode()


def test_a_long_past_costs_no_more_queries(cast: Any, carmen: Client) -> None:
    authorise(cast, "maria", "call")
    ask(carmen, cast.maria)
    with CaptureQueriesContext(connection) as few:
        ask(carmen, cast.maria)
    for n in range(30):
        Action.objects.create(
            created_at=cast.now, person_id=cast.maria.id, channel="sms", status="done", is_attempt=True, occurred_at=cast.now - timedelta(days=n, hours=1), disposition="NC01"
        )
    with CaptureQueriesContext(connection) as many:
        page = ask(carmen, cast.maria)
    assert page.status_code == 200 and len(many) == len(few)
    assert sum(mark.count for cell, _ in page.context["cells"] for mark in cell.marks) >= 20
    assert len(casework_queries.contacts_between(cast.maria.id, since=cast.now - timedelta(days=40), until=cast.now)) == 30
