"""Stories of the screens: from an upload to a result, and who may do what."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.cast import NOW
from tests.contexts.intake.files import HUGO, ROSA, csv

from recaudo.intake import services as intake
from recaudo.intake.models import Batch, Layout
from recaudo.portfolio.models import Account
from recaudo.store import tenancy


@pytest.fixture
def as_(cast, client: Client) -> Any:
    def _as(name: str) -> Client:
        user = cast.users[name]
        with tenancy.acting(user.tenant_id):
            client.force_login(user, backend="recaudo.workforce.backends.StaffBackend")
        return client

    return _as


def _file(text: str, name: str = "cartera.csv") -> io.BytesIO:
    file = io.BytesIO(text.encode())
    file.name = name
    return file


def test_a_file_goes_from_upload_to_result(cast, cards, as_) -> None:
    client = as_("raul")
    answer = client.post(reverse("intake:upload"), {"file": _file(csv(ROSA, HUGO, HUGO.replace("900.00", "x"))), "layout": cards.id, "on": "2026-11-24"})
    batch = Batch.objects.get()
    assert answer.url == reverse("intake:mapping", args=[batch.id])
    page = client.get(answer.url).content.decode()
    assert "ROSA DIAZ PEÑA" in page and "→ Rosa Diaz Peña" in page and "codificación UTF-8" in page
    client.post(reverse("intake:check", args=[batch.id]))
    page = client.get(reverse("intake:batch", args=[batch.id])).content.decode()
    assert "Aplicar 2 filas" in page and "Columna «Saldo»" in page
    assert not Account.objects.filter(number="T-1").exists()
    client.post(reverse("intake:apply", args=[batch.id]))
    assert Account.objects.filter(number__in=["T-1", "T-2"]).count() == 2
    page = client.get(reverse("intake:batch", args=[batch.id])).content.decode()
    assert "Deshacer la carga" in page and "$ 13,400.50 MXN" in page
    file = client.get(reverse("intake:rejections", args=[batch.id, "csv"]))
    assert file["X-Content-Type-Options"] == "nosniff" and file["Content-Disposition"].startswith("attachment")
    client.post(reverse("intake:undo", args=[batch.id]))
    assert Account.objects.get(number="T-1").status == "recalled"


def test_an_unknown_file_gets_a_suggested_mapping_that_can_be_saved(cast, book, as_) -> None:
    client = as_("raul")
    text = "No cuenta;Nombre completo;RFC;Saldo actual;Días de atraso\nT-1;Rosa Diaz;GODE561231GR8;100,50;3\n"
    client.post(reverse("intake:upload"), {"file": _file(text), "on": "2026-11-24"})
    batch = Batch.objects.get()
    page = client.get(reverse("intake:mapping", args=[batch.id])).content.decode()
    assert 'name="col-number" list="columns" value="No cuenta"' in page and 'value="Saldo actual"' in page
    typed = {
        "name": "nuevo", "target": "accounts", "portfolio": book.id, "decimal": ",", "date": "dmy", "col-number": "No cuenta", "col-holder_name": "Nombre completo",
        "col-holder_id": "RFC", "col-balance": "Saldo actual", "col-dpd": "Días de atraso", "check": "1",
    }  # fmt: skip
    answer = client.post(reverse("intake:mapping", args=[batch.id]), typed)
    assert answer.url == reverse("intake:batch", args=[batch.id])
    batch.refresh_from_db()
    assert (batch.status, batch.accepted_count, batch.totals["MXN"]["source"]) == ("checked", 1, 10_050)
    assert Layout.objects.get(is_current=True).options == {"decimal": ",", "date": "dmy"}


def test_an_agent_sees_no_files_and_an_auditor_changes_none(cast, cards, as_, load) -> None:
    batch = load(csv(ROSA), cards)
    assert as_("ana").get(reverse("intake:batches")).status_code == 403
    client = as_("sofia")
    assert client.get(reverse("intake:batch", args=[batch.id])).status_code == 200
    assert client.post(reverse("intake:undo", args=[batch.id])).status_code == 403
    assert client.get(reverse("intake:rejections", args=[batch.id, "csv"])).status_code == 403


def test_a_user_of_another_house_gets_not_found(cast, cards, as_, load) -> None:
    batch = load(csv(ROSA), cards)
    client = as_("victor")
    for name in ("batch", "mapping", "progress"):
        assert client.get(reverse(f"intake:{name}", args=[batch.id])).status_code == 404


def test_a_large_file_becomes_a_job_that_a_worker_does(cast, cards, as_, monkeypatch) -> None:
    from django.db import connection

    from recaudo.intake import tasks, views

    monkeypatch.setattr(views, "WHILE_WAITING_BYTES", 1)
    batch = intake.receive(source=_file(csv(ROSA)), file_name="a.csv", layout=cards, on=cast.today, by=cast.raul, at=NOW)
    client = as_("raul")
    client.post(reverse("intake:check", args=[batch.id]))
    client.post(reverse("intake:apply", args=[batch.id])) if Batch.objects.get().status == "checked" else None
    assert Batch.objects.get().status == "checking"
    assert "hx-trigger" in client.get(reverse("intake:progress", args=[batch.id])).content.decode()
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args->>'batch_id' FROM procrastinate_jobs")
        assert cursor.fetchall() == [("intake.tasks.check_batch", str(batch.id))]
    tasks.check_batch(tenant_id=str(cast.tenant.id), batch_id=str(batch.id))
    tasks.apply_batch(tenant_id=str(cast.tenant.id), batch_id=str(batch.id))
    assert Batch.objects.get().status == "applied"


def test_pages_ask_the_database_a_bounded_number_of_times(cast, cards, as_, load, django_assert_max_num_queries) -> None:
    batches = [load(csv(HUGO.replace("900.00", "x")), cards) for _ in range(4)]
    client = as_("raul")
    for url in (reverse("intake:batches"), reverse("intake:batch", args=[batches[0].id]), reverse("intake:layouts"), reverse("intake:layout", args=[cards.id])):
        with django_assert_max_num_queries(20):
            assert client.get(url).status_code == 200


def test_the_page_says_until_when_a_load_can_be_undone_and_then_offers_it_no_more(cards, as_, load) -> None:
    batch = load(csv(ROSA), cards)
    client, page, undo = as_("raul"), reverse("intake:batch", args=[batch.id]), reverse("intake:undo", args=[batch.id])
    before = client.get(page).content.decode()
    assert "se guarda cifrado hasta el" in before
    Batch.objects.filter(id=batch.id).update(files_gone_at=NOW)
    after = client.get(page).content.decode()
    assert "El archivo se eliminó el" in after and undo not in after
