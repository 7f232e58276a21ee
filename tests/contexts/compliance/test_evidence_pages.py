"""Carmen works her desk: requests, complaints, evidence and retention, on their pages."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.cast import TODAY
from tests.contexts.compliance.test_retention import close_long_ago

from recaudo.compliance import tasks, views
from recaudo.compliance.models import Complaint, EvidenceFile, RemovalProof, RetentionRun, RetentionTerm, RightsRequest
from recaudo.journal.models import Event
from recaudo.portfolio.models import Person
from recaudo.store import tenancy


def as_user(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="recaudo.workforce.backends.StaffBackend")
    return client


@pytest.fixture
def carmen(cast: Any, tmp_state: Path) -> Client:
    return as_user(cast.carmen)


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_a_file_is_taken_out_by_account_number_downloaded_and_destroyed(cast: Any, carmen: Client) -> None:
    page = carmen.post("/cumplimiento/expedientes/", {"person": "cta-maria", "reason": "Oficio 12", "recipient": "SAT"}, follow=True)
    assert "El expediente está listo" in text_of(page)
    made = EvidenceFile.objects.get()
    assert made.person_id == cast.maria.id and made.is_masked
    answer = carmen.post(f"/cumplimiento/expedientes/{made.id}/descargar/")
    assert "verify.py" in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    carmen.post(f"/cumplimiento/expedientes/{made.id}/destruir/")
    made.refresh_from_db()
    assert made.status == "removed"
    assert carmen.post(f"/cumplimiento/expedientes/{made.id}/descargar/").status_code == 409


@pytest.mark.parametrize("given", [{"person": "NO-EXISTE", "reason": "Oficio 12"}, {"person": "CTA-MARIA", "reason": ""}, {"person": "\x00", "reason": "Oficio"}])
def test_a_file_without_a_person_or_a_reason_is_not_made(carmen: Client, given: dict[str, str]) -> None:
    assert carmen.post("/cumplimiento/expedientes/", given).status_code == 200
    assert not EvidenceFile.objects.exists()


def test_a_request_goes_its_way_from_the_letter_to_the_answer(cast: Any, carmen: Client) -> None:
    page = carmen.post(
        "/cumplimiento/solicitudes/nueva/",
        {"person": "CTA-MARIA", "kind": "access", "channel": "letter", "received_on": TODAY.isoformat(), "text": "Mis datos"}, follow=True,
    )  # fmt: skip
    one = RightsRequest.objects.get()
    assert one.folio in text_of(page) and "MX-ARCO" in text_of(page)
    address = f"/cumplimiento/solicitudes/{one.id}/"
    refused = carmen.post(f"{address}paso/copia/", follow=True)
    assert "Compruebe primero la identidad" in text_of(refused)
    carmen.post(f"{address}paso/asignar/", {"to": str(cast.carmen.id)})
    carmen.post(f"{address}paso/identidad/", {"method": "notary"})
    carmen.post(f"{address}paso/copia/")
    copy = carmen.post(f"{address}copia.zip")
    assert copy["Content-Type"] == "application/zip" and "datos.json" in zipfile.ZipFile(io.BytesIO(copy.content)).namelist()
    done = carmen.post(f"{address}paso/responder/", {"outcome": "granted", "text": "Le entregamos la copia de sus datos."}, follow=True)
    assert "Procede" in text_of(done)
    one.refresh_from_db()
    assert one.status == "answered" and one.steps.count() == 6
    assert "ya terminó" in text_of(carmen.post(f"{address}paso/nota/", {"text": "x"}, follow=True))


def test_a_cancellation_that_cannot_be_done_says_why_on_the_page(cast: Any, carmen: Client) -> None:
    carmen.post("/cumplimiento/solicitudes/nueva/", {"person": "CTA-MARIA", "kind": "cancellation", "channel": "email", "received_on": TODAY.isoformat()})
    one = RightsRequest.objects.get()
    carmen.post(f"/cumplimiento/solicitudes/{one.id}/paso/identidad/", {"method": "id_document"})
    page = as_user(cast.ignacio).post(f"/cumplimiento/solicitudes/{one.id}/suprimir/", follow=True)
    assert "No pueden suprimirse todavía" in text_of(page) and "sin cerrar" in text_of(page)
    assert Person.objects.get(id=cast.maria.id).name == "María López Núñez"


def test_a_complaint_is_registered_investigated_answered_and_listed(cast: Any, carmen: Client) -> None:
    given = {"person": "CTA-PEDRO", "cause": "threat", "lodged": "sernac", "outside_folio": "R1", "channel": "authority", "received_on": TODAY.isoformat(),
             "about": "agent", "text": "Me gritaron", "stop_contact": "on"}  # fmt: skip
    page = carmen.post("/cumplimiento/quejas/nueva/", given, follow=True)
    row = Complaint.objects.get()
    assert "CL-COMPLAINT-SERNAC" in text_of(page) and "atiéndala primero" in text_of(page)
    assert row.account_id == cast.accounts["pedro"].id and row.hold_id
    address = f"/cumplimiento/quejas/{row.id}/"
    carmen.post(f"{address}investigar/", {"to": str(cast.carmen.id), "cause": "threat", "about": "agent", "user": str(cast.ana.id)})
    wrong = carmen.post(f"{address}responder/", {"result": "founded", "answer": "Le pedimos disculpas.", "measure": ""})
    assert "una queja fundada pide una medida" in text_of(wrong)
    carmen.post(f"{address}responder/", {"result": "founded", "answer": "Le pedimos disculpas.", "measure": "Se capacita"})
    row.refresh_from_db()
    assert (row.status, row.user_id) == ("answered", cast.ana.id)
    exported = carmen.post("/cumplimiento/quejas/exportar/", {"formato": "csv"})
    rows = list(csv.DictReader(io.StringIO(b"".join(exported.streaming_content).decode("utf-8-sig"))))
    assert rows[0]["folio"] == row.folio and "Pedro" not in str(rows)
    assert Event.objects.get(name="list.exported").detail["list"] == "complaints"


def test_late_ones_are_found_by_the_filter(cast: Any, carmen: Client) -> None:
    carmen.post("/cumplimiento/quejas/nueva/", {"person": "CTA-MARIA", "cause": "hours", "lodged": "house", "channel": "email", "received_on": "2026-01-15", "about": "other"})
    assert "vencida hace" in text_of(carmen.get("/cumplimiento/quejas/?estado=late"))
    assert carmen.get("/cumplimiento/quejas/?estado=answered").context["page"].paginator.count == 0
    assert carmen.get("/cumplimiento/solicitudes/?estado=late&derecho=access").status_code == 200
    assert carmen.get("/cumplimiento/quejas/?estado=disparate").status_code == 200


def test_two_people_set_a_term_and_a_job_removes(own_database: Any, tmp_state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.cast import make_cast

    cast = make_cast()
    with tenancy.acting(cast.tenant.id):
        close_long_ago(cast, "lucia")
    with tenancy.identifying():
        first, second = as_user(cast.carmen), as_user(cast.ignacio)
    asked: list[dict[str, str]] = []
    monkeypatch.setattr(views.retention.tasks.carry_out, "defer", lambda **given: asked.append(given))
    first.post("/cumplimiento/conservacion/plazo/", {"country": "mx", "years": "2", "reason": "Política"})
    with tenancy.acting(cast.tenant.id):
        term = RetentionTerm.objects.get()
    assert "debe decidirlo otra persona" in text_of(first.post(f"/cumplimiento/conservacion/plazo/{term.id}/aprobar/", follow=True))
    second.post(f"/cumplimiento/conservacion/plazo/{term.id}/aprobar/")
    first.post("/cumplimiento/conservacion/proponer/")
    with tenancy.acting(cast.tenant.id):
        run = RetentionRun.objects.get()
    assert "otra persona" in text_of(first.post(f"/cumplimiento/conservacion/{run.id}/aprobar/", follow=True)) and not asked
    second.post(f"/cumplimiento/conservacion/{run.id}/aprobar/")
    assert len(asked) == 1
    tasks.carry_out(**asked[0])
    page = text_of(first.get("/cumplimiento/conservacion/"))
    assert "plazo vencido" in page and "Hecha" in page
    with tenancy.acting(cast.tenant.id):
        assert Person.objects.get(id=cast.lucia.id).name == "(suprimido)" and RemovalProof.objects.count() == 1
    proofs = b"".join(first.post("/cumplimiento/conservacion/constancias/", {"formato": "csv"}).streaming_content).decode()
    assert str(cast.lucia.id) not in proofs and "Lucía" not in proofs
    assert first.post(f"/cumplimiento/conservacion/{run.id}/otra/").status_code == 404


def test_a_term_shorter_than_the_law_is_refused_on_the_page(carmen: Client) -> None:
    page = carmen.post("/cumplimiento/conservacion/plazo/", {"country": "CL", "years": "1", "reason": "Ahorrar"})
    assert "no puede ser menor" in text_of(page) and not RetentionTerm.objects.exists()


def test_who_only_reads_cannot_act_and_others_see_nothing(cast: Any, tmp_state: Path) -> None:
    ana, raul = as_user(cast.ana), as_user(cast.raul)
    for address in ("expedientes", "solicitudes", "quejas", "conservacion"):
        assert ana.get(f"/cumplimiento/{address}/").status_code == 403
    assert raul.get("/cumplimiento/solicitudes/").status_code == 200
    assert raul.get("/cumplimiento/expedientes/").status_code == 403
    assert raul.post("/cumplimiento/conservacion/proponer/").status_code == 403


def test_who_may_export_lists_but_not_see_compliance_takes_nothing_of_it(cast: Any, tmp_state: Path) -> None:
    elena = as_user(cast.elena)  # strategy: exports lists, has nothing to do with complaints
    assert cast.elena.may("list.export") and not cast.elena.may("compliance.view")
    assert elena.post("/cumplimiento/quejas/exportar/", {"formato": "csv"}).status_code == 403
    assert elena.post("/cumplimiento/conservacion/constancias/", {"formato": "csv"}).status_code == 403
    assert elena.get("/cumplimiento/repeticion/contactos.csv").status_code == 403


def test_the_file_is_taken_out_from_the_page_of_a_request_and_of_a_complaint(cast: Any, carmen: Client) -> None:
    given = {"person": "CTA-MARIA", "channel": "letter", "received_on": TODAY.isoformat(), "text": "x"}
    carmen.post("/cumplimiento/solicitudes/nueva/", {**given, "kind": "access"})
    carmen.post("/cumplimiento/quejas/nueva/", {**given, "cause": "threat", "lodged": "house", "about": "other"})
    request, complaint = RightsRequest.objects.get(), Complaint.objects.get()
    for path, folio in ((f"/cumplimiento/solicitudes/{request.id}/", request.folio), (f"/cumplimiento/quejas/{complaint.id}/", complaint.folio)):
        page = carmen.post(f"{path}expediente/", {"recipient": "CONDUSEF"}, follow=True)
        made = EvidenceFile.objects.get(reason__endswith=folio)
        assert made.person_id == cast.maria.id and made.is_masked and made.recipient == "CONDUSEF"
        assert f"/cumplimiento/expedientes/{made.id}/descargar/" in text_of(page)
        assert as_user(cast.raul).post(f"{path}expediente/").status_code == 403
    assert EvidenceFile.objects.count() == Event.objects.filter(name="evidence.exported").count() == 2
