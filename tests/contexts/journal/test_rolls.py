"""Permits and decisions over the law are sealed by batches: one altered, missing or added row is found and named."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner
from django.db import connection, transaction
from tests.cast import NOW, make_cast

from recaudo.casework.models import PermitRecord
from recaudo.flow.rolls import ROLLS
from recaudo.journal import queries, rolls, services
from recaudo.journal.models import Event, SealedBatch
from recaudo.project.cli.journal import command
from recaudo.store import tenancy
from recaudo.store.keys import uuid7


def permits(cast: Any, count: int, *, minutes: int = 0) -> list[UUID]:
    """Permits asked one second after the other, some of them refused."""
    rows = [
        PermitRecord(
            id=uuid7(), created_at=NOW, person_id=cast.maria.id, channel="call", purpose="collection", asked_at=NOW + timedelta(minutes=minutes, seconds=n),
            is_allowed=n % 3 > 0, rule="" if n % 3 else "MX-HOURS", reason="Ñandú: «fuera de horario»", lawbook_version="abc", libraries="tzdata 2026a", input="lo que se sabía",
            input_digest="0" * 64,
        )
        for n in range(count)
    ]  # fmt: skip
    PermitRecord.objects.bulk_create(rows)
    return [row.id for row in rows]


def sealed_world(count: int = 10) -> tuple[Any, list[UUID]]:
    cast = make_cast()
    with tenancy.acting(cast.tenant.id):
        ids = permits(cast, count)
        assert services.seal_rolls(at=NOW)["permit"] == count
        services.seal(at=NOW)
    return cast, ids


def verified(cast: Any) -> queries.Found:
    with tenancy.acting(cast.tenant.id):
        return queries.verify()


def test_rows_are_sealed_once_and_late_ones_with_the_next(cast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rolls, "BATCH", 4)
    permits(cast, 10)
    assert services.seal_rolls(at=NOW) == {"permit": 10} and services.seal_rolls(at=NOW) == {}
    late = permits(cast, 1, minutes=-30)  # committed after the others, with an earlier instant
    assert services.seal_rolls(at=NOW) == {"permit": 1}
    batches = list(SealedBatch.objects.order_by("number"))
    assert [len(one.ids) for one in batches] == [4, 4, 2, 1] and batches[3].ids == late
    assert [(one.detail["first"], one.detail["last"], one.detail["count"]) for one in Event.objects.filter(name="rolls.sealed").order_by("id")] == [(1, 3, 10), (4, 4, 1)]
    services.seal(at=NOW)
    found = queries.verify()
    assert found.is_whole and found.rows == 11


def test_what_removal_empties_is_not_part_of_the_digest_and_everything_else_is() -> None:
    assert {roll.name: sorted(roll.unsaid) for roll in ROLLS} == {"permit": ["input"], "law": [], "impact": []}
    assert "input_digest" in ROLLS[0].columns and "tenant_id" in ROLLS[0].columns


ALTERED = {
    "verdict": ("UPDATE casework_permitrecord SET is_allowed = NOT is_allowed WHERE id = %s", "fue alterado"),
    "one letter": ("UPDATE casework_permitrecord SET reason = replace(reason, 'Ñ', 'N') WHERE id = %s", "fue alterado"),
    "one microsecond": ("UPDATE casework_permitrecord SET valid_until = asked_at WHERE id = %s", "fue alterado"),
    "gone": ("DELETE FROM casework_permitrecord WHERE id = %s", "falta el registro"),
}


@pytest.mark.parametrize("how", ALTERED)
def test_one_altered_or_missing_row_is_found_and_named(own_database: Any, how: str) -> None:
    cast, ids = sealed_world()
    assert verified(cast).is_whole
    statement, said = ALTERED[how]
    with psycopg.connect(**own_database["admin"], autocommit=True) as admin:
        admin.execute(statement, [ids[6]])
    told = CliRunner().invoke(command, ["verify", "--json", "--tenant", cast.tenant.slug])
    answer = json.loads(told.stdout)[0]
    assert told.exit_code == 1 and answer["broken_id"] == str(ids[6]) and said in answer["reason"] and answer["broken_event"] is None
    plain = CliRunner().invoke(command, ["verify", "--tenant", cast.tenant.slug]).stdout
    assert str(ids[6]) in plain and "None" not in plain


def test_a_row_added_among_old_ones_is_found_and_named(own_database: Any) -> None:
    cast, ids = sealed_world()
    with psycopg.connect(**own_database["admin"], autocommit=True) as admin:
        columns = [row[0] for row in admin.execute("SELECT attname FROM pg_attribute WHERE attrelid = 'casework_permitrecord'::regclass AND attnum > 0").fetchall()]
        values = [{"id": "gen_random_uuid()", "asked_at": "asked_at - interval '3 hours'"}.get(name, name) for name in columns]
        added = admin.execute(f"INSERT INTO casework_permitrecord ({', '.join(columns)}) SELECT {', '.join(values)} FROM casework_permitrecord WHERE id = %s RETURNING id", [ids[0]]).fetchone()
    found = verified(cast)
    assert added and found.broken_id == added[0] and "se agregó después" in found.reason_es


def test_whoever_makes_the_batch_anew_cannot_make_the_chain_anew(own_database: Any) -> None:
    cast, ids = sealed_world()
    with psycopg.connect(**own_database["admin"], autocommit=True) as admin:
        admin.execute("UPDATE casework_permitrecord SET is_allowed = true WHERE id = %s", [ids[0]])
    with tenancy.acting(cast.tenant.id):
        batch, now = SealedBatch.objects.get(), [bytes(one) for one in rolls.digests(ROLLS[0], ids) if one]
    root = services.merkle.root(now)
    with psycopg.connect(**own_database["admin"], autocommit=True) as admin:
        admin.execute("UPDATE journal_sealedbatch SET hints = %s WHERE id = %s", [b"".join(one[:8] for one in now), batch.id])
        assert "la lista del lote" in verified(cast).reason_es
        admin.execute("UPDATE journal_sealedbatch SET root = %s WHERE id = %s", [root, batch.id])
        assert "no dan la raíz" in verified(cast).reason_es
        admin.execute("DELETE FROM journal_sealedbatch")
    assert "falta el lote 1" in verified(cast).reason_es


def test_removing_what_the_gate_knew_breaks_no_seal(own_database: Any) -> None:
    cast, ids = sealed_world()
    with psycopg.connect(**own_database["admin"], autocommit=True) as admin:
        admin.execute("UPDATE casework_permitrecord SET input = NULL WHERE id = ANY(%s)", [ids])
    assert verified(cast).is_whole


def test_the_application_cannot_change_a_batch(cast: Any) -> None:
    permits(cast, 2)
    services.seal_rolls(at=NOW)
    for statement in ("UPDATE journal_sealedbatch SET root = hints", "DELETE FROM journal_sealedbatch"):
        with pytest.raises(Exception) as caught, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert isinstance(caught.value.__cause__, psycopg.errors.InsufficientPrivilege)


def test_an_anchor_covers_the_rows_of_its_day(cast: Any) -> None:
    permits(cast, 3)
    made = services.anchor(at=NOW)
    told = Event.objects.get(name="rolls.sealed", detail__roll="permit")
    assert made and made.first_number <= told.chain_number <= made.chain_number
