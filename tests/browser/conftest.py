"""A real browser before the real server: granian, the application's role, a small demo world, one database for the session.

RECAUDO_BROWSER names the browser; else chromium or Chrome is looked for. With RECAUDO_NO_BROWSER=1 these tests are skipped, loudly.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, _admin, _clone, _prepare

ACCOUNTS = 400
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
WAIT_SECONDS = 60


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    if os.environ.get("RECAUDO_NO_BROWSER") == "1":
        mark = pytest.mark.skip(reason="RECAUDO_NO_BROWSER=1: SCREENS WERE NOT TESTED, no browser on this machine")
        for item in items:
            if here in Path(item.fspath).parents and "chromium" in getattr(item, "fixturenames", ()):
                item.add_marker(mark)


@dataclass(frozen=True)
class Site:
    """The served product: its address, and the folder of the creditors' files."""

    url: str
    files: Path


def browser_path() -> str:
    """Where the browser is. A missing one fails: skipping must be asked for."""
    given = os.environ.get("RECAUDO_BROWSER")
    found = given or next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if not found:
        pytest.fail("no browser found: set RECAUDO_BROWSER, or RECAUDO_NO_BROWSER=1 to go without screen tests")
    return found


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    endpoint = request.getfixturevalue("endpoint")
    name, folder = f"browser_{os.getpid()}", tmp_path_factory.mktemp("site")
    _clone(endpoint, _prepare(endpoint), name)
    environment = {
        **os.environ,
        "RECAUDO_APP_DSN": json.dumps({**endpoint.app_dsn, "dbname": name}),
        "RECAUDO_OWNER_DSN": json.dumps({**endpoint.owner_dsn, "dbname": name}),
        "RECAUDO_STATE": str(folder / "state"),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
    }
    try:
        made = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "tests.browser.world", str(folder / "files"), str(ACCOUNTS)],
            env=environment, capture_output=True, text=True, check=False, cwd=ROOT,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr[-3000:]
        with _serving(environment, folder / "server.log") as url:
            yield Site(url, folder / "files")
    finally:
        with _admin(endpoint) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextlib.contextmanager
def _serving(environment: dict[str, str], log: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--blocking-threads", "2", "--no-ws", "--log-level", "warning", "tests.browser.served:application",
    ]  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as out:
        server = subprocess.Popen(line, env=environment, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
        try:
            _wait(f"{url}/salud/", server, log)
            yield url
        finally:
            server.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(10)
            server.kill()


def _wait(url: str, server: subprocess.Popen[Any], log: Path) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=5).read()
            return
        assert server.poll() is None, log.read_text()[-3000:]
        time.sleep(0.1)
    raise AssertionError(log.read_text()[-3000:])


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    # Playwright's loop runs in this thread for the whole session: Django, called by other tests of this worker, must not mind.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
        yield browser
        browser.close()
