"""The day as a whole: it runs once, says what it lacks, and survives being killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from tests.cast import TODAY
from tests.conftest import ROOT
from tests.contexts.flow.worlds import put_in_force, ready, run

from recaudo.casework.models import Action, Wave
from recaudo.casework.services import SENT_CHANNELS
from recaudo.flow.models import Run
from recaudo.flow.queries import runs
from recaudo.flow.services.plan import NoCapacity, NoPortfolio
from recaudo.journal.models import Event
from recaudo.portfolio.models import Account
from recaudo.store.tenancy import acting
from recaudo.strategy import queries as strategy
from recaudo.strategy.models import StrategyVersion
from recaudo.workforce.models import Capacity

KILLED = """
import os, signal, sys
from recaudo.project.boot import boot
boot()
from django.conf import settings
from datetime import date, datetime
from recaudo.flow import day
from recaudo.flow.services import {module}
from recaudo.journal.services import SYSTEM
from recaudo.workforce.models import Tenant
settings.STATE = __import__("pathlib").Path(sys.argv[2])
settings.STORAGES["snapshots"]["OPTIONS"]["location"] = settings.STATE / "snapshots"
whole = {module}.{function}
def killed(*args, **kwargs):
    {before}
    os.kill(os.getpid(), signal.SIGKILL)
{module}.{function} = killed
at = datetime.fromisoformat(sys.argv[3])
day.run_day(Tenant.objects.get(pk=sys.argv[1]), on=at.date(), by=SYSTEM, at=at, clock=lambda: at)
"""


def facts_of(cast: Any) -> dict[str, Any]:
    with acting(cast.tenant.id):
        return {
            "actions": sorted(Action.objects.values_list("id", "status", "channel", "not_before_at")),
            "waves": sorted(Wave.objects.values_list("id", "status", "action_count")),
            "accounts": sorted(Account.objects.values_list("id", "dpd", "bucket", "overdue_minor")),
            "runs": sorted(Run.objects.values_list("id", "status")),
            "snapshots": sorted(strategy.snapshots().values_list("id", "sha256")),
            "events": Event.objects.count(),
        }


def test_a_second_run_of_the_same_day_changes_nothing(own_database: Any, tmp_state: Any) -> None:
    cast = ready()
    first = run(cast)
    before = facts_of(cast)
    assert first.status == "finished" and before["actions"]
    again = run(cast)
    assert again.id == first.id
    assert facts_of(cast) == before


def test_the_keys_and_waves_of_actions_are_those_that_the_database_derives(own_database: Any, tmp_state: Any) -> None:
    cast = ready()
    done = run(cast)
    with acting(cast.tenant.id), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE a.id = recaudo_derived(%s, a.tenant_id::text, 'action', a.account_id::text)),"
            " count(*) FILTER (WHERE a.channel = ANY(%s) AND w.channel IS DISTINCT FROM a.channel)"
            " FROM casework_action a LEFT JOIN casework_wave w ON w.id = a.wave_id WHERE a.run_id = %s",
            [done.on, list(SENT_CHANNELS), done.id],
        )
        actions, derived, astray = cursor.fetchone()
        waves = list(Wave.objects.all())
        approved_by = StrategyVersion.objects.get(status="active").decided_by_id
    assert actions == derived > 0 and astray == 0
    assert waves and sum(wave.action_count for wave in waves) <= actions
    # Nobody ran this day by hand: whoever approved its strategy answers for it, and somebody else releases.
    assert approved_by is not None and {wave.prepared_by_id for wave in waves} == {approved_by}


def test_the_funnel_adds_up_to_the_actions_opened(own_database: Any, tmp_state: Any) -> None:
    cast = ready()
    done = run(cast)
    with acting(cast.tenant.id):
        figures = runs.figures(done)
        opened = Action.objects.filter(run_id=done.id).count()
    assert figures.accounts == 4 == sum(figures.outcomes.values())
    assert figures.stages[-1][1] == figures.opened == opened > 0
    assert [stage[1] for stage in figures.stages] == sorted((stage[1] for stage in figures.stages), reverse=True)


def test_a_day_without_strategy_capacity_or_portfolio_says_so_and_leaves_yesterday(own_database: Any, tmp_state: Any) -> None:
    cast = ready()
    run(cast, TODAY - timedelta(days=1))
    yesterday = facts_of(cast)

    with acting(cast.tenant.id):
        StrategyVersion.objects.update(status="retired")
    with pytest.raises(strategy.NoStrategy, match="estrategia en vigor"):
        run(cast)
    with acting(cast.tenant.id):
        StrategyVersion.objects.update(status="active")
        kept = list(Capacity.objects.all())
        Capacity.objects.all().delete()
    with pytest.raises(NoCapacity, match="capacidad"):
        run(cast)
    with acting(cast.tenant.id):
        Capacity.objects.bulk_create(kept)
        Account.objects.update(status="recalled")
    with pytest.raises(NoPortfolio, match="cartera"):
        run(cast)

    now = facts_of(cast)
    assert {status for _, status in now["runs"]} == {"finished", "failed"}
    assert now["snapshots"] == yesterday["snapshots"]
    kept_ids = {action[0] for action in yesterday["actions"]}
    assert kept_ids == {action[0] for action in now["actions"]}
    with acting(cast.tenant.id):
        failed = Run.objects.filter(status="failed").order_by("id")
        assert [one.step for one in failed] == ["hechos"] * 3
        assert all(one.problem for one in failed)


def test_a_table_that_is_not_sound_stops_the_day_before_anybody_is_contacted(own_database: Any, tmp_state: Any) -> None:
    cast = ready(with_strategy=False)
    with acting(cast.tenant.id):
        put_in_force(cast)
        version = StrategyVersion.objects.get(status="active")
        version.xml = version.xml.replace("<text>risk_score</text>", "<text>risk_score +</text>", 1)
        version.save(update_fields=["xml"])
    with pytest.raises(Exception, match="risk_score"):
        run(cast)
    with acting(cast.tenant.id):
        failed = Run.objects.get()
        assert (failed.status, failed.step) == ("failed", "decidir")
        assert not Action.objects.exists() and not Wave.objects.exists()


def dies(interrupted: Run) -> bool:
    """Whether nobody holds the run, as soon as the server has noticed that the killed process is gone (at most 15 seconds)."""
    end = time.monotonic() + 15
    while runs.is_alive(interrupted) and time.monotonic() < end:
        time.sleep(0.05)
    return not runs.is_alive(interrupted)


@pytest.mark.parametrize(
    ("module", "function", "before", "step", "already"),
    [
        ("contact", "open_actions", "whole(*args, **kwargs)", "gestiones", 0),  # written, not committed: the server takes it back
        ("plan", "keep", "pass", "foto", None),  # the actions stand, the snapshot does not
    ],
    ids=["in-the-actions", "before-the-snapshot"],
)
def test_a_killed_day_resumes_and_opens_each_action_once(
    own_database: Any, tmp_state: Any, module: str, function: str, before: str, step: str, already: int | None
) -> None:
    cast = ready()
    script = KILLED.format(module=module, function=function, before=before)
    environment = {
        **os.environ, "RECAUDO_APP_DSN": json.dumps(own_database["app"]), "RECAUDO_OWNER_DSN": json.dumps(own_database["owner"]),
        "PYTHONPATH": str(ROOT / "src"),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, str(cast.tenant.id), str(tmp_state), cast.now.isoformat()],
        env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == -9, done.stderr[-2000:]
    with acting(cast.tenant.id):
        interrupted = Run.objects.get()
        assert (interrupted.status, interrupted.step) == ("running", step)
        assert dies(interrupted)
        left = set(Action.objects.values_list("id", flat=True))
        assert not left if already == 0 else left

    resumed = run(cast)

    assert resumed.id == interrupted.id and resumed.status == "finished"
    with acting(cast.tenant.id):
        opened = list(Action.objects.values_list("id", "account_id"))
        assert left <= {key for key, _ in opened}
        assert len({account for _, account in opened}) == len(opened) == sum(resumed.counts["actions_opened"].values()) > 0
        assert sum(Wave.objects.values_list("action_count", flat=True)) == Action.objects.exclude(wave_id=None).count()
        assert strategy.snapshots().count() == 1
