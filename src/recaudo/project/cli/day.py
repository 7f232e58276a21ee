"""`recaudo day`: run the collections day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import click

from recaudo.project.boot import boot
from recaudo.project.cli import as_json
from recaudo.project.cli.show import bar, summary


@click.command(help="Ejecuta la jornada de cobranza. / Run the collections day.")
@click.option("--on", "on", type=click.DateTime(["%Y-%m-%d"]), help="Día (hoy, por omisión). / Day.")
@click.option("--tenant", "slug", help="Organización, si hay varias. / Organisation.")
@click.option("--json", "is_json", is_flag=True, help="Resultado en JSON. / JSON output.")
def command(on: datetime | None, slug: str | None, is_json: bool) -> None:
    boot()
    run = run_one(slug, on.date() if on else None, quiet=is_json)
    if is_json:
        as_json(report(run))
    else:
        summary(report(run))


def run_one(slug: str | None, on: date | None, *, quiet: bool) -> Any:
    """Run a day for one organisation and return its run."""
    from django.utils import timezone

    from recaudo.flow.day import run_day
    from recaudo.journal.services import SYSTEM
    from recaudo.kernel.time import local
    from recaudo.workforce.queries import tenant_of

    tenant = tenant_of(slug)
    at = timezone.now()
    day = on or local(at, tenant.zone).date()
    with bar("Jornada", quiet=quiet) as progress:
        return run_day(tenant, on=day, by=SYSTEM, at=at, clock=timezone.now, progress=progress)


def report(run: Any) -> dict[str, Any]:
    """What a run says of itself, for people and programs."""
    counts = dict(run.counts)
    return {
        "run": str(run.id),
        "on": run.on.isoformat(),
        "status": run.status,
        "accounts": counts.get("accounts", 0),
        "actions_opened": sum(counts.get("actions_opened", {}).values()),
        "actions_by_channel": counts.get("actions_opened", {}),
        "refused_by_rule": counts.get("refused_by_rule", {}),
        "accounts_by_bucket": counts.get("buckets", {}),
        "accounts_by_treatment": counts.get("treatments", {}),
        "accounts_by_outcome": counts.get("accounts_by_outcome", {}),
        "capacity": counts.get("capacity", {}),
        "capacity_used": counts.get("used", {}),
        "cases_opened": counts.get("cases_opened", 0),
        "promises_judged": counts.get("promises", {}),
        "lawbook_version": run.lawbook_version,
        "seconds_by_step": run.seconds,
    }
