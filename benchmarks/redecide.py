"""One account decided again and explained, as a payment does it, on a demo of so many accounts whose day was run.

    python -m benchmarks.redecide --accounts 20000 --times 300

Three figures in the same run, milliseconds at p50 and p95: reading the morning's row alone and evaluating the tables alone (the floor),
deciding and explaining (row, facts of now, tables, rows that fired), and the whole with what it writes for an account that changed. All
in one process after one warm-up; each one is in a transaction that is rolled back.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from typing import Any

from benchmarks.common import load_average, report, scratch


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks redecide", description=__doc__)
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--times", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with scratch() as folder:
        from django.utils import timezone

        from recaudo.demo import world
        from recaudo.project import database

        at = timezone.now()
        database.make_months(on=at.date())
        made = world.build(accounts=args.accounts, seed=7, today=at.date(), at=at, folder=folder / "demo", past_days=1)
        measure(made.tenant.id, args.times, is_json=args.json)


def measure(tenant: Any, times: int, *, is_json: bool = False) -> None:
    from recaudo.engine import decide
    from recaudo.flow.queries.why import decider, model_of
    from recaudo.flow.services import redecide as service
    from recaudo.kernel.time import day_at
    from recaudo.portfolio.models import Account
    from recaudo.store.tenancy import acting
    from recaudo.strategy import queries as strategy

    with acting(tenant):
        snapshot = strategy.snapshots().first()
        assert snapshot is not None, "no day was run"
        on, at = snapshot.on, day_at(snapshot.on, "UTC", 22)
        keys = random.Random(7).sample([row["account_id"] for row in strategy.snapshot_rows(snapshot, columns=("account_id",), where={})], times)
        accounts = list(Account.objects.filter(pk__in=keys).values_list("pk", flat=True))
        kept = {key: found for key in accounts if (found := strategy.snapshot_row(key, on=on))}
        version = decider(*next(iter(kept.values())))
        model, compiled = model_of(version.sha256, version.xml)
    lines: dict[str, Any] = {
        "row of the morning": _quantiles(accounts, tenant, lambda key: strategy.snapshot_row(key, on=on, columns=service.NEEDED)),
        "tables alone": _quantiles(
            list(kept), tenant, lambda key: decide.evaluate(model, {name: kept[key][1].get(name) for name in compiled.facts}, compiled.facts)
        ),
        "decided, explained": _quantiles(accounts, tenant, lambda key: service._decide(key, on=on, at=at)),
        "nothing changed": _quantiles(accounts, tenant, lambda key: service.redecide(key, cause="payment.applied", at=at)),
        "changed, written": _quantiles(accounts, tenant, lambda key: service.redecide(key, cause="payment.applied", at=at), before=_cure),
    }
    lines["load"] = f"{load_average():.1f}"
    report("redecide: one account, ms (p50, p95)", snapshot.row_count, lines, is_json=is_json)


def _cure(key: Any) -> None:
    """The account is up to date now: most decisions change."""
    from recaudo.portfolio.models import Account

    Account.objects.filter(pk=key).update(dpd=0, bucket="CUR", stage="preventive", overdue_minor=0, instalments_overdue=0)


def _quantiles(keys: list[Any], tenant: Any, work: Callable[[Any], Any], before: Callable[[Any], None] | None = None) -> str:
    from django.db import transaction

    from recaudo.store.tenancy import acting

    spent, cpu = [], []
    for place, key in enumerate([keys[0], *keys]):
        with acting(tenant):
            if before:
                before(key)
            begun, used = time.perf_counter(), time.process_time()
            work(key)
            if place:
                spent.append(1000 * (time.perf_counter() - begun))
                cpu.append(1000 * (time.process_time() - used))
            transaction.set_rollback(True)
    spent.sort()
    cpu.sort()
    middle, high = len(spent) // 2, int(len(spent) * 0.95)
    return f"{spent[middle]:6.1f} {spent[high]:6.1f}   (CPU of this process {cpu[middle]:.1f} {cpu[high]:.1f})"


if __name__ == "__main__":
    main()
