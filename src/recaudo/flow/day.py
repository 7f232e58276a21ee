"""The collections day, from top to bottom:

    portfolio in -> facts -> decide -> comply -> allocate -> contact -> outcome -> measure

A second run of the same day changes nothing; one that was killed is resumed. Each step is one transaction.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime, timedelta
from importlib import import_module
from typing import Any

from django.conf import settings

from recaudo.agreements import services as agreements
from recaudo.casework import services as casework
from recaudo.engine.comply import lawbook
from recaudo.flow.models import Run
from recaudo.flow.queries import facts, reach, scores
from recaudo.flow.queries.limits import limits_on
from recaudo.flow.queries.pace import calls_per_hour
from recaudo.flow.services import arms, contact, escalations, experiments, hours, plan, runs
from recaudo.kernel.time import day_at
from recaudo.law import queries as law
from recaudo.portfolio import services as portfolio
from recaudo.strategy import queries as strategy
from recaudo.strategy.models import StrategyVersion
from recaudo.strategy.services import put_due_in_force, start_due_experiments, watch
from recaudo.workforce import queries as workforce
from recaudo.workforce.models import Tenant

REMIND_DAYS = 31  # how long before the due day a reminder may belong to a case
STEPS = ("saldos", "promesas", "casos", "hechos", "decidir", "norma", "capacidad", "gestiones", "foto")


def run_day(
    tenant: Tenant, *, on: date, by: Any, at: datetime, clock: Callable[[], datetime], progress: runs.Progress | None = None
) -> Run:
    """Run the day `on` of a tenant. Call outside a transaction: each step commits.

    by, at     who asked, and when; `clock` tells the time at which the run ends
    Returns    the finished run (the earlier one when the day was already run)
    Raises     NoStrategy, NoPortfolio, NoCapacity, DayIsRunning, StrategyNotSound ...; the run is marked failed and says why
    """
    with runs.exclusive(tenant.id, on):
        run = runs.begin(tenant.id, on=on, by=by, at=at)
        if run.status == "finished":
            return run
        try:
            _steps(tenant, run, by, progress)
        except Exception as problem:
            runs.fail(run, problem=problem, by=by, at=clock())
            raise
        return runs.finish(run, by=by, at=clock())


def _steps(tenant: Tenant, run: Run, by: Any, progress: runs.Progress | None) -> None:
    on, at, counts = run.on, run.started_at, run.counts
    folder = settings.STATE / "tmp" / f"day-{run.id}"
    with facts.workspace(folder) as db, runs.Steps(run, len(STEPS), progress) as step:
        ready = step.beside("norma", _get_ready)
        with step("saldos"):
            counts["buckets"] = portfolio.accrue(on=on, by=by, at=at).accounts
        with step("promesas"):
            counts["promises"] = asdict(agreements.judge_promises(on=on, by=by, at=at))
        # Nothing before the actions reads cases: they are worked through beside the facts and the decisions.
        cases = step.beside("casos", lambda: _cases(on, by, at), writes=True)
        with step("hechos"):
            version = _in_force(on, by, at)
            capacity, limits = workforce.capacity_on(on), limits_on(on, tenant)
            counts["accounts"] = facts.gather(db, tenant=str(tenant.id), on=on, at=at, usd_rates=plan.usd_rates(tenant))
            plan.require(accounts=counts["accounts"], capacity=capacity)
            counts["models"] = scores.add_scores(db, on=on)
            counts["reach_model"] = reach.add_reach(db, tenant=tenant, at=at)
        with step("decidir"):
            run.version_id = version.id
            checked = step.beside("decidir", plan.decide_all(db, xml=version.xml.encode(), seed=on.toordinal()))
            counts["drawn"], counts["arms"] = arms.apply(db, champion=version, on=on, by=by, at=at)
            counts["treatments"] = plan.treatments(db)
        with step("norma"):
            ready.result()
            rules = law.rules()
            run.lawbook_version = rules.version[:16]
            counts["refused_by_rule"] = plan.ask_the_law(db, rules=rules, tenant=tenant, on=on, at=at)
        with step("capacidad"):
            counts.update(plan.fit_capacity(db, capacity=capacity, limits=limits))
            counts["hours"] = hours.fit_hours(db, rules=rules, tenant=tenant, on=on, at=at)
            facts.forget(db, "point", "consent", "hold")
            counts["calls_per_hour"] = calls_per_hour(at=at)
        checked.result()
        counts.update(cases.result())
        photo = folder / "accounts.parquet"
        pictured = step.beside("foto", lambda: plan.draft(db.cursor(), photo))
        with step("gestiones"):
            ends = day_at(on + timedelta(days=1), tenant.zone)
            counts["actions_opened"] = contact.open_actions(
                db, run, at=at, expires_at=ends, lawbook_version=run.lawbook_version, by=by, prepared_by_id=version.decided_by_id
            )
            counts["escalated"] = escalations.escalate(on=on, by=by, at=at)
        with step("foto"):
            plan.keep(photo, rows=pictured.result(), run=run, version=version, by=by, at=at)
            counts["accounts_by_outcome"] = plan.outcomes(db)
            counts["score_alerts"] = watch.watch(on=on, by=by, at=at)
            counts["experiments_measured"] = experiments.measure_all(tenant, on=on, by=by, at=at)
    shutil.rmtree(folder, ignore_errors=True)


def _get_ready() -> None:
    """What takes a second the first time in a process, read while the database rolls the accounts: the lawbook, the solver's library."""
    lawbook()
    import_module("scipy.optimize")


def _in_force(on: date, by: Any, at: datetime) -> StrategyVersion:
    """The version that decides the day, after what was to begin with it has begun: versions and experiments."""
    put_due_in_force(on=on, by=by, at=at)
    start_due_experiments(on=on, by=by, at=at)
    return strategy.active_version()


def _cases(on: date, by: Any, at: datetime) -> dict[str, int]:
    found = casework.review_cases(on=on, by=by, at=at, due_within_days=REMIND_DAYS)
    return {"cases_opened": found.opened, "cases_closed": found.closed, "actions_expired": casework.expire_actions(by=by, at=at)}
