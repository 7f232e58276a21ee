"""Readings of the indicators: kept for every process, exact, renewed by a worker, narrowed to who looks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.cast import NOW, make_cast
from tests.contexts.flow.worlds import place, signed_in, text

from recaudo.analytics import packing, queries, services, tasks
from recaudo.analytics.models import Reading
from recaudo.analytics.queries import Scope
from recaudo.engine.measure import Row
from recaudo.journal import services as journal
from recaudo.store.tenancy import acting

ZONE = "America/Mexico_City"
MONTH = Scope(date(2026, 11, 1), date(2026, 12, 1), date(2026, 11, 24), ZONE)


@pytest.fixture
def at_noon(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    def set_to(at: datetime) -> None:
        monkeypatch.setattr("django.utils.timezone.now", lambda: at)

    set_to(NOW)
    return set_to


@pytest.fixture
def worker(own_database: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (%s)", [NOW + timedelta(days=1)])


def jobs() -> list[ProcrastinateJob]:
    return list(ProcrastinateJob.objects.filter(queue_name="figures", status="todo").order_by("id"))


def work(found: list[ProcrastinateJob]) -> None:
    """What a worker does with them."""
    for job in found:
        {services.ONE_TASK: tasks.read_one, services.USUAL_TASK: tasks.read_usual}[job.task_name].func(**job.args)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE queue_name = 'figures'")


def test_rows_and_scopes_come_back_as_they_were() -> None:
    rows = [
        Row("K-61", {"on": date(2026, 11, 3), "currency": "MXN", "hour": 12}, Decimal("12.3450"), None, Decimal("1") / 3, True),
        Row("K-02", {}, 7, 0, None, False),
    ]
    assert packing.unpack(packing.pack({"rows": rows})) == {"rows": rows}
    assert packing.unpack_scope(packing.pack_scope(MONTH)) == MONTH


def test_a_period_that_is_over_is_the_same_whatever_the_day() -> None:
    over = Scope(date(2026, 10, 1), date(2026, 11, 1), date(2026, 11, 24), ZONE)
    later = Scope(date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 24), ZONE)
    assert over.key == later.key != MONTH.key
    assert MONTH.key != Scope(MONTH.start, MONTH.end, date(2026, 11, 25), ZONE).key


def test_without_a_worker_the_page_works_out_what_it_has_not_and_keeps_it(own_database: Any, at_noon: Any) -> None:
    cast = make_cast()
    page = text(signed_in(cast.sofia).get("/indicadores/"))
    assert "Calculado" in page and "Calcular de nuevo" in page
    with acting(cast.tenant.id):
        kept = Reading.objects.get(name="figures")
        assert (kept.made_at, kept.agency_id) == (NOW, None)
        assert packing.unpack(kept.rows)["rows"] == queries.figures(MONTH)


def test_a_kept_reading_is_shown_without_working_it_out(own_database: Any, at_noon: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also by another process and after a restart: the database is where it is kept."""
    cast = make_cast()
    with acting(cast.tenant.id):
        services.keep("figures", MONTH, at=NOW)
    monkeypatch.setattr(queries, "read", lambda *given, **more: pytest.fail("the page worked it out again"))
    assert 'id="def-K-02"' in text(signed_in(cast.sofia).get("/indicadores/"))


def test_the_first_look_at_a_scope_waits_for_the_worker_beside_the_page(worker: None, at_noon: Any) -> None:
    cast = make_cast()
    sofia = signed_in(cast.sofia)
    assert "Es la primera vez" in text(sofia.get("/indicadores/"))
    assert "Es la primera vez" in text(sofia.get("/indicadores/")) and len(jobs()) == 1, "asked twice, queued once"
    waiting = sofia.get("/indicadores/listas/?que=figures")
    assert "HX-Refresh" not in waiting and "hx-get" in text(waiting)
    work(jobs())
    assert sofia.get("/indicadores/listas/?que=figures")["HX-Refresh"] == "true"
    assert 'id="def-K-02"' in text(sofia.get("/indicadores/"))
    assert "Calculando las gráficas" in text(sofia.get("/indicadores/graficas/"))
    assert "Es la primera vez" in text(sofia.get("/indicadores/K-02/"))
    work(jobs())
    assert 'id="patterns"' in text(sofia.get("/indicadores/graficas/"))
    assert "Es la primera vez" not in text(sofia.get("/indicadores/K-02/"))
    assert "HX-Refresh" not in sofia.get("/indicadores/listas/?que=%00"), "no name of a reading"


def test_what_is_old_is_shown_and_renewed_beside_the_page(worker: None, at_noon: Any) -> None:
    cast = make_cast()
    with acting(cast.tenant.id):
        services.keep("figures", MONTH, at=NOW - services.FRESH + timedelta(seconds=1))
    sofia = signed_in(cast.sofia)
    assert "Se están calculando" not in text(sofia.get("/indicadores/")) and not jobs()
    at_noon(NOW + timedelta(minutes=1))
    page = text(sofia.get("/indicadores/"))
    assert "Se están calculando" in page and 'id="def-K-02"' in page and len(jobs()) == 1


def test_who_wants_newer_figures_sees_the_old_ones_meanwhile(worker: None, at_noon: Any) -> None:
    cast = make_cast()
    with acting(cast.tenant.id):
        services.keep("figures", MONTH, at=NOW)
        seen = services.look("figures", MONTH, at=NOW).stamp
    sofia = signed_in(cast.sofia)
    at_noon(NOW + timedelta(minutes=1))
    page = text(sofia.get(f"/indicadores/?desde_las={seen}"))
    assert "Se están calculando" in page and 'id="def-K-02"' in page
    assert "HX-Refresh" not in sofia.get(f"/indicadores/listas/?que=figures&desde_las={seen}")
    work(jobs())
    assert sofia.get(f"/indicadores/listas/?que=figures&desde_las={seen}")["HX-Refresh"] == "true"
    assert "Calcular de nuevo" in text(sofia.get(f"/indicadores/?desde_las={seen}")) and not jobs()
    assert sofia.get("/indicadores/?desde_las=ayer").status_code == 200


def test_a_finished_day_or_a_file_renews_what_is_looked_at_most_once(worker: None, at_noon: Any) -> None:
    cast = make_cast()
    place(cast, "maria")
    for name in ("batch.undone", "batch.undone", "day.finished"):
        with acting(cast.tenant.id):
            journal.record(name, by=journal.SYSTEM, at=NOW)
    assert [job.task_name for job in jobs()] == [services.USUAL_TASK], "three causes, one reading"
    work(jobs())
    with acting(cast.tenant.id):
        mine = set(Reading.objects.filter(agency_id=None).values_list("name", flat=True))
        assert mine == {"figures", "patterns"} and Reading.objects.filter(agency_id=None).count() == 3
    sofia = signed_in(cast.sofia)
    for path in ("/indicadores/", "/indicadores/graficas/", "/indicadores/comparado/"):
        assert sofia.get(path).status_code == 200
    assert not jobs(), "everything that the page shows was there"


def test_an_agency_has_a_reading_of_its_own_and_sees_no_other(own_database: Any, at_noon: Any) -> None:
    cast = make_cast()
    place(cast, "maria")
    north = cast.agencies["NORTE"].id
    for agency in (None, north):
        with acting(cast.tenant.id, agency):
            services.keep("figures", MONTH, at=NOW)
    with acting(cast.tenant.id, north):
        assert [one.agency_id for one in Reading.objects.all()] == [north]


def test_what_nobody_renewed_is_forgotten(own_database: Any, at_noon: Any) -> None:
    cast = make_cast()
    with acting(cast.tenant.id):
        services.keep("figures", MONTH, at=NOW - services.KEPT - timedelta(seconds=1))
        services.keep("patterns", MONTH, at=NOW)
        assert services.forget_readings(at=NOW) == 1
        assert [one.name for one in Reading.objects.all()] == ["patterns"]


def test_the_stamp_of_a_reading_is_not_earlier_than_it() -> None:
    made = datetime(2026, 11, 24, 12, 0, 0, 1, tzinfo=UTC)
    assert services.Looked({}, made, False).stamp == str(int(made.timestamp() * 1000) + 1)
