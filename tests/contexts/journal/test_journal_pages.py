"""Carmen, the compliance officer, reads the journal, verifies its chain and takes it with her."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.test import Client
from tests.cast import NOW, Cast, make_cast

from recaudo.journal import queries, services
from recaudo.journal.forms import AREAS_ES
from recaudo.journal.models import Event
from recaudo.kernel.events import EVENTS
from recaudo.store import tenancy


def as_user(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="recaudo.workforce.backends.StaffBackend")
    return client


@pytest.fixture
def carmen(cast: Cast) -> Client:
    return as_user(cast.carmen)


def happen(cast: Cast, count: int, *, name: str = "account.changed", by: Any = None, **more: Any) -> list[Event]:
    return [
        services.record(name, by=by or cast.sofia, at=NOW + timedelta(seconds=n), subject="account", subject_id=more.get("subject_id"), n=n)
        for n in range(count)
    ]


def test_the_trail_is_paged_without_losing_or_repeating_a_record(cast: Cast, carmen: Client) -> None:
    written = happen(cast, 120)
    seen: list[Any] = []
    address = "/bitacora/?name=account.changed"
    for _ in range(5):
        page = carmen.get(address)
        seen += [event.id for event, _ in page.context["rows"]]
        if not page.context["next_cursor"]:
            break
        address = f"/bitacora/?name=account.changed&after={page.context['next_cursor']}"
    assert seen == [event.id for event in reversed(written)]


@pytest.mark.parametrize("cursor", ["x", "%00", "AAAA", "MjAyNi0xMS0yNHxub3BlCg=="])
def test_a_mangled_page_address_is_the_first_page(cursor: str, cast: Cast, carmen: Client) -> None:
    happen(cast, 1)
    assert carmen.get(f"/bitacora/?after={cursor}").status_code == 200


def test_filters_narrow_by_kind_person_subject_and_day(cast: Cast, carmen: Client) -> None:
    subject = uuid4()
    happen(cast, 2)
    happen(cast, 1, by=cast.ana, subject_id=subject)
    happen(cast, 1, name="payment.received", by=cast.ana)
    rows = lambda **given: len(carmen.get("/bitacora/", given).context["rows"])  # noqa: E731
    assert rows(name="account.changed") == 3
    assert rows(name="payment.") == 1
    assert rows(by=str(cast.ana.id)) == 2
    assert rows(subject=str(subject)) == 1
    assert rows(name="account.", day_from="2026-11-24", day_to="2026-11-24") == 3
    assert rows(name="account.", day_to="2026-11-23") == 0


def test_the_day_is_the_organisations_not_utc(cast: Cast, carmen: Client) -> None:
    # 03:00 UTC on the 25th is still the 24th in Mexico City.
    services.record("account.changed", by=cast.sofia, at=NOW.replace(hour=3) + timedelta(days=1))
    found = carmen.get("/bitacora/", {"name": "account.", "day_from": "2026-11-24", "day_to": "2026-11-24"})
    assert len(found.context["rows"]) == 1 and "24 nov 2026 21:00" in found.content.decode()


def test_a_record_shows_its_detail_and_what_else_happened_to_the_same_thing(cast: Cast, carmen: Client) -> None:
    subject = uuid4()
    first, second = happen(cast, 2, subject_id=subject)
    page = carmen.get(f"/bitacora/{first.id}/").content.decode()
    assert str(second.id) in page and "Cambió una cuenta" in page
    assert carmen.get(f"/bitacora/{uuid4()}/").status_code == 404


def test_another_organisations_record_does_not_exist(cast: Cast, carmen: Client) -> None:
    with tenancy.acting(cast.other_tenant.id):
        theirs = services.record("account.changed", by=cast.victor, at=NOW)
    assert carmen.get(f"/bitacora/{theirs.id}/").status_code == 404
    assert "Víctor" not in carmen.get("/bitacora/").content.decode()


def test_verifying_on_the_page_seals_and_says_so(cast: Cast, carmen: Client) -> None:
    happen(cast, 5)
    page = carmen.post("/bitacora/verificar/", follow=True).content.decode()
    assert "La cadena está íntegra" in page
    assert Event.objects.get(name="journal.verified").detail["is_whole"] is True


def test_what_is_taken_away_is_complete_harmless_and_itself_recorded(cast: Cast, carmen: Client) -> None:
    cast.sofia.name = "=cmd|' /C calc'!A0"
    happen(cast, 3)
    answer = carmen.post("/bitacora/exportar/?name=account.changed")
    assert answer["Content-Disposition"] == 'attachment; filename="bitacora.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 3 and all(row["quién"].startswith("'=") for row in rows)
    assert json.loads(rows[0]["detalle"]) == {"n": 2}
    assert Event.objects.get(name="list.exported").detail["rows"] == 3


def test_an_agent_has_no_journal(cast: Cast) -> None:
    assert as_user(cast.ana).get("/bitacora/").status_code == 403


def tampered(dsns: dict[str, Any], statement: str) -> None:
    """As somebody with the database in their hands: past row security, past the grants."""
    with psycopg.connect(**dsns["admin"], autocommit=True) as connection:
        connection.execute(statement)


CHANGES = {
    "changed": ("UPDATE journal_event SET by_name = 'Otro' WHERE chain_number = 3", 3),
    "moved in time": ("UPDATE journal_event SET created_at = created_at + interval '1 second' WHERE chain_number = 2", 2),
    "deleted in the middle": ("DELETE FROM journal_event WHERE chain_number = 4", 4),
    "reordered": ("UPDATE journal_event SET chain_number = CASE chain_number WHEN 2 THEN 3 ELSE 2 END WHERE chain_number IN (2, 3)", 2),
    "inserted twice": (
        "INSERT INTO journal_event SELECT recaudo_uuid7(), tenant_id, created_at, name, by_id, by_name, agency_id, subject, subject_id,"
        " detail, chain_number, hash FROM journal_event WHERE chain_number = 5", 5),
    "tail cut off": ("DELETE FROM journal_event WHERE chain_number >= 6", 6),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_each_way_of_altering_the_journal_is_found_at_its_first_record(change: str, own_database: dict[str, Any]) -> None:
    cast = make_cast()
    with tenancy.acting(cast.tenant.id):
        happen(cast, 8)
        services.anchor(at=NOW)
        assert queries.verify().is_whole
    statement, first = CHANGES[change]
    if change == "inserted twice":
        columns = "id, tenant_id, created_at, name, by_id, by_name, agency_id, subject, subject_id, detail, chain_number, hash"
        statement = statement.replace("INTO journal_event SELECT", f"INTO journal_event ({columns}) SELECT")
    tampered(own_database, statement)
    with tenancy.acting(cast.tenant.id):
        found = queries.verify()
    assert not found.is_whole
    # A cut tail is known by the anchor that was kept, which stands at the old end.
    assert found.broken_number == (8 if change == "tail cut off" else 6 if change == "inserted twice" else first)


def test_a_chain_written_anew_with_its_anchors_is_found_by_the_anchor_kept_outside(own_database: dict[str, Any]) -> None:
    cast = make_cast()
    with tenancy.acting(cast.tenant.id):
        happen(cast, 4)
        kept = services.anchor(at=NOW)
        assert kept is not None
        outside = {kept.chain_number: bytes(kept.hash)}
    tampered(
        own_database,
        "DELETE FROM journal_anchor; UPDATE journal_event SET by_name = 'Otro' WHERE chain_number = 1;"
        " UPDATE journal_event SET chain_number = NULL, hash = NULL",
    )
    with tenancy.acting(cast.tenant.id):
        services.seal(at=NOW)
        assert queries.verify().is_whole, "from inside, the forged chain looks sound"
        found = queries.verify(outside=outside)
    assert not found.is_whole and found.broken_number == kept.chain_number


def test_the_command_names_the_first_altered_record_and_exits_one(own_database: dict[str, Any]) -> None:
    from click.testing import CliRunner

    from recaudo.project.cli.journal import command

    cast = make_cast()
    with tenancy.acting(cast.tenant.id):
        happen(cast, 3)
    run = CliRunner()
    assert run.invoke(command, ["seal"]).exit_code == 0
    whole = run.invoke(command, ["verify", "--json"])
    assert whole.exit_code == 0 and all(answer["is_whole"] for answer in json.loads(whole.stdout))
    tampered(own_database, "UPDATE journal_event SET detail = '{}' WHERE chain_number = 2")
    broken = run.invoke(command, ["verify"])
    assert broken.exit_code == 1 and "ALTERADA en el registro nº 2" in broken.stdout


def test_an_anchor_is_taken_outside_and_checked_from_there(own_database: dict[str, Any], tmp_path: Any) -> None:
    from click.testing import CliRunner

    from recaudo.project.cli.journal import command

    cast = make_cast()
    with tenancy.acting(cast.tenant.id):
        happen(cast, 3)
    kept = tmp_path / "anclas.jsonl"
    run = CliRunner()
    assert run.invoke(command, ["anchor", "--export", str(kept)]).exit_code == 0
    assert json.loads(kept.read_text().splitlines()[0])["chain_number"] == 3
    assert run.invoke(command, ["verify", "--anchors", str(kept)]).exit_code == 0
    kept.write_text(kept.read_text().replace('"hash": "', '"hash": "00')[:-1])
    assert run.invoke(command, ["verify", "--anchors", str(kept)]).exit_code == 1


def test_every_area_of_the_journal_has_a_name_for_people() -> None:
    assert {name.split(".")[0] for name in EVENTS} == set(AREAS_ES)


def test_the_last_day_of_the_calendar_is_no_filter(cast: Cast, carmen: Client) -> None:
    assert carmen.get("/bitacora/", {"day_to": "9999-12-31"}).status_code == 200
