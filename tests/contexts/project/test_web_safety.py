"""What the web does to every product: poisoned hosts, open redirects, missing headers, leaked secrets (checks 30 and 36)."""

from __future__ import annotations

import json
import logging
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import Client
from tests.cast import PASSWORD, Cast, make_cast

ROOT = Path(__file__).resolve().parents[3]
ELSEWHERE = [
    "https://evil.example/", "//evil.example/", "///evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example",
    "http:///evil.example", "javascript:alert(1)", " https://evil.example", "https://127.0.0.1@evil.example/", "data:text/html,x",
    "/%09/evil.example/\t//evil.example", "\x00https://evil.example",
]  # fmt: skip


@pytest.fixture
def people(db: Any) -> Cast:
    cache.clear()  # attempts per minute are counted there
    return make_cast()


@pytest.fixture
def ana(people: Cast) -> Client:
    client = Client()
    client.post("/cuenta/entrar/", {"login": people.ana.email, "password": PASSWORD})
    return client


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:80", "a b"])
def test_a_host_that_is_not_ours_is_refused(host: str, people: Cast) -> None:
    for path in ("/cuenta/entrar/", "/cuenta/clave/recuperar/", "/usuarios/"):
        assert Client(HTTP_HOST=host).get(path).status_code == 400


def test_a_forwarded_host_is_not_believed(people: Cast) -> None:
    page = Client().get("/cuenta/clave/recuperar/", HTTP_X_FORWARDED_HOST="evil.example")
    assert b"evil.example" not in page.content


@pytest.mark.parametrize("target", ELSEWHERE)
def test_signing_in_does_not_lead_elsewhere(target: str, people: Cast) -> None:
    answer = Client().post("/cuenta/entrar/", {"login": people.ana.email, "password": PASSWORD, "next": target})
    assert_ours(answer)


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_other_redirect_leads_elsewhere(target: str, ana: Client) -> None:
    assert_ours(ana.post("/mi-cuenta/apariencia/", {"theme": "dark", "next": target}))
    assert_ours(ana.post("/cuenta/confirmar/", {"password": PASSWORD, "next": target}))
    assert_ours(ana.post("/cuenta/salir/", {"next": target}))


def assert_ours(answer: Any) -> None:
    """A redirect to a path of this site, or no redirect."""
    if answer.status_code in {301, 302, 303, 307, 308}:
        location = answer["Location"]
        # A browser drops tabs and line ends, and takes a backslash for a slash: what follows the first slash must be neither.
        assert re.match(r"^/(?![/\\])", location) and not re.search(r"[\t\r\n\\]", location), location
    else:
        assert answer.status_code in {200, 400, 403}, answer.status_code


def test_our_own_address_is_followed(people: Cast) -> None:
    answer = Client().post("/cuenta/entrar/", {"login": people.ana.email, "password": PASSWORD, "next": "/mi-cuenta/"})
    assert answer["Location"] == "/mi-cuenta/"


@pytest.mark.parametrize("path", ["/cuenta/entrar/", "/salud/", "/no-existe/", "/mi-cuenta/"])
def test_every_answer_has_the_strict_headers(path: str, ana: Client) -> None:
    headers = ana.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "*" not in policy
    assert headers["X-Frame-Options"] == "DENY" and headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in headers["Cache-Control"]
    assert "Access-Control-Allow-Origin" not in headers


def test_the_session_cookie_is_out_of_reach_of_scripts(people: Cast) -> None:
    answer = Client().post("/cuenta/entrar/", {"login": people.ana.email, "password": PASSWORD})
    cookie = answer.cookies["sessionid"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"


def fresh(tmp_path: Path, code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Python with settings of its own: they are read once per process."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("RECAUDO_") or name.endswith("_DSN")}
    env |= {"RECAUDO_STATE": str(tmp_path), "DJANGO_SETTINGS_MODULE": "recaudo.project.settings", "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run([sys.executable, "-c", code], env=env | environment, capture_output=True, text=True, check=False, timeout=120)


CHECK = "import django; django.setup(); from django.core.management import call_command; call_command('check', deploy=True, fail_level='WARNING')"


def test_the_settings_behind_tls_pass_every_deployment_check(tmp_path: Path) -> None:
    found = fresh(tmp_path, CHECK, RECAUDO_HTTPS="true", RECAUDO_HOSTS="cobranza.example")
    assert found.returncode == 0, found.stderr
    plain = fresh(tmp_path, CHECK, RECAUDO_HTTPS="false", RECAUDO_HOSTS="cobranza.example")
    assert plain.returncode != 0, "the check sees no difference: it proves nothing"


def test_debug_is_off_unless_asked_for(tmp_path: Path) -> None:
    found = fresh(tmp_path, "from django.conf import settings; print(settings.DEBUG)")
    assert found.stdout.strip() == "False"


def test_each_installation_makes_secrets_of_its_own_and_keeps_them_to_itself(tmp_path: Path) -> None:
    show = "from django.conf import settings as s; import json; print(json.dumps([s.SECRET_KEY, s.FIELD_KEYS[1], s.BLIND_INDEX_KEY]))"
    one, again, other = (json.loads(fresh(tmp_path / name, show).stdout) for name in ("one", "one", "two"))
    assert one == again
    assert not set(one) & set(other)
    assert all(len(secret) >= 43 for secret in one) and len(set(one)) == 3
    for path in (tmp_path / "one" / "secrets").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "one" / "secrets").stat().st_mode) == 0o700


def test_an_error_page_and_the_log_give_no_secret_away(
    ana: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    from recaudo.workforce.views import me

    def broken(*args: Any, **kwargs: Any) -> None:
        secret_local = django_settings.SECRET_KEY  # noqa: F841  what a traceback with locals would show
        raise RuntimeError("se rompió por dentro")

    monkeypatch.setattr(me.queries, "staff", broken)
    ana.raise_request_exception = False
    with caplog.at_level(logging.DEBUG):
        answer = ana.get("/mi-cuenta/")
    page = answer.content.decode()
    assert answer.status_code == 500 and "Algo falló de nuestro lado" in page
    for secret in (django_settings.SECRET_KEY, django_settings.FIELD_KEYS[1], "se rompió por dentro", "Traceback"):
        assert secret not in page
    assert django_settings.SECRET_KEY not in caplog.text and "Traceback" in caplog.text


def test_the_log_of_signing_in_holds_no_password_and_no_token(people: Cast, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        client = Client()
        client.post("/cuenta/entrar/", {"login": people.ana.email, "password": "clave-que-no-debe-verse"})
        client.post("/cuenta/entrar/", {"login": people.ana.email, "password": PASSWORD})
        client.post("/cuenta/clave/recuperar/", {"email": people.ana.email})
    text = "\n".join(record.getMessage() for record in caplog.records if record.name != "django.db.backends")
    assert "clave-que-no-debe-verse" not in text and PASSWORD not in text
    assert not re.search(r"/clave/recuperar/[0-9A-Za-z]+-\S+", text)


SECRET_SHAPES = re.compile(
    r"-----BEGIN (?:RSA |EC |OPENSSH |)PRIVATE KEY-----|AKIA[0-9A-Z]{16}|ghp_[0-9A-Za-z]{36}|xox[abp]-[0-9A-Za-z-]{20,}"
    r"|SECRET_KEY\s*=\s*[\"'][^\"']{12,}[\"']"
)


def test_no_secret_is_in_the_repository() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout: nothing was committed from here")
    own = {path.read_text().strip() for path in (django_settings.STATE / "secrets").glob("*")}
    found = []
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        assert not re.search(r"(^|/)(\.env|secrets\.json|id_rsa|.*\.pem)$", name), name
        if path.is_file() and path.stat().st_size < 2_000_000 and path != Path(__file__).resolve():
            text = path.read_bytes().decode("utf-8", "ignore")
            if SECRET_SHAPES.search(text) or any(secret in text for secret in own):
                found.append(name)
    assert not found


def test_the_search_for_secrets_finds_one() -> None:
    assert SECRET_SHAPES.search("-----BEGIN " + "PRIVATE KEY-----")
    assert SECRET_SHAPES.search("SECRET" + "_KEY = 'abcdefghijklmnop'")
