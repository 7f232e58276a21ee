"""Signed anchors: what the owner of the database cannot forge, and what is found by the files kept outside (check 34)."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from django.test import Client
from tests.cast import NOW, Cast, make_cast

from recaudo.journal import anchors, merkle, queries, services, signing, views
from recaudo.journal.chain import GENESIS, event_hash
from recaudo.journal.models import Event, Verification
from recaudo.project.cli.journal import command
from recaudo.store import tenancy


def happen(cast: Any, count: int, *, start: int = 0) -> None:
    for number in range(start, start + count):
        services.record("account.changed", by=cast.sofia, at=NOW + timedelta(seconds=number), subject="account", n=number)


def as_owner(dsns: dict[str, Any], statement: str, values: Any = None) -> None:
    with psycopg.connect(**dsns["admin"], autocommit=True) as admin:
        admin.execute(statement, values)


def rewrite(dsns: dict[str, Any], cast: Any) -> None:
    """Every seal right again after a change of record 2, as somebody would who read this program."""
    with tenancy.acting(cast.tenant.id):
        events = list(Event.objects.exclude(hash=None).order_by("chain_number"))
    previous = GENESIS
    for number, event in enumerate(events, start=1):
        event.by_name = "Otra persona" if number == 2 else event.by_name
        previous = event_hash(previous, event, number)
        as_owner(dsns, "UPDATE journal_event SET by_name = %s, hash = %s WHERE id = %s", [event.by_name, previous, event.id])


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13])
def test_every_leaf_of_a_tree_climbs_to_its_root_and_no_other(count: int) -> None:
    seals = [bytes([n]) * 32 for n in range(count)]
    tree = merkle.levels(seals)
    for index, seal in enumerate(seals):
        steps = merkle.path(tree, index)
        assert merkle.climb(seal, steps) == merkle.root(seals)
        assert merkle.climb(b"\xff" * 32, steps) != merkle.root(seals)


def test_an_anchor_is_signed_and_says_what_came_before(cast: Cast) -> None:
    happen(cast, 3)
    first = services.anchor(at=NOW)
    happen(cast, 2, start=3)
    second = services.anchor(at=NOW + timedelta(days=1))
    assert first and second
    assert anchors.is_signed(first) and anchors.is_signed(second)
    assert (first.first_number, first.chain_number) == (1, 3)
    assert (second.first_number, second.chain_number) == (4, 6), "the line that told of the first anchor is in the second"
    assert second.previous_digest == anchors.digest(first)
    second.chain_number = 5
    assert not anchors.is_signed(second)


def test_nothing_happened_means_no_anchor_but_a_day_with_an_anchor_is_itself_anchored(cast: Cast) -> None:
    assert services.anchor(at=NOW) is None
    happen(cast, 1)
    assert services.anchor(at=NOW) is not None
    assert services.anchor(at=NOW + timedelta(days=1)) is not None


def test_another_installation_cannot_sign(cast: Cast, settings: Any) -> None:
    happen(cast, 2)
    made = services.anchor(at=NOW)
    assert made and queries.verify().is_whole
    settings.SIGNING_KEY = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
    assert not anchors.is_signed(made)
    found = queries.verify()
    assert not found.is_whole and found.broken_number == 2 and "no lleva la firma" in found.reason_es


def test_the_signing_key_must_be_one(settings: Any) -> None:
    settings.SIGNING_KEY = "corta"
    with pytest.raises(signing.BadSigningKey):
        signing.sign(b"x")


def test_rewritten_anchors_are_found_inside_and_removed_ones_outside(own_database: dict[str, Any], tmp_path: Path) -> None:
    cast = make_cast()
    run = CliRunner()
    with tenancy.acting(cast.tenant.id):
        happen(cast, 4)
    assert run.invoke(command, ["anchors", "--out", str(tmp_path)]).exit_code == 0
    assert run.invoke(command, ["verify", "--anchors", str(tmp_path)]).exit_code == 0
    rewrite(own_database, cast)
    as_owner(own_database, "UPDATE journal_anchor a SET hash = e.hash FROM journal_event e WHERE e.chain_number = a.chain_number AND e.tenant_id = a.tenant_id")  # fmt: skip
    told = run.invoke(command, ["verify", "--json", "--tenant", cast.tenant.slug])
    assert told.exit_code == 1 and "no lleva la firma" in json.loads(told.stdout)[0]["reason"]
    as_owner(own_database, "DELETE FROM journal_anchor")
    with tenancy.acting(cast.tenant.id):
        assert queries.verify().is_whole, "inside the database nothing gives it away any more"
    told = run.invoke(command, ["verify", "--json", "--tenant", cast.tenant.slug, "--anchors", str(tmp_path)])
    answer = json.loads(told.stdout)[0]
    assert told.exit_code == 1 and answer["broken_number"] == 4 and answer["broken_event"] == "account.changed"


def test_a_cut_tail_with_its_anchor_is_found_outside(own_database: dict[str, Any], tmp_path: Path) -> None:
    cast = make_cast()
    run = CliRunner()
    with tenancy.acting(cast.tenant.id):
        happen(cast, 4)
    run.invoke(command, ["anchors", "--out", str(tmp_path)])
    as_owner(own_database, "DELETE FROM journal_anchor; DELETE FROM journal_event WHERE chain_number > 2 OR chain_number IS NULL")
    with tenancy.acting(cast.tenant.id):
        assert queries.verify().is_whole
    told = run.invoke(command, ["verify", "--anchors", str(tmp_path)])
    assert told.exit_code == 1 and "faltan registros sellados" in told.stdout


def test_an_anchor_file_that_was_changed_is_named(own_database: dict[str, Any], tmp_path: Path) -> None:
    cast = make_cast()
    run = CliRunner()
    with tenancy.acting(cast.tenant.id):
        happen(cast, 4)
    run.invoke(command, ["anchors", "--out", str(tmp_path)])
    file = next(tmp_path.glob("ancla-*.json"))
    says = json.loads(file.read_text())
    says["instante"] = "2020-01-01T00:00:00+00:00"
    file.write_text(json.dumps(says))
    told = run.invoke(command, ["verify", "--anchors", str(tmp_path)])
    assert told.exit_code == 1 and file.name in told.stdout
    file.write_text("{")
    assert run.invoke(command, ["verify", "--anchors", str(tmp_path)]).exception is not None


def test_the_key_is_shown_by_the_command(own_database: dict[str, Any]) -> None:
    told = CliRunner().invoke(command, ["key", "--json"])
    says = json.loads(told.stdout)
    assert says["fingerprint"] == signing.fingerprint() and "BEGIN PUBLIC KEY" in says["pem"]


def as_user(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="recaudo.workforce.backends.StaffBackend")
    return client


def test_the_page_gives_every_anchor_as_a_file_that_verifies(cast: Cast, tmp_path: Path) -> None:
    happen(cast, 3)
    client = as_user(cast.carmen)
    answer = client.post("/bitacora/anclas/exportar/")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path)
    assert "clave-publica.pem" in names and len(names) == 2
    outside = anchors.read(tmp_path, tenant=str(cast.tenant.id))
    assert outside[0].is_signed and queries.verify(outside=anchors.compared(outside)).is_whole
    page = client.get("/bitacora/anclas/").content.decode()
    assert signing.fingerprint() in page and "firmada" in page
    assert as_user(cast.ana).get("/bitacora/anclas/").status_code == 403


def test_a_long_chain_is_verified_by_a_job_that_says_how_far_it_is(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    happen(cast, 12)
    monkeypatch.setattr(views, "WHILE_WAITING", 5)
    client = as_user(cast.carmen)
    asked = []
    monkeypatch.setattr(views.tasks.verify, "defer", lambda **given: asked.append(given))
    page = client.post("/bitacora/verificar/", follow=True)
    assert "Recalculando la cadena" in page.content.decode() and len(asked) == 1
    row = Verification.objects.get()
    monkeypatch.setattr(services, "SEAL_BATCH", 1)
    views.tasks.verify(**asked[0])
    row.refresh_from_db()
    assert row.status == "whole" and row.checked == row.total == 13, "twelve and the sign-in"
    assert Event.objects.get(name="journal.verified").by_id == cast.carmen.id
    state = client.get(f"/bitacora/verificaciones/{row.id}/estado/").content.decode()
    assert "íntegra" in state and "13 registros" in state


def test_a_verification_that_could_not_end_says_so_and_stops_waiting(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    happen(cast, 3)
    row = services.ask_verification(by=cast.carmen, at=NOW)
    monkeypatch.setattr(queries.Walk, "step", lambda walk: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        services.verify_on(row.id, by=cast.carmen, clock=lambda: NOW, tenant=cast.tenant.id)
    state = as_user(cast.carmen).get(f"/bitacora/verificaciones/{row.id}/estado/").content.decode()
    assert "No pudo terminarse" in state and "hx-trigger" not in state


def test_a_broken_chain_shows_its_record_on_the_page(own_database: dict[str, Any]) -> None:
    cast = make_cast()
    with tenancy.acting(cast.tenant.id):
        happen(cast, 5)
        services.seal(at=NOW)
    as_owner(own_database, "UPDATE journal_event SET by_name = 'Otra' WHERE chain_number = 3")
    with tenancy.acting(cast.tenant.id):
        row = services.ask_verification(by=cast.carmen, at=NOW)
    row = services.verify_on(row.id, by=cast.carmen, clock=lambda: NOW, tenant=cast.tenant.id)
    assert (row.status, row.broken_number) == ("broken", 3)
