"""`recaudo demo`: the demo world, and its day."""

from __future__ import annotations

import click

from recaudo.project.boot import boot
from recaudo.project.cli.day import report
from recaudo.project.cli.show import bar, console, summary


@click.command(help="Crea la organización de demostración y ejecuta su jornada. / Build the demo organisation and run its day.")
@click.option("--accounts", default=37_500, show_default=True, help="Cuántas cuentas. / How many accounts.")
@click.option("--seed", default=7, show_default=True, help="Semilla: la misma hace el mismo mundo. / Seed.")
@click.option("--past-days", default=3, show_default=True, help="Jornadas anteriores ya trabajadas. / Days already worked.")
def command(accounts: int, seed: int, past_days: int) -> None:
    boot()
    from recaudo.project.cli.up import prepare

    prepare()
    build(accounts=accounts, seed=seed, past_days=past_days)


def build(*, accounts: int, seed: int, past_days: int = 3) -> None:
    """Make the world unless it is there, run its day unless it ran, print both. Running it again is quick and harmless."""
    from django.conf import settings
    from django.db import connections
    from django.utils import timezone

    from recaudo.demo import world
    from recaudo.flow.day import run_day
    from recaudo.journal.services import SYSTEM

    at = timezone.now()
    tenant = world.existing()
    if tenant is None:
        with bar("Mundo de demostración") as progress:
            made = world.build(
                accounts=accounts, seed=seed, today=at.date(), at=at, folder=settings.STATE / "demo", past_days=past_days, progress=progress
            )
        tenant, on = made.tenant, made.on
        for load in made.loads:
            console.print(f"  {load['file']}: {load['accepted']:,} filas aceptadas, {load['rejected']:,} rechazadas"
                          + (f" · {load['problem']}" if load["problem"] else ""))  # fmt: skip
        if made.worked:
            console.print("  Días anteriores: " + ", ".join(f"{count} {name}" for name, count in _said(made.worked).items()))
    else:
        console.print(f"  La organización «{tenant.name}» ya existe.")
        on = world.working_day(at.date())
    with bar("Jornada") as progress:
        run = run_day(tenant, on=on, by=SYSTEM, at=at, clock=timezone.now, progress=progress)
    summary(report(run))
    connections.close_all()
    _logins()


def _said(worked: dict[str, int]) -> dict[str, int]:
    names = {"messages": "mensajes", "calls": "llamadas", "promises": "promesas"}
    return {names.get(name, name): count for name, count in worked.items()}


def _logins() -> None:
    from rich.table import Table

    from recaudo.demo import world
    from recaudo.kernel.permissions import ROLES

    table = Table("Entrar como", "Correo", title=f"Contraseña de todos: {world.PASSWORD}", title_justify="left")
    table.add_row("Administrador", world.ADMIN)
    for mail, name, role in world.STAFF:
        table.add_row(f"{ROLES[role].name_es} ({name})", mail)
    table.add_row("Administrador de despacho (Omar Gil)", "despacho@demo.example")
    table.add_row("Gestor de despacho (Nadia Cruz)", "despacho2@demo.example")
    console.print(table)
