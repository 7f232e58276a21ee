"""A database with the small demo world in it, for checks that need a bit of everything. Real transactions, the application's role."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connections

from recaudo.project import boot
from tests.conftest import ROOT, _admin, _clone, _prepare

SECRETS = {"RECAUDO_SECRET_KEY": "SECRET_KEY", "RECAUDO_BLIND_INDEX_KEY": "BLIND_INDEX_KEY"}


@dataclass(frozen=True)
class WorldDatabase:
    """Its three DSNs, the environment of a process that works in it, the creditors' files."""

    dsns: dict[str, dict[str, Any]]
    environment: dict[str, str]
    files: Path
    state: Path


@contextmanager
def world_database(endpoint: Any, folder: Path, *, name: str, accounts: int = 400) -> Iterator[WorldDatabase]:
    """Clone the template, build the world in a process of its own, drop it at the end."""
    from django.conf import settings

    name = f"{name}_{os.getpid()}"
    _clone(endpoint, _prepare(endpoint), name)
    dsns = {kind: {**getattr(endpoint, f"{kind}_dsn"), "dbname": name} for kind in ("app", "owner", "admin")}
    environment = {
        **os.environ,
        **{variable: getattr(settings, setting) for variable, setting in SECRETS.items()},
        "RECAUDO_FIELD_KEY": settings.FIELD_KEYS[1],
        "RECAUDO_APP_DSN": json.dumps(dsns["app"]),
        "RECAUDO_OWNER_DSN": json.dumps(dsns["owner"]),
        "RECAUDO_STATE": str(folder / "state"),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
    }
    try:
        made = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "tests.browser.world", str(folder / "files"), str(accounts)],
            env=environment, capture_output=True, text=True, check=False, cwd=ROOT,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr[-3000:]
        yield WorldDatabase(dsns, environment, folder / "files", folder / "state")
    finally:
        with _admin(endpoint) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def inside(database: WorldDatabase, blocker: Any) -> Iterator[None]:
    """This process's Django works in that database meanwhile."""
    before = {alias: connections[alias].settings_dict["NAME"] for alias in connections}
    kept = os.environ["RECAUDO_APP_DSN"], os.environ["RECAUDO_OWNER_DSN"]
    with blocker.unblock():
        for alias in connections:
            connections[alias].close()
            connections[alias].settings_dict["NAME"] = database.dsns["app"]["dbname"]
        boot.use(database.dsns["app"], database.dsns["owner"])
        try:
            yield
        finally:
            os.environ["RECAUDO_APP_DSN"], os.environ["RECAUDO_OWNER_DSN"] = kept
            for alias in connections:
                connections[alias].close()
                connections[alias].settings_dict["NAME"] = before[alias]
