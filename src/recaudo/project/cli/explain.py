"""`recaudo explain`: why an account was treated as it was."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from recaudo.project.boot import boot
from recaudo.project.cli import as_json


@click.command(help="Explica por qué se trató así a una cuenta. / Explain why an account was treated so.")
@click.argument("account")
@click.option("--on", "on", type=click.DateTime(["%Y-%m-%d"]), help="Día (el más reciente, por omisión). / Day.")
@click.option("--tenant", "slug", help="Organización, si hay varias. / Organisation.")
@click.option("--json", "is_json", is_flag=True, help="Resultado en JSON. / JSON output.")
def command(account: str, on: datetime | None, slug: str | None, is_json: bool) -> None:
    boot()
    from django.utils import timezone

    from recaudo.flow.queries.why import account_by, why
    from recaudo.store import tenancy
    from recaudo.workforce.queries import tenant_of

    tenant = tenant_of(slug)
    with tenancy.acting(tenant.id):
        found = why(account_by(account), zone=tenant.zone, at=timezone.now(), on=on.date() if on else None)
    if is_json:
        as_json(report(found))
    else:
        _print(found)


def report(found: Any) -> dict[str, Any]:
    """The explanation for programs. Codes, not words; no personal data."""
    return {
        "account": str(found.account.id),
        "number": found.account.number,
        "on": found.on.isoformat(),
        "outcome": found.outcome,
        "channel": found.channel,
        "refused_rule": found.rule.code if found.rule else None,
        "citation": found.rule.citation if found.rule else None,
        "next_allowed_at": found.next_allowed_at.isoformat() if found.next_allowed_at else None,
        "decisions": {
            one.name: {"value": one.raw, "rows": [fired.number for fired in one.fired], "reason": one.reason} for one in found.decisions
        },
        "facts": {line.fact.name: line.value for line in found.facts},
        "same_as_stored": not found.differences,
        "differences": [{"decision": one.name, "stored": one.stored, "again": one.again} for one in found.differences],
        "strategy": {"name": found.strategy_name, "version": found.version_number, "sha256": found.version_sha256},
        "lawbook_version": found.lawbook_version,
        "snapshot_sha256": found.snapshot_sha256,
        "run": str(found.run_id),
        "action": str(found.action.id) if found.action else None,
    }  # fmt: skip


def _print(found: Any) -> None:
    from rich.table import Table

    from recaudo.kernel.contact import CHANNEL_ES
    from recaudo.project.cli.show import console

    console.print(f"\n[bold]Cuenta {found.account.number}[/]  jornada del {found.on:%d/%m/%Y}")
    console.print(f"{found.outcome_es}: {found.sentence}")
    if found.outcome == "planned":
        console.print(f"Canal: {CHANNEL_ES.get(found.channel, found.channel)}")
    if found.rule:
        console.print(f"Norma {found.rule.code}: {found.rule.text_es} ({found.rule.citation})")
    if found.next_allowed_at:
        console.print(f"Se permite de nuevo desde {found.next_allowed_at:%d/%m/%Y %H:%M} UTC")
    table = Table("Tabla", "Resultado", "Fila", "Motivo", title_justify="left")
    for one in found.decisions:
        rows = ", ".join(str(fired.number) for fired in one.fired) or "—"
        table.add_row(one.label, one.value, rows, one.reason)
    console.print(table)
    console.print(f"Estrategia {found.strategy_name}, versión {found.version_number} ({found.version_sha256[:12]}) · normas {found.lawbook_version or '—'}")
    same = "coincide con lo guardado" if not found.differences else "NO coincide con lo guardado"
    console.print(f"Vuelta a decidir con los hechos de ese día: {same}.")
