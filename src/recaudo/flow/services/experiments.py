"""The result of an experiment, measured from what happened: who paid, what it cost, whose comparison was broken.

A person counts in the arm they were drawn for when their time is over, whatever happened to them (intention to treat). Money is
compared in the currency of the debts when there is one, else in US dollars at the organisation's rates.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
from django.conf import settings

from recaudo.engine import experiment as engine
from recaudo.flow.queries import facts as read
from recaudo.flow.queries.facts import arrow
from recaudo.flow.queries.facts import run as execute
from recaudo.flow.queries.limits import unit_costs
from recaudo.flow.services.plan import usd_rates
from recaudo.store import tenancy
from recaudo.store.arrow import reader
from recaudo.strategy import queries as strategy
from recaudo.strategy import services
from recaudo.strategy.models import Experiment
from recaudo.workforce.models import Tenant

METRICS = ("paid", "recovered", "net")
MOST_LOOKS = 90
PLANNED_DAYS = 62  # an action's row is made up to so long before it happens
SOURCES: dict[str, str] = {
    "member": """SELECT person_id, arm, enrolled_on, baseline_minor, currency, contaminated FROM strategy_experimentmember
                 WHERE tenant_id = {tenant} AND experiment_id = {experiment}""",
    "payment": """SELECT a.holder_id AS person_id, p.paid_on, p.amount_minor, p.currency FROM portfolio_payment p
                  JOIN portfolio_account a ON a.id = p.account_id AND a.tenant_id = {tenant}
                  WHERE p.tenant_id = {tenant} AND p.status = 'applied' AND p.paid_on >= {since}""",
    "touch": """SELECT person_id, channel, purpose, agency_id IS NOT NULL AS is_agency, is_attempt, is_contact, (occurred_at AT TIME ZONE {zone})::date AS happened_on
                FROM casework_action WHERE tenant_id = {tenant} AND direction = 'out' AND channel <> 'system' AND occurred_at >= {since}
                AND created_at >= {oldest}""",
    "promise": """SELECT a.holder_id AS person_id, (m.created_at AT TIME ZONE {zone})::date AS made_on FROM agreements_promise m
                  JOIN portfolio_account a ON a.id = m.account_id AND a.tenant_id = {tenant}
                  WHERE m.tenant_id = {tenant} AND m.created_at >= {since}""",
    "placed": """SELECT a.holder_id AS person_id, p.from_on FROM portfolio_placement p JOIN portfolio_account a ON a.id = p.account_id AND a.tenant_id = {tenant}
                 WHERE p.tenant_id = {tenant} AND p.agency_id IS NOT NULL AND p.from_on >= {since}""",
    "merged": "SELECT id AS person_id, merged_into_id AS into_id FROM portfolio_person WHERE tenant_id = {tenant} AND merged_into_id IS NOT NULL",
}  # fmt: skip
BROKEN = """
SELECT m.person_id::VARCHAR, 'merged', $on FROM member m JOIN (SELECT person_id FROM merged UNION SELECT into_id FROM merged) x USING (person_id)
UNION ALL
SELECT m.person_id::VARCHAR, 'placed', min(p.from_on) FROM member m JOIN placed p USING (person_id)
WHERE p.from_on >= m.enrolled_on AND p.from_on < m.enrolled_on + $days GROUP BY 1
UNION ALL
SELECT m.person_id::VARCHAR, 'contacted', min(t.happened_on) FROM member m JOIN touch t USING (person_id)
WHERE list_contains($holdouts, m.arm) AND t.is_attempt AND NOT t.is_agency AND t.purpose = 'collection'
  AND t.happened_on >= m.enrolled_on AND t.happened_on < m.enrolled_on + $days GROUP BY 1
"""
# One row per person who is followed: whose record was merged away has no outcome of their own.
SEEN = """
CREATE TABLE seen AS
WITH whole AS (
  SELECT m.*, r.usd, m.enrolled_on + $days AS over_on FROM member m LEFT JOIN rate r USING (currency)
  WHERE m.person_id NOT IN (SELECT person_id FROM merged)),
money AS (
  SELECT w.person_id, sum(p.amount_minor) FILTER (p.currency = w.currency) AS same_minor,
         sum(p.amount_minor * x.usd) AS usd_minor, count(*) AS payments
  FROM whole w JOIN payment p ON p.person_id = w.person_id AND p.paid_on >= w.enrolled_on AND p.paid_on < w.over_on
  LEFT JOIN rate x ON x.currency = p.currency GROUP BY 1),
worked AS (
  SELECT w.person_id, count(*) FILTER (t.is_attempt) AS attempts, count(*) FILTER (t.is_contact) AS contacts,
         coalesce(sum(c.cost) FILTER (t.is_attempt AND NOT t.is_agency), 0) AS cost
  FROM whole w JOIN touch t ON t.person_id = w.person_id AND t.happened_on >= w.enrolled_on AND t.happened_on < w.over_on
  LEFT JOIN cost c ON c.channel = t.channel GROUP BY 1),
promised AS (
  SELECT w.person_id, count(*) AS promises FROM whole w
  JOIN promise p ON p.person_id = w.person_id AND p.made_on >= w.enrolled_on AND p.made_on < w.over_on GROUP BY 1)
SELECT *, money - cost AS net FROM (
SELECT w.person_id, w.arm, w.over_on, w.over_on <= $on AS is_over, w.contaminated <> '' AS is_broken,
       (coalesce(m.payments, 0) > 0)::INTEGER::DOUBLE AS paid,
       CASE WHEN w.baseline_minor > 0 THEN
         least(CASE WHEN w.is_many THEN coalesce(m.usd_minor, 0) ELSE coalesce(m.same_minor, 0) END / w.baseline_minor::DOUBLE, 1.0) END AS recovered,
       CASE WHEN $alone THEN coalesce(m.same_minor, 0)::DOUBLE ELSE coalesce(m.usd_minor, CASE WHEN m.payments IS NULL THEN 0.0 END) END AS money,
       coalesce(k.cost, 0)::DOUBLE AS cost,
       coalesce(k.attempts, 0) AS attempts, coalesce(k.contacts, 0) AS contacts, coalesce(q.promises, 0) AS promises
FROM (SELECT *, currency = 'USD' AND NOT $alone AS is_many FROM whole) w
LEFT JOIN money m USING (person_id) LEFT JOIN worked k USING (person_id) LEFT JOIN promised q USING (person_id))
"""


def measure(tenant: Tenant, experiment: Experiment, *, on: date, by: Any, at: datetime) -> Experiment:
    """Mark whose comparison was broken, measure what has been seen to its end by `on`, and keep it. Inside a tenant.

    Sees what is committed. Repeating it with the same data gives the same result.
    """
    holdouts = [arm.code for arm in experiment.arms.all() if arm.is_holdout]
    with read.workspace(settings.STATE / "tmp" / f"experiment-{experiment.pk}") as db:
        since = _gather(db, tenant, experiment)
        if since is None:
            return services.keep_result(experiment, result={"drawn": {}, "until": on.isoformat()}, on=on, by=by, at=at)
        found = execute(db, BROKEN, {"on": on, "days": experiment.outcome_days, "holdouts": holdouts})
        services.mark_contaminated(experiment, found, by=by, at=at)
        _mark(db, [row[0] for row in found])
        currency = _seen(db, tenant, experiment, on)
        result = _result(db, experiment, currency)
    result |= {"until": on.isoformat(), "contaminated": _contaminated(experiment), "drawn": _drawn(experiment)}
    result["mismatch"] = engine.mismatch(result["drawn"], {arm.code: arm.share_bp for arm in experiment.arms.all()})
    return services.keep_result(experiment, result=result, on=on, by=by, at=at)


def measure_all(tenant: Tenant, *, on: date, by: Any, at: datetime) -> int:
    """Measure those at work and those whose last persons are still followed. Returns how many."""
    followed = [
        one for one in strategy.experiments().filter(status__in=("running", "stopped"))
        if one.status == "running" or (one.stopped_on and on <= one.stopped_on + timedelta(days=one.outcome_days))
    ]  # fmt: skip
    for one in followed:
        measure(tenant, one, on=on, by=by, at=at)
    return len(followed)


def _gather(db: duckdb.DuckDBPyConnection, tenant: Tenant, experiment: Experiment) -> date | None:
    """The tables of SOURCES; none when nobody was drawn."""
    first = experiment.members.order_by("enrolled_on").values_list("enrolled_on", flat=True).first()
    if first is None:
        return None
    params = {"tenant": str(tenant.id), "experiment": str(experiment.pk), "since": first, "zone": tenant.zone, "oldest": first - timedelta(days=PLANNED_DAYS)}
    with reader() as source:
        for name, text in SOURCES.items():
            wanted = {key: value for key, value in params.items() if f"{{{key}}}" in text}
            read.keep(db, name, source.fetch(text, **wanted))
    found: date = first
    return found


def _mark(db: duckdb.DuckDBPyConnection, persons: list[str]) -> None:
    """The marks just written are of this transaction; the tables were read before."""
    db.register("marked", pa.table({"person": pa.array(persons, pa.string())}))
    execute(db, "UPDATE member SET contaminated = 'now' WHERE contaminated = '' AND person_id::VARCHAR IN (SELECT person FROM marked)")
    db.unregister("marked")


def _seen(db: duckdb.DuckDBPyConnection, tenant: Tenant, experiment: Experiment, on: date) -> str:
    """The table `seen`. Returns the currency of its money."""
    rates = usd_rates(tenant)
    owed = [row[0] for row in execute(db, "SELECT DISTINCT currency FROM member ORDER BY 1")]
    alone = len(owed) == 1
    currency = owed[0] if alone else "USD"
    # Costs are in the organisation's currency: into that of the comparison, or nothing where a rate is missing.
    known = tenant.currency == currency or (tenant.currency in rates and (currency == "USD" or currency in rates))
    factor = 1.0 if tenant.currency == currency else rates[tenant.currency] / (1.0 if currency == "USD" else rates[currency]) if known else None
    unit = {channel: None if factor is None else cost * factor for channel, cost in unit_costs(tenant).items()}
    for name, table in (
        ("rate", pa.table({"currency": pa.array([*rates], pa.string()), "usd": pa.array([*rates.values()], pa.float64())})),
        ("cost", pa.table({"channel": pa.array([*unit], pa.string()), "cost": pa.array([*unit.values()], pa.float64())})),
    ):
        read.keep(db, name, table)
    execute(db, SEEN, {"days": experiment.outcome_days, "on": on, "alone": alone})
    return currency


def _result(db: duckdb.DuckDBPyConnection, experiment: Experiment, currency: str) -> dict[str, Any]:
    arms = list(experiment.arms.all())
    over = arrow(db, "SELECT * EXCLUDE (person_id, is_over, attempts, contacts, promises) FROM seen WHERE is_over ORDER BY over_on")
    by_arm = {
        code: {"persons": persons, "paid": paid, "money": money, "cost": cost, "attempts": attempts, "contacts": contacts, "promises": promises}
        for code, persons, paid, money, cost, attempts, contacts, promises in execute(
            db,
            "SELECT arm, count(*), sum(paid)::BIGINT, round(sum(money))::BIGINT, round(sum(cost))::BIGINT, sum(attempts)::BIGINT, sum(contacts)::BIGINT,"
            " sum(promises)::BIGINT FROM seen WHERE is_over GROUP BY 1",
        )
    }
    pending, broken = execute(db, "SELECT count(*) FILTER (NOT is_over), count(*) FILTER (is_over AND is_broken) FROM seen")[0]
    control, others = arms[0], arms[1:]
    # Several arms against one control: each interval is so much wider that all of them hold together (Bonferroni).
    alpha = experiment.alpha_bp / 10_000 / max(len(others), 1)
    return {
        "currency": currency, "arms": by_arm, "pending": pending, "broken": broken, "alpha": alpha,
        "merged": execute(db, "SELECT count(*) FROM member WHERE person_id IN (SELECT person_id FROM merged)")[0][0],
        "comparisons": [_comparison(experiment, over, control.code, arm.code, alpha) for arm in others],
    }  # fmt: skip


def _comparison(experiment: Experiment, over: pa.Table, control: str, treated: str, alpha: float) -> dict[str, Any]:
    planned = experiment.planned_count
    clean = over.filter(pa.compute.invert(over["is_broken"]))
    found: dict[str, Any] = {"arm": treated, **{metric: _uplift(over, metric, treated, control, planned, alpha) for metric in METRICS}}
    found["clean"] = _uplift(clean, experiment.metric, treated, control, planned, alpha)
    seen = engine.looks(over, experiment.metric, day="over_on", treated=treated, control=control, planned=planned, alpha=alpha)
    step = max(1, -(-len(seen) // MOST_LOOKS))
    kept = [one for place, one in enumerate(seen) if (len(seen) - 1 - place) % step == 0]
    found["looks"] = [[one.on.isoformat(), one.result.difference, one.result.low, one.result.high, one.result.treated.persons + one.result.control.persons] for one in kept]
    if seen:
        found[experiment.metric]["p_value"] = seen[-1].result.p_value
    return found


def _uplift(rows: pa.Table, metric: str, treated: str, control: str, planned: int, alpha: float) -> dict[str, Any]:
    sides = engine.sides(rows, metric)
    nobody = engine.Side(0, 0.0, 0.0)
    found = engine.compare(sides.get(treated, nobody), sides.get(control, nobody), planned=planned, alpha=alpha)
    derived = {name: getattr(found, name) for name in ("verdict", "added", "added_low", "added_high", "self_cured", "relative")}
    return {**asdict(found), **derived}


def _contaminated(experiment: Experiment) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (arm, why), count in strategy.contaminated_counts(experiment).items():
        found.setdefault(arm, {})[why] = count
    return found


def _drawn(experiment: Experiment) -> dict[str, int]:
    return {code: one.persons for code, one in strategy.arm_counts(experiment).items()}


def tenant_now() -> Tenant:
    """The organisation we act in."""
    return Tenant.objects.get(pk=tenancy.tenant_id())
