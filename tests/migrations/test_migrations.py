"""Schema changes: the models and the migrations say the same, each one can be taken back or says why not, none stops the work (check 15)."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections, migrations, models
from django.db.migrations.loader import MigrationLoader

from tests.conftest import ROOT
from tests.migrations.harness import HOT, LIMIT_SECONDS, ROWS, breaks_old_code, fill, watched

HERE = Path(__file__).parent
# app -> the last migration that a released installation has. Nothing is released yet: this is where the harness begins to watch.
BASELINE: dict[str, str] = json.loads((HERE / "baseline.json").read_text())
# Operations that cannot be taken back, and why.
ONE_WAY = {"PartitionByMonth": "made on an empty table as it is created; taking it back is dropping the table, which the step before does"}
# Changes whose first step was in an earlier release: (app, migration).
TWO_STEPS: set[tuple[str, str]] = set()
# Foreign keys that triggers check instead: what the database refused it still refuses, and no column becomes narrower. Or a condition that
# lets more kinds pass.
ONLY_LOOSER = {("portfolio", "0006_lean_keys"), ("casework", "0006_lean_cases"), ("flow", "0005_by_hand")}


def ours() -> dict[tuple[str, str], migrations.Migration]:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return {key: one for key, one in loader.graph.nodes.items() if one and type(one).__module__.startswith("recaudo.")}


def after_baseline() -> list[tuple[str, str]]:
    """Migrations that a released installation has yet to apply, in the order in which it would."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    known: set[tuple[str, str]] = set()
    for app, name in BASELINE.items():
        known |= set(loader.graph.forwards_plan((app, name)))
    plan = [key for leaf in sorted(loader.graph.leaf_nodes()) for key in loader.graph.forwards_plan(leaf)]
    return [key for key in dict.fromkeys(plan) if key not in known and key[0] in {app for app, _ in ours()}]


def test_the_models_and_the_migrations_say_the_same(db: Any) -> None:
    out = io.StringIO()
    try:
        call_command("makemigrations", check=True, dry_run=True, stdout=out, stderr=out)
    except SystemExit:
        pytest.fail(f"a model changed without a migration:\n{out.getvalue()}")


def test_the_baseline_names_migrations_that_exist_and_every_application() -> None:
    found = ours()
    assert not [entry for entry in BASELINE.items() if entry not in found], "squashed? record the new baseline"
    new = {app for app, _ in found} - BASELINE.keys()
    assert not new, f"applications without a baseline: {sorted(new)}"


def test_every_migration_can_be_taken_back_or_says_why_not() -> None:
    stuck = [
        (*key, type(operation).__name__)
        for key, one in ours().items() for operation in one.operations
        if not operation.reversible and type(operation).__name__ not in ONE_WAY
    ]  # fmt: skip
    assert not stuck


def test_every_new_migration_lets_yesterdays_code_run() -> None:
    found = ours()
    wrong = [f"{key}: {said}" for key in after_baseline() if key not in TWO_STEPS | ONLY_LOOSER
             for operation in found[key].operations if (said := breaks_old_code(operation))]  # fmt: skip
    assert not wrong, "\n".join(wrong)


PLANTED = {
    "a column old code does not fill": migrations.AddField("account", "x", models.IntegerField(default=1)),
    "a column taken away": migrations.RemoveField("account", "number"),
    "a column renamed": migrations.RenameField("account", "number", "numero"),
    "a table taken away": migrations.DeleteModel("account"),
    "a column that must now be filled": migrations.AlterField("account", "x", models.IntegerField()),
}
HARMLESS = [
    migrations.AddField("account", "x", models.IntegerField(null=True)), migrations.AddField("account", "x", models.IntegerField(db_default=1)),
    migrations.AddIndex("account", models.Index(fields=["id"], name="x")), migrations.RunSQL("SELECT 1", migrations.RunSQL.noop),
]  # fmt: skip


@pytest.mark.parametrize("fault", PLANTED)
def test_a_change_that_old_code_cannot_live_with_is_found(fault: str) -> None:
    assert breaks_old_code(PLANTED[fault])


def test_a_change_that_old_code_does_not_notice_is_let_through() -> None:
    assert not [operation for operation in HARMLESS if breaks_old_code(operation)]


@pytest.fixture
def full(own_database: dict[str, Any]) -> dict[str, Any]:
    """A database with many rows in every hot table, at the state of now."""
    with psycopg.connect(**own_database["admin"], autocommit=True) as admin:
        for table in HOT:
            fill(admin, table)
        assert admin.execute("SELECT count(*) FROM portfolio_account").fetchone() == (ROWS,)
    return own_database


def test_a_change_that_holds_a_busy_table_is_found_and_a_quick_one_passes(full: dict[str, Any]) -> None:
    def slow() -> None:
        with psycopg.connect(**full["owner"]) as owner:
            owner.execute("ALTER TABLE portfolio_account ADD COLUMN x uuid")
            owner.execute("SELECT pg_sleep(%s)", [LIMIT_SECONDS + 0.5])
            owner.rollback()

    def quick() -> None:
        with psycopg.connect(**full["owner"]) as owner:
            owner.execute("ALTER TABLE portfolio_account ADD COLUMN y integer DEFAULT 7 NOT NULL")

    assert set(watched(full["admin"], slow).too_long) == {"portfolio_account"}
    waits = watched(full["admin"], quick)
    assert not waits.too_long and set(waits.longest) == set(HOT)


APPLY = """
import sys
from recaudo.project.boot import boot
boot()
from django.core.management import call_command
for step in sys.argv[1:]:
    app, name = step.split(".")
    call_command("migrate", app, name, database="owner", verbosity=0)
"""


def apply(steps: list[tuple[str, str]]) -> None:
    """In a process of its own, as `recaudo up` of the new release would; it takes the database from the environment."""
    arguments = [f"{app}.{name}" for app, name in steps]
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", APPLY, *arguments], capture_output=True, text=True, check=False, cwd=ROOT / "src")
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.skipif(not after_baseline(), reason="no migration after the baseline yet: nothing to apply")
def test_no_new_migration_makes_people_wait(own_database: dict[str, Any]) -> None:
    from django.db import connection

    steps = after_baseline()
    with psycopg.connect(**own_database["admin"], autocommit=True) as admin:
        admin.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION recaudo_owner")
    connections.close_all()
    apply(list(BASELINE.items()))
    with psycopg.connect(**own_database["admin"], autocommit=True) as admin:
        for table in HOT:
            fill(admin, table)
    slow = {}
    for step in steps:
        waits = watched(own_database["admin"], lambda step=step: apply([step]))
        slow |= {(*step, table): seconds for table, seconds in waits.too_long.items()}
    connection.close()
    assert not slow
