"""The product is not shown to a network by accident, and nobody fills its disk."""

from __future__ import annotations

import io
import stat
from pathlib import Path
from typing import Any

import click
import pytest
from django.conf import settings as django_settings
from django.core.files.uploadhandler import FileUploadHandler
from django.test import Client
from tests.cast import PASSWORD, Cast, make_cast

from recaudo.project import middleware
from recaudo.project.cli import up

OUTSIDE = ["0.0.0.0", "::", "[::]", "192.168.1.20", "10.0.0.1", "recaudo.example", ""]
INSIDE = ["127.0.0.1", "127.0.0.2", "::1", "[::1]", "localhost"]


@pytest.mark.parametrize("host", OUTSIDE)
def test_the_demo_is_not_served_to_a_network(host: str, db: Any) -> None:
    with pytest.raises(click.ClickException, match="contraseña es pública"):
        up.refuse_demo(host, is_demo=True)


def test_a_demo_that_is_there_already_is_not_served_to_a_network_either(db: Any) -> None:
    people = make_cast()
    up.refuse_demo("0.0.0.0", is_demo=False)
    people.tenant.settings = {"is_demo": True}
    people.tenant.name = "Otro nombre"
    people.tenant.save()
    with pytest.raises(click.ClickException, match="contraseña es pública"):
        up.refuse_demo("0.0.0.0", is_demo=False)


@pytest.mark.parametrize("host", OUTSIDE)
def test_pages_are_served_to_a_network_only_behind_tls(host: str, settings: Any) -> None:
    settings.HTTPS = False
    with pytest.raises(click.ClickException, match="sin HTTPS"):
        up.refuse_plain(host)
    settings.HTTPS = True
    up.refuse_plain(host)


@pytest.mark.parametrize("host", INSIDE)
def test_this_machine_is_served_as_it_is(host: str, db: Any, settings: Any) -> None:
    settings.HTTPS = False
    up.refuse_plain(host)
    up.refuse_demo(host, is_demo=True)


class Taking(FileUploadHandler):
    """Notes that a file began to be read."""

    began: list[str] = []

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        self.began.append("file")
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


@pytest.fixture
def people(db: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """A product whose limits are small, so that large is quick."""
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000
    settings.MAX_UPLOAD_BYTES = 50_000
    monkeypatch.setattr(middleware, "LARGEST_BODY", 10_000)
    settings.FILE_UPLOAD_HANDLERS = [f"{__name__}.Taking"]
    Taking.began.clear()
    return make_cast()


def send(client: Client, path: str, size: int) -> int:
    return client.post(path, {"file": io.BytesIO(b"x" * size)}).status_code


def signed_in(person: Any) -> Client:
    client = Client()
    assert client.post("/cuenta/entrar/", {"login": person.email, "password": PASSWORD}).status_code == 302
    return client


@pytest.mark.parametrize("path", ["/cuenta/entrar/", "/cargas/nueva/", "/api/payments", "/baja/x/", "/invitacion/x/", "/nada/"])
def test_a_stranger_cannot_leave_a_large_body(path: str, people: Cast) -> None:
    assert send(Client(), path, 5_000) == 413
    assert not Taking.began


def test_large_files_are_for_who_loads_files_and_only_there(people: Cast) -> None:
    assert send(signed_in(people.raul), "/cargas/nueva/", 40_000) == 200
    assert Taking.began
    Taking.began.clear()
    assert send(signed_in(people.raul), "/cargas/nueva/", 70_000) == 413
    assert send(signed_in(people.raul), "/mi-cuenta/apariencia/", 40_000) == 413
    assert send(signed_in(people.ana), "/cargas/nueva/", 40_000) == 413
    assert not Taking.began


@pytest.mark.parametrize("announced", ["-1", "abc", "", "9" * 400, "٣"])
def test_a_strange_length_is_no_way_around(announced: str, people: Cast) -> None:
    client = Client(raise_request_exception=False)
    answer = client.generic("POST", "/cuenta/entrar/", b"", CONTENT_LENGTH=announced, content_type="multipart/form-data; boundary=x")
    assert answer.status_code < 500


def test_the_limits_hold_what_people_really_send() -> None:
    from recaudo.engine.decide.reader import MAX_BYTES as strategy_bytes
    from recaudo.portfolio.services.documents import MAX_BYTES as paper_bytes

    assert max(strategy_bytes, paper_bytes) < middleware.LARGEST_BODY
    assert django_settings.MAX_UPLOAD_BYTES >= middleware.LARGEST_BODY


def test_other_users_of_the_machine_cannot_look_into_the_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from recaudo.project import settings as module

    monkeypatch.setattr(module, "STATE", tmp_path)
    (tmp_path / "mail").mkdir(mode=0o755)
    for name in ("mail", "files", "snapshots", "tmp"):
        assert stat.S_IMODE(module.private(name).stat().st_mode) == 0o700
