"""Carmen reads the dashboard: every number is counted right, links to its rows, and costs the same with more rows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from tests.contexts.compliance.test_audits import ZONE, contact, permit, programme, started, without_permit
from tests.contexts.compliance.test_complaints import opened
from tests.contexts.law.test_law_pages import as_user

from recaudo.casework.models import Action, Case, Hold
from recaudo.compliance.models import AuditFinding, AuditProgramme, AuditRun
from recaudo.compliance.queries import board as queries
from recaudo.journal.models import Event
from recaudo.law.queries import rules
from recaudo.portfolio import services as portfolio


def seen(cast: Any) -> queries.Board:
    return queries.board(rules(), on=cast.today, at=cast.now, zone=ZONE)


def refused(cast: Any, *, days: float, rule: str = "MX-HOURS", **more: Any) -> Action:
    row = contact(cast, hours=24 * days, allow=False, status="refused", is_attempt=False, occurred_at=None, **more)
    permit(row, row.created_at, is_allowed=False, valid_until=None, rule=rule)
    return row


def case(cast: Any, who: str) -> None:
    Case.objects.create(person=cast.people[who], opened_at=cast.now, created_at=cast.now)


def test_refusals_are_summed_by_rule_and_week(cast: Any) -> None:
    for days in (1, 2, 9, 20):
        refused(cast, days=days)
    refused(cast, days=40)
    Event.objects.create(name="day.finished", detail={"counts": {"refused_by_rule": {"MX-HOURS": 12, "HOUSE-CAP": 3}}}, created_at=cast.now - timedelta(days=1))
    found = {line.rule: line for line in seen(cast).refusals}
    assert (found["MX-HOURS"].week, found["MX-HOURS"].week_before, found["MX-HOURS"].month, found["MX-HOURS"].planned) == (2, 1, 4, 12)
    assert (found["HOUSE-CAP"].month, found["HOUSE-CAP"].planned) == (0, 3)
    assert len(queries.permits("negados", at=cast.now, rule="MX-HOURS")) == 2 and len(queries.permits("negados", at=cast.now, days=30)) == 4


def test_near_misses_are_told_apart(cast: Any) -> None:
    refused(cast, days=1, run_id=cast.tenant.id)  # planned by a day, refused when it was about to go out
    refused(cast, days=1, rule="HOUSE-HOLD")  # somebody pressed a button: no plan came to nothing
    contact(cast, "pedro", status="expired", is_attempt=False)
    edge = contact(cast, "lucia", allow=False)
    permit(edge, edge.occurred_at, valid_until=edge.occurred_at + timedelta(minutes=2))
    contact(cast)
    near = seen(cast).near
    assert (near.at_sending, near.unused, near.on_the_edge, near.asked) == (1, 1, 1, 5)
    assert [len(queries.permits(one, at=cast.now)) for one in ("al-enviar", "sin-usar", "al-filo")] == [1, 1, 1]


def test_headroom_is_what_law_and_house_leave_together(cast: Any) -> None:
    for who in ("maria", "pedro", "lucia"):
        case(cast, who)
    for days in (1, 2, 3, 4, 5):
        contact(cast, hours=24 * days)
    contact(cast, "pedro", hours=30)  # Chile: one call and two messages a week; the call is spent
    contact(cast, "lucia", hours=24 * 9)  # last week does not count
    found = {one.country: one for one in seen(cast).headroom}
    assert found["MX"].left == (1, 0, 0, 0, 0, 1) and found["MX"].persons == 2
    assert found["CL"].left == (0, 0, 1, 0, 0, 0) and {"CL-FREQ-CALL-VISIT", "CL-FREQ-MSG"} <= {rule for rule, _, _ in found["CL"].limits}
    rows = queries.without_headroom(rules(), on=cast.today, zone=ZONE, country="MX", left=0)
    assert [one.account for one in rows] == ["CTA-MARIA"]


def test_answers_to_a_person_spend_no_headroom(cast: Any) -> None:
    case(cast, "maria")
    for days in (1, 2, 3):
        contact(cast, hours=24 * days, purpose="reply_to_debtor")
    assert seen(cast).headroom[0].left[-1] == 1


def test_what_is_open_and_late_is_counted(cast: Any) -> None:
    opened(cast, received_on=cast.today - timedelta(days=40))
    Hold.objects.create(person=cast.maria, kind="legal", reason="x", from_at=cast.now - timedelta(days=1), created_at=cast.now)
    Hold.objects.create(person=cast.pedro, kind="legal", reason="x", from_at=cast.now - timedelta(days=2), until_at=cast.now - timedelta(days=1), created_at=cast.now)
    without_permit(cast)
    started(cast)
    AuditFinding.objects.update(responsible_id=cast.gabriel.id, correction="Cambiar el proceso", due_on=cast.today - timedelta(days=1), status="planned")
    found = seen(cast).standing
    assert (found.complaints, found.complaints_late, found.holds, found.findings, found.findings_late, found.audits_due) == (1, 1, 1, 1, 1, 1)
    assert len(queries.holds(at=cast.now)) == 1


def test_the_dashboard_costs_the_same_with_more_rows(cast: Any) -> None:
    def cost() -> int:
        law = rules()
        with CaptureQueriesContext(connection) as asked:
            queries.board(law, on=cast.today, at=cast.now, zone=ZONE)
        return len(asked)

    before = cost()
    for who in ("maria", "pedro", "lucia"):
        case(cast, who)
        refused(cast, days=1, rule=f"R-{who}")
        contact(cast, who)
    without_permit(cast)
    started(cast)
    assert before == cost() <= 12


@pytest.fixture
def carmen(cast: Any, tmp_state: Any) -> Client:
    client = Client()
    client.force_login(cast.carmen, backend="recaudo.workforce.backends.StaffBackend")
    return client


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_every_number_of_the_page_leads_to_a_list(cast: Any, carmen: Client) -> None:
    case(cast, "maria")
    contact(cast)
    page = carmen.get("/cumplimiento/")
    assert page.status_code == 200 and "Tablero de cumplimiento" in text_of(page)
    for kind in ("pedidos", "negados", "al-enviar", "sin-usar", "al-filo", "suspensiones", "margen"):
        answer = carmen.get(f"/cumplimiento/tablero/{kind}/", {"pais": "MX", "quedan": "9" * 40, "regla": "'; --", "dias": "x"})
        assert answer.status_code == 200
    assert carmen.get("/cumplimiento/tablero/otra/").status_code == 404
    assert "CTA-MARIA" in text_of(carmen.get("/cumplimiento/tablero/margen/", {"pais": "MX", "quedan": "4"}))


def test_an_audit_goes_its_way_on_the_pages(cast: Any, carmen: Client) -> None:
    without_permit(cast)
    row = programme(cast, controls=["contact_without_permit"])
    given = {"desde": (cast.today - timedelta(days=7)).isoformat(), "hasta": cast.today.isoformat(), "semilla": "5"}
    page = carmen.post(f"/cumplimiento/auditorias/programas/{row.id}/auditar/", given, follow=True)
    assert "Contacto sin permiso concedido" in text_of(page) and "Volver a sortear" in text_of(page)
    run, found = AuditRun.objects.get(), AuditFinding.objects.get()
    assert run.seed == 5
    assert "sale la misma muestra" in text_of(carmen.get(f"/cumplimiento/auditorias/{run.id}/", {"sorteo": "otra-vez"}))
    carmen.post(f"/cumplimiento/auditorias/{run.id}/responder/", {"number": 1, "result": "pass"})
    path = f"/cumplimiento/auditorias/hallazgos/{found.id}/"
    carmen.post(f"{path}corregir/", {"correction": "Cambiar el proceso", "responsible": str(cast.carmen.id), "due_on": (cast.today + timedelta(days=900)).isoformat()})
    assert "la cierra otra persona" in text_of(carmen.get(path))
    carmen.post(f"{path}cerrar/", {"proof": "Se ve en la bitácora"})
    found.refresh_from_db()
    assert found.status == "planned"
    carmen.post(f"/cumplimiento/auditorias/{run.id}/cerrar/", {"conclusion": "Todo tiene responsable"})
    run.refresh_from_db()
    assert run.status == "closed"


def test_an_audit_is_printed_and_its_findings_exported(cast: Any) -> None:
    without_permit(cast)
    run = started(cast)
    client = Client()
    client.force_login(cast.gabriel, backend="recaudo.workforce.backends.StaffBackend")
    document = client.post(f"/cumplimiento/auditorias/{run.id}/informe/")
    assert document.content.startswith(b"%PDF-")
    listed = b"".join(client.post("/cumplimiento/auditorias/hallazgos/exportar/", {"formato": "csv"}).streaming_content).decode()
    assert "Contacto sin permiso concedido" in listed and "contact_without_permit" in listed


@pytest.mark.parametrize("wrong", [{"name": ""}, {"sample_size": "0"}, {"controls": "x"}, {"responsible": "x"}, {"next_on": "ayer"}, {"next_on": "0001-01-01"}, {"country": "M"}])
def test_a_programme_filled_in_wrongly_is_shown_again(cast: Any, carmen: Client, wrong: dict[str, str]) -> None:
    given = {"name": "N", "purpose": "P", "subject": "action", "sample_size": "5", "period": "weekly", "next_on": cast.today.isoformat(),
             "responsible": str(cast.carmen.id), "controls": "complaint_late", **wrong}  # fmt: skip
    assert carmen.post("/cumplimiento/auditorias/programas/nuevo/", given).status_code == 200
    assert not AuditProgramme.objects.exists()


def test_days_at_the_ends_of_the_calendar_are_refused_in_words(cast: Any, carmen: Client) -> None:
    row = programme(cast)
    for first, last, said in (("0001-01-01", "0001-01-03", "demasiado antiguo"), ("9999-12-30", "9999-12-31", "demasiado lejos")):
        page = carmen.post(f"/cumplimiento/auditorias/programas/{row.id}/auditar/", {"desde": first, "hasta": last})
        assert page.status_code == 200 and said in text_of(page)
    assert not AuditRun.objects.exists()


def test_the_board_names_who_silences_numbers_that_they_added(cast: Any) -> None:
    added = portfolio.save_contact_point(person=cast.maria, kind="phone", value="+525587654321", source="third_party", country="MX", by=cast.nadia, at=timezone.now())
    portfolio.set_contact_point_status(added, status="wrong_party", by=cast.nadia, at=timezone.now(), reason="no es")
    page = as_user(cast.carmen).get(reverse("compliance:board")).content.decode()
    assert "Cuarentenas fuera de lo común" in page and "Nadia Cruz: lo agregó y lo puso en cuarentena" in page
