"""Stories of the pages of the day."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.cast import NOW, TODAY
from tests.contexts.flow.worlds import place, ready, run, signed_in, text

from recaudo.casework.models import Action
from recaudo.flow.day import STEPS
from recaudo.flow.models import Run
from recaudo.flow.queries import today
from recaudo.flow.queries.why import why
from recaudo.flow.words import OUTCOME_ES, OUTCOME_SENTENCE, STEP_ES, decided_es
from recaudo.journal.models import Event
from recaudo.portfolio.models import Account
from recaudo.store.tenancy import acting
from recaudo.strategy import queries as strategy

MOST_QUERIES = 12


@pytest.fixture
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def cast(own_database: Any, tmp_state: Any, at_noon: None) -> Any:
    return ready()


def counted(client: Any, path: str) -> tuple[int, Any]:
    client.get(path)
    with CaptureQueriesContext(connection) as seen:
        response = client.get(path)
    assert response.status_code == 200
    own = [query for query in seen if not query["sql"].startswith(("SAVEPOINT", "RELEASE", "SELECT set_config", "BEGIN", "COMMIT"))]
    return len(own), response


def test_before_the_day_the_page_says_so_and_a_click_asks_for_it_once(cast: Any) -> None:
    manager = signed_in(cast.gabriel)
    page = text(manager.get("/"))
    assert "La jornada de hoy aún no se ejecuta" in page and "Ningún proceso de trabajo está activo" in page
    assert manager.post("/hoy/ejecutar/").status_code == 302
    assert "La jornada espera su turno" in text(manager.get("/hoy/estado/")) and "recaudo worker" in text(manager.get("/hoy/estado/"))
    assert manager.post("/hoy/ejecutar/").status_code == 409
    with acting(cast.tenant.id), connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args->>'on' FROM procrastinate_jobs WHERE args->>'tenant_id' = %s", [str(cast.tenant.id)])
        assert cursor.fetchall() == [(today.TASK, TODAY.isoformat())]
        assert Event.objects.filter(name="day.requested", by_id=cast.gabriel.id).count() == 1


def test_the_job_that_was_asked_for_runs_the_day_on_behalf_of_who_asked(cast: Any) -> None:
    from recaudo.flow.tasks import run_day_task

    run_day_task(str(cast.tenant.id), TODAY.isoformat(), str(cast.gabriel.id))
    with acting(cast.tenant.id):
        assert Run.objects.get().by_id == cast.gabriel.id and Run.objects.get().status == "finished"
    assert signed_in(cast.gabriel).post("/hoy/ejecutar/").status_code == 409


def test_a_failed_day_shows_its_problem_and_where(cast: Any) -> None:
    with acting(cast.tenant.id):
        Run.objects.create(on=TODAY, status="failed", step="hechos", started_at=NOW, created_at=NOW, problem="No hay capacidad definida.")
    page = text(signed_in(cast.gabriel).get("/"))
    assert "La jornada falló en el paso «hechos»: No hay capacidad definida." in page and "Ejecutar de nuevo" in page


def test_a_running_day_without_a_process_is_said_to_be_interrupted(cast: Any) -> None:
    with acting(cast.tenant.id):
        Run.objects.create(on=TODAY, status="running", step="norma", started_at=NOW, created_at=NOW)
    assert "La jornada se interrumpió en el paso «norma»" in text(signed_in(cast.gabriel).get("/"))
    key = f"day:{cast.tenant.id}:{TODAY}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 11))", [key])
        assert "La jornada está en curso: norma (56 %)" in text(signed_in(cast.gabriel).get("/hoy/estado/"))
        cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 11))", [key])


def test_each_role_lands_where_it_works(cast: Any) -> None:
    assert signed_in(cast.sofia).get("/").status_code == 200
    assert signed_in(cast.ana).get("/").headers["Location"] == "/cola/"
    assert signed_in(cast.raul).get("/").status_code == 302
    assert signed_in(cast.ana).post("/hoy/ejecutar/").status_code == 403
    assert signed_in(cast.sofia).post("/hoy/ejecutar/").status_code == 403
    assert signed_in(cast.ana).get("/jornadas/").status_code == 403


def test_the_day_its_list_and_its_export_agree(cast: Any) -> None:
    done = run(cast)
    supervisor = signed_in(cast.sofia)
    assert "La jornada de hoy terminó" in text(supervisor.get("/"))
    assert "Con qué se decidió" in text(supervisor.get(f"/jornadas/{done.id}/"))
    with acting(cast.tenant.id):
        planned = {str(key) for key in Action.objects.filter(run_id=done.id).values_list("account_id", flat=True)}
        numbers = set(Account.objects.filter(id__in=planned).values_list("number", flat=True))
    listed = text(supervisor.get(f"/jornadas/{done.id}/cuentas/?resultado=planned"))
    assert all(number in listed for number in numbers) and f"{len(numbers)} cuentas" in listed
    whole = b"".join(supervisor.get(f"/jornadas/{done.id}/cuentas/exportar/").streaming_content).decode("utf-8-sig")
    assert len(whole.splitlines()) == 1 + 4
    with acting(cast.tenant.id):
        assert Event.objects.filter(name="list.exported", detail__list="jornada", detail__rows=4).exists()


def test_the_page_of_a_day_says_what_an_hour_of_calling_is_worth(cast: Any) -> None:
    done = run(cast)
    counts = {**done.counts, "prices": {"call": 12.5}, "gap": 0.001, "calls_per_hour": 8.0}
    with acting(cast.tenant.id):
        Run.objects.filter(pk=done.pk).update(counts=counts)
    supervisor = signed_in(cast.sofia)
    page = text(supervisor.get(f"/jornadas/{done.id}/"))
    assert "vale hasta 100 puntos de prioridad" in page and "a 8 llamadas por hora" in page
    for without in ({"calls_per_hour": None}, {"prices": {"call": 0.0}}, {"gap": 0.4}):
        with acting(cast.tenant.id):
            Run.objects.filter(pk=done.pk).update(counts={**counts, **without})
        assert "Una hora más de ejecutivo" not in text(supervisor.get(f"/jornadas/{done.id}/")), without


def test_a_refused_account_names_its_rule_with_the_citation(cast: Any) -> None:
    done = run(cast)
    code = next(iter(done.counts["refused_by_rule"]))
    from recaudo.flow.queries.runs import rule_text

    rule = rule_text(code)
    assert rule.text_es and rule.citation
    page = text(signed_in(cast.sofia).get("/"))
    assert rule.text_es in page and rule.citation in page


def test_the_explanation_is_what_was_stored(cast: Any) -> None:
    done = run(cast)
    with acting(cast.tenant.id):
        for who in cast.accounts:
            account = Account.objects.get(pk=cast.accounts[who].pk)
            found = why(account, zone=cast.tenant.zone, at=cast.now)
            _, row = strategy.snapshot_row(account.id, on=TODAY)
            assert found.differences == () and found.outcome == row["outcome"] and found.on == TODAY
            for line in found.decisions:
                assert line.raw == row[line.name]
                stored = row[f"{line.name}_rule"]
                rows = stored if isinstance(stored, list) else [int(stored)]
                assert [fired.number for fired in line.fired] == rows
            assert found.version_sha256 == strategy.active_version().sha256 and found.lawbook_version == done.lawbook_version


def test_a_decision_that_was_tampered_with_does_not_match(cast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run(cast)
    real = strategy.snapshot_row

    def tampered(account_id: Any, *, on: Any = None) -> Any:
        snapshot, row = real(account_id, on=on)
        return snapshot, {**row, "treatment": "VISIT"}

    monkeypatch.setattr(strategy, "snapshot_row", tampered)
    with acting(cast.tenant.id):
        found = why(Account.objects.get(pk=cast.accounts["maria"].pk), zone=cast.tenant.zone, at=cast.now)
    assert [one.name for one in found.differences] == ["treatment"]
    assert "No coincide con lo guardado" in text(signed_in(cast.sofia).get(f"/cuentas/{cast.accounts['maria'].pk}/por-que/"))


def test_why_is_a_page_and_a_fragment_and_says_when_there_was_no_day(cast: Any) -> None:
    path = f"/cuentas/{cast.accounts['maria'].pk}/por-que/"
    agent = signed_in(cast.ana)
    assert "no estuvo en la jornada" in text(agent.get(path))
    run(cast)
    assert "<html" in text(agent.get(path)) and "Qué decidió cada tabla" in text(agent.get(path))
    fragment = text(agent.get(path, headers={"HX-Request": "true"}))
    assert "<html" not in fragment and "Ver la explicación completa" in fragment
    assert "no estuvo en la jornada" in text(agent.get(f"{path}?dia=2020-01-01"))


def test_an_agency_sees_the_day_of_its_own_accounts_only(cast: Any) -> None:
    place(cast, "maria")
    done = run(cast)
    omar, silvia, nadia = signed_in(cast.omar), signed_in(cast.silvia), signed_in(cast.nadia)
    listed = text(omar.get(f"/jornadas/{done.id}/cuentas/"))
    assert "CTA-MARIA" in listed and "1 cuentas" in listed
    assert not any(f"CTA-{who}" in listed for who in ("PEDRO", "ESQUINA", "LUCIA"))
    home = text(omar.get("/"))
    assert "sólo las cuentas de su despacho" in home and "Ejecutar" not in home
    assert nadia.get(f"/cuentas/{cast.accounts['maria'].pk}/por-que/").status_code == 200
    assert nadia.get(f"/cuentas/{cast.accounts['pedro'].pk}/por-que/").status_code == 404
    assert silvia.get(f"/cuentas/{cast.accounts['maria'].pk}/por-que/").status_code == 404


def test_another_organisation_sees_nothing(cast: Any) -> None:
    done = run(cast)
    victor = signed_in(cast.victor)
    assert victor.get(f"/jornadas/{done.id}/").status_code == 404
    assert victor.get(f"/cuentas/{cast.accounts['maria'].pk}/por-que/").status_code == 404
    assert "Aún no se ha ejecutado ninguna jornada" in text(victor.get("/jornadas/"))
    assert "Aún no hay una jornada terminada" in text(victor.get("/"))


def test_names_are_only_for_who_may_see_persons(cast: Any) -> None:
    done = run(cast)
    assert "María López" in text(signed_in(cast.sofia).get(f"/jornadas/{done.id}/cuentas/"))
    assert "María López" not in text(signed_in(cast.elena).get(f"/jornadas/{done.id}/cuentas/"))


def test_the_late_account_that_nobody_tried_is_found_and_leaves_when_it_is_tried(cast: Any) -> None:
    supervisor = signed_in(cast.sofia)
    listed = text(supervisor.get("/hoy/pendientes/sin-primera-gestion/"))
    assert "CTA-PEDRO" in listed and "CTA-MARIA" not in listed and "CTA-LUCIA" not in listed
    assert "CTA-MARIA" in text(supervisor.get("/hoy/pendientes/sin-gestion/"))
    stuck = text(supervisor.get("/hoy/detenido/"))
    assert "/hoy/pendientes/sin-primera-gestion/" in stuck
    with acting(cast.tenant.id):
        Action.objects.create(
            person_id=cast.people["pedro"].id, account_id=cast.accounts["pedro"].id, channel="call", status="done", occurred_at=NOW,
            is_attempt=True, created_at=NOW,
        )  # fmt: skip
    assert "CTA-PEDRO" not in text(supervisor.get("/hoy/pendientes/sin-primera-gestion/"))
    assert supervisor.get("/hoy/pendientes/otra-cosa/").status_code == 404


def test_the_pages_ask_a_constant_number_of_queries(cast: Any) -> None:
    done = run(cast)
    supervisor = signed_in(cast.sofia)
    for path in ("/", "/jornadas/", f"/jornadas/{done.id}/", f"/cuentas/{cast.accounts['maria'].pk}/por-que/", "/hoy/detenido/"):
        count, _ = counted(supervisor, path)
        assert count <= MOST_QUERIES, path
    few, _ = counted(supervisor, f"/jornadas/{done.id}/cuentas/?tramo=B2")
    all_, _ = counted(supervisor, f"/jornadas/{done.id}/cuentas/")
    assert few == all_ <= MOST_QUERIES


def test_unknown_runs_and_filters_are_refused_politely(cast: Any) -> None:
    done = run(cast)
    supervisor = signed_in(cast.sofia)
    assert supervisor.get(f"/jornadas/{uuid4()}/").status_code == 404
    page = supervisor.get(f"/jornadas/{done.id}/cuentas/?resultado=%27%20OR%201=1&after=x")
    assert page.status_code == 200


def test_everything_a_day_can_say_has_a_name_in_spanish() -> None:
    from recaudo.engine import decide
    from recaudo.engine.decide.model import Table
    from recaudo.strategy.services import default_xml

    assert set(STEPS) == set(STEP_ES)
    assert set(OUTCOME_ES) == set(OUTCOME_SENTENCE)
    for decision in decide.read(default_xml()).decisions:
        if decision.name in {"priority"} or not isinstance(decision.expression, Table):
            continue
        for rule in decision.expression.rules:
            code = rule.outputs[0].text.strip('"')
            assert decided_es(decision.name, code) != code, (decision.name, code)
