"""Who stole the disks reads no ids, phones, addresses: not in tables, jobs, sessions, logs or files (check 32).

The demo world has loaded files, run its days, sent messages and made calls; the faulty file leaves refused rows. Everything that people
in those files gave about themselves is looked for in all that was written, as it is, in hexadecimal and in base64.
"""

from __future__ import annotations

import base64
import csv
import gzip
import io
import logging
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest
from django.test import Client
from django.utils import timezone
from psycopg import sql
from tests.browser.pages import PASSWORD
from tests.cast import NOW
from tests.journeys.worlds import WorldDatabase, inside, world_database

from recaudo.intake import services as intake
from recaudo.intake.models import Batch, Layout, Rejection
from recaudo.messaging.models import Message
from recaudo.portfolio.models import ContactPoint, Person
from recaudo.project import postgres
from recaudo.store import tenancy
from recaudo.workforce.models import Tenant, User

PEOPLE = 120
SHORTEST = 8


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorldDatabase]:
    endpoint = request.getfixturevalue("endpoint")
    with world_database(endpoint, tmp_path_factory.mktemp("canaries"), name="canaries") as made:
        yield made


@pytest.fixture
def scene(
    world: WorldDatabase, django_db_blocker: Any, settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Iterator[Any]:
    """Inside the world, with its state folder; the faulty file loaded, a page opened, a wrong way in tried."""
    storage = "django.core.files.storage.FileSystemStorage"
    settings.STATE = world.state
    settings.STORAGES = {
        **settings.STORAGES, "default": {"BACKEND": storage, "OPTIONS": {"location": world.state / "files"}},
        "snapshots": {"BACKEND": storage, "OPTIONS": {"location": world.state / "snapshots"}},
    }  # fmt: skip
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    with inside(world, django_db_blocker), caplog.at_level(logging.DEBUG):
        tenant = Tenant.objects.get()
        _load_the_faulty_file(tenant, world.files)
        _look_around(tenant)
        yield tenant


def _load_the_faulty_file(tenant: Tenant, files: Path) -> None:
    with tenancy.acting(tenant.id):
        if Batch.objects.filter(file_name="ejemplo_con_errores.csv").exists():
            return
        by = User.objects.get(email="backoffice@demo.example")
        layout = Layout.objects.get(name="tarjetas-mx", is_current=True)
        path = files / "ejemplo_con_errores.csv"
        batch = intake.receive(source=path, file_name=path.name, layout=layout, on=NOW.date(), by=by, at=NOW)
    with tenancy.acting(tenant.id):
        applied = intake.apply(batch, by=by, at=NOW)
        assert applied.rejected_count == 10 and Rejection.objects.filter(batch=applied).count() >= 10


def _look_around(tenant: Tenant) -> None:
    client = Client()
    phone = next(iter(points(tenant)), "")
    client.post("/cuenta/entrar/", {"login": "supervisor@demo.example", "password": PASSWORD})
    assert client.get("/cuentas/", {"q": phone}).status_code == 200
    client.get("/api/accounts", {"number": phone})
    client.post("/cuenta/entrar/", {"login": "nadie@demo.example", "password": "x"})


def points(tenant: Tenant) -> list[str]:
    with tenancy.acting(tenant.id):
        written = set(Message.objects.values_list("person_id", flat=True))
        chosen = ContactPoint.objects.filter(person_id__in=written).order_by("id")[: PEOPLE * 2]
        return [point.value for point in chosen if len(point.value) >= SHORTEST]


def canaries(tenant: Tenant, files: Path) -> set[str]:
    found = set(points(tenant))
    with tenancy.acting(tenant.id):
        for person in Person.objects.order_by("-id")[:PEOPLE]:
            found.add(person.national_id)
            found.update(point.value for point in ContactPoint.objects.filter(person=person))
    with (files / "ejemplo_con_errores.csv").open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows, delimiter=";"):
            found.update(row[name] for name in ("Identificacion", "Telefono", "Correo", "Calle") if row.get(name))
    return {value for value in found if value and len(value) >= SHORTEST}


def written_as(value: str) -> set[bytes]:
    """The ways in which a value could be lying about."""
    plain = value.encode()
    ways = {plain, plain.lower(), plain.upper(), plain.hex().encode(), base64.b64encode(plain).rstrip(b"=")}
    if value.startswith("+"):
        ways.add(plain[3:])  # the number without its country, as people write it
    return {way for way in ways if len(way) >= SHORTEST}


def tables(dsns: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Every table as text, as somebody with the administrator's rights reads it."""
    with psycopg.connect(**dsns["admin"]) as admin:
        names = admin.execute("SELECT tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')").fetchall()
        for (name,) in names:
            with admin.cursor().copy(sql.SQL("COPY (SELECT * FROM {}) TO STDOUT").format(sql.Identifier(name))) as copied:
                yield f"table {name}", b"".join(bytes(part) for part in copied)


def contents(path: Path) -> Iterator[bytes]:
    raw = path.read_bytes()
    yield raw
    if raw[:4] == b"PAR1":
        yield str(pq.read_table(path).to_pydict()).encode()
    elif raw[:2] == b"\x1f\x8b":
        yield gzip.decompress(raw)
    elif raw[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            yield from (archive.read(name) for name in archive.namelist())


def leaks(places: Iterator[tuple[str, bytes]], wanted: set[str]) -> dict[str, int]:
    """Where plain values lie, and how many different ones; never the values themselves."""
    ways = [(value, way) for value in wanted for way in written_as(value)]
    found: dict[str, set[str]] = {}
    for place, text in places:
        for value, way in ways:
            if way in text:
                found.setdefault(place, set()).add(value)
    return {place: len(values) for place, values in found.items()}


def test_no_table_keeps_what_people_gave_about_themselves_in_the_open(world: WorldDatabase, scene: Tenant) -> None:
    wanted = canaries(scene, world.files)
    assert len(wanted) > 200
    read = list(tables(world.dsns))
    assert sum(len(text) for _, text in read) > 1_000_000 and len(read) > 50
    found = leaks(iter(read), wanted)
    assert not found, found


def test_the_search_itself_finds_a_value_left_in_the_open(world: WorldDatabase, scene: Tenant) -> None:
    value = sorted(canaries(scene, world.files))[0]
    for lying in (value, value.encode().hex(), base64.b64encode(value.encode()).decode()):
        assert leaks(iter([("here", f"x\t{lying}\ty".encode())]), {value}) == {"here": 1}


def test_no_file_of_the_product_keeps_it_either(world: WorldDatabase, scene: Tenant) -> None:
    wanted = canaries(scene, world.files)
    files = [path for path in world.state.rglob("*") if path.is_file()]
    assert any(path.suffix == ".parquet" for path in files) and len(files) >= 5, "the days and the loads left no files"
    assert any(path.match("files/intake/*/source") for path in files), "the loads kept no source"
    places = ((str(path.relative_to(world.state)), text) for path in files for text in contents(path))
    found = leaks(places, wanted)
    assert not found, found


def test_no_log_tells_it(world: WorldDatabase, scene: Tenant, caplog: pytest.LogCaptureFixture) -> None:
    wanted = canaries(scene, world.files)
    server = postgres.status().log
    assert server and Path(server).exists(), "where does the database server write?"
    logs = [Path(server), *world.state.rglob("*.log")]
    places = [("log of the product", "\n".join(record.getMessage() for record in caplog.records).encode())]
    places += [(path.name, path.read_bytes()) for path in logs]
    found = leaks(iter(places), wanted)
    assert not found, found


def test_a_page_with_an_error_does_not_tell_it(scene: Tenant, world: WorldDatabase) -> None:
    value = sorted(canaries(scene, world.files))[0]
    client = Client(raise_request_exception=False)
    for path in (f"/no-existe/{value.replace('/', '')}/", f"/cuentas/?q={value}"):
        assert value.encode() not in client.get(path).content
