"""A real PostgreSQL for every test: migrated once per schema into a template, cloned for each worker in a blink.

Tests run as the application's role, under row security, exactly as in production. The network is off but for loopback.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

ROOT = Path(__file__).resolve().parent.parent
STATE = Path(os.environ.get("RECAUDO_TEST_STATE", ROOT / "var" / "test"))
os.environ["RECAUDO_STATE"] = str(STATE)

from recaudo.project import boot, postgres  # noqa: E402

MIGRATE = """
from datetime import date
from recaudo.project.boot import boot
boot()
from recaudo.project import database
database.migrate()
database.make_months(on=date.today())
"""


def _schema_key() -> str:
    """Names the template database by everything that shapes the schema."""
    digest = hashlib.sha256()
    for path in [*sorted(ROOT.glob("src/recaudo/**/migrations/*.py")), ROOT / "src/recaudo/store/operations.py", ROOT / "src/recaudo/project/database.py", ROOT / "requirements/base.txt"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _admin(endpoint: Any) -> psycopg.Connection[Any]:
    return psycopg.connect(**{**endpoint.admin_dsn, "dbname": "postgres"}, autocommit=True)


def _prepare(endpoint: Any) -> str:
    """The template database, migrated; made by whichever worker comes first."""
    template = f"template_{_schema_key()}"
    with open(STATE / "template.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with _admin(endpoint) as admin:
            if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s AND datistemplate", [template]).fetchone():
                return template
            admin.execute(f'DROP DATABASE IF EXISTS "{template}"')
            admin.execute(f'CREATE DATABASE "{template}" OWNER recaudo_owner')
        # In a process of its own: this one must not know the template's connections, and pytest blocks the database here.
        dsns = ({**endpoint.app_dsn, "dbname": template}, {**endpoint.owner_dsn, "dbname": template})
        names = ("RECAUDO_APP_DSN", "RECAUDO_OWNER_DSN")
        environment = {**os.environ, **dict(zip(names, map(json.dumps, dsns), strict=True))}
        environment["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
        done = subprocess.run([sys.executable, "-c", MIGRATE], env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"the template database could not be migrated:\n{done.stderr[-3000:]}")
        with _admin(endpoint) as admin:
            admin.execute(f'ALTER DATABASE "{template}" IS_TEMPLATE true')
    return template


def _clone(endpoint: Any, template: str, name: str) -> None:
    with _admin(endpoint) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{name}" OWNER recaudo_owner TEMPLATE "{template}"')


def pytest_configure(config: pytest.Config) -> None:
    """Before Django is set up: start PostgreSQL, clone this worker's database, point the settings at it."""
    STATE.mkdir(parents=True, exist_ok=True)
    if not hasattr(config, "workerinput") and config.getoption("numprocesses", None):
        _prepare(postgres.ensure())  # the controller runs no tests; it only spares the workers the wait
        boot.use({"dbname": "unused"}, {"dbname": "unused"})
        return
    endpoint = postgres.ensure()
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"test_{worker}_{os.getpid()}"
    _clone(endpoint, _prepare(endpoint), name)
    boot.use({**endpoint.app_dsn, "dbname": name}, {**endpoint.owner_dsn, "dbname": name})
    _settle()
    config.stash[DATABASE] = (endpoint, name)


def _settle() -> None:
    """Settings may have been read before the database was known: tell them again."""
    from django.conf import settings

    from recaudo.project.settings import database

    settings.DATABASES["default"].update(database("RECAUDO_APP_DSN"))
    settings.DATABASES["owner"].update(database("RECAUDO_OWNER_DSN"))


DATABASE: pytest.StashKey[tuple[Any, str]] = pytest.StashKey()


def pytest_unconfigure(config: pytest.Config) -> None:
    if (held := config.stash.get(DATABASE, None)) is None:
        return
    endpoint, name = held
    with contextlib.suppress(psycopg.Error), _admin(endpoint) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """The database is there already: cloned from the template in pytest_configure."""


@pytest.fixture(scope="session")
def endpoint(request: pytest.FixtureRequest) -> Any:
    """Where this worker's PostgreSQL listens, with the administrator's way in."""
    return request.config.stash[DATABASE][0]


@pytest.fixture
def own_database(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """A database of its own for a test that commits: real transactions, several connections, kills.

    The process's Django connection points at it for the length of the test. Yields its three DSNs.
    """
    from django.db import connections

    endpoint = request.config.stash[DATABASE][0]
    name = f"own_{os.getpid()}_{abs(hash(request.node.nodeid)) % 10**8}"
    _clone(endpoint, _prepare(endpoint), name)
    before = {alias: connections[alias].settings_dict["NAME"] for alias in connections}
    blocker = request.getfixturevalue("django_db_blocker")
    environment = os.environ["RECAUDO_APP_DSN"], os.environ["RECAUDO_OWNER_DSN"]
    dsns = {
        "app": {**endpoint.app_dsn, "dbname": name},
        "owner": {**endpoint.owner_dsn, "dbname": name},
        "admin": {**endpoint.admin_dsn, "dbname": name},
    }
    with blocker.unblock():
        for alias in connections:
            connections[alias].close()
            connections[alias].settings_dict["NAME"] = name
        boot.use(dsns["app"], dsns["owner"])
        try:
            yield dsns
        finally:
            os.environ["RECAUDO_APP_DSN"], os.environ["RECAUDO_OWNER_DSN"] = environment
            for alias in connections:
                connections[alias].close()
                connections[alias].settings_dict["NAME"] = before[alias]
            with _admin(endpoint) as admin:
                admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests talk to loopback and sockets of files, nothing else."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = str(address[0])
            if not (host.startswith("127.") or host in {"::1", "localhost"}):
                raise RuntimeError(f"a test tried to reach {host}: the network is off")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def tmp_state(settings: Any) -> Iterator[Path]:
    """A state folder for files of this test only."""
    with tempfile.TemporaryDirectory() as folder:
        settings.STATE = Path(folder)
        settings.STORAGES = {
            **settings.STORAGES,
            "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": Path(folder) / "files"}},
            "snapshots": {"BACKEND": "recaudo.store.objects.Folder", "OPTIONS": {"location": Path(folder) / "snapshots"}},
        }
        yield Path(folder)


@pytest.fixture
def cast(db: Any) -> Iterator[Any]:
    """The people of the stories (tests/cast.py), inside their tenant."""
    from recaudo.store import tenancy
    from tests.cast import make_cast

    people = make_cast()
    with tenancy.acting(people.tenant.id):
        yield people
