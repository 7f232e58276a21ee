"""`recaudo import FILE --layout NAME`: a customer's file through the same path as the screens."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from recaudo.project.boot import boot
from recaudo.project.cli import as_json

HELP = """Carga un archivo de cuentas, actualización o pagos con un formato guardado. / Load a file with a saved layout.

\b
Códigos de salida / exit codes:
  0  aplicada (o revisada), también si hubo filas rechazadas / applied or checked, refused rows or not
  2  uso incorrecto / wrong use
  3  la carga no se aplicó; el motivo va en stderr / not applied, the reason is on stderr
"""


@click.command(help=HELP)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--layout", "layout_name", required=True, help="Nombre del formato. / Name of the layout.")
@click.option("--creditor", help="Código del acreedor. / Creditor code.")
@click.option("--portfolio", "portfolio_code", help="Código de la cartera. / Portfolio code.")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="Día de los datos (hoy). / Day of the data (today).")
@click.option("--check-only", is_flag=True, help="Revisar sin aplicar. / Check without applying.")
@click.option("--organisation", help="Organización, si hay varias. / Organisation slug, when there are several.")
@click.option("--json", "is_json", is_flag=True, help="Resultado en JSON. / Result as JSON.")
def command(
    file: Path, layout_name: str, creditor: str | None, portfolio_code: str | None, day: datetime | None, check_only: bool, organisation: str | None, is_json: bool
) -> None:
    boot()
    from django.utils import timezone

    from recaudo.intake import queries, services
    from recaudo.journal.services import SYSTEM
    from recaudo.portfolio.services import local_day
    from recaudo.store import tenancy

    tenant = queries.organisation(organisation)
    at = timezone.now()
    with tenancy.acting(tenant.id):
        layout = queries.layout_named(layout_name)
        book = queries.portfolio_named(portfolio_code, creditor)
        on = day.date() if day else local_day(at)
        batch = services.receive(source=file, file_name=file.name, layout=layout, on=on, portfolio=book, by=SYSTEM, at=at)
        if not check_only:
            services.begin(batch, by=SYSTEM, at=at)
    progress = _bar(is_json)
    with tenancy.acting(tenant.id):
        if check_only:
            batch = services.check(batch, by=SYSTEM, at=at, progress=progress)
        else:
            batch = services.apply(batch, by=SYSTEM, at=at, progress=progress)
    with tenancy.acting(tenant.id):
        refused = _refused_file(file, batch, services, at)
        report = queries.report(batch)
    report["refused_file"] = str(refused) if refused else None
    as_json(report) if is_json else _say(report)
    if batch.status == "failed":
        click.echo(f"recaudo: {batch.problem}", err=True)
        sys.exit(3)


def _bar(is_json: bool) -> Any:
    if is_json or not sys.stderr.isatty():
        return None
    return lambda part: click.echo(f"\r  {part:4.0%}", nl=False, err=True)


def _refused_file(file: Path, batch: Any, services: Any, at: datetime) -> Path | None:
    """Beside the file, or in the current folder when that one cannot be written."""
    from recaudo.journal.services import SYSTEM

    if not batch.rejections.exists():
        return None
    name = f"{file.stem}.rechazos.csv"
    for folder in (file.resolve().parent, Path.cwd()):
        target = folder / name
        try:
            with target.open("wb") as out:
                for block in services.rejections_csv(batch, by=SYSTEM, at=at):
                    out.write(block)
        except OSError:
            continue
        target.chmod(0o600)
        return target
    return None


def _say(report: dict[str, Any]) -> None:
    from recaudo.kernel.money import shown

    click.echo(f"Carga {report['id']}: {report['status_es']}")
    click.echo(f"  filas {report['rows']:,}   aceptadas {report['accepted']:,}   rechazadas {report['refused']:,}   datos omitidos {report['omitted']:,}")
    for code, sums in report["totals"].items():
        line = "   ".join(f"{label} {shown(sums[key], code)}" for key, label in TOTALS_ES if key in sums)
        click.echo(f"  {line}")
    for label, count in report["changes_es"].items():
        click.echo(f"  {label}: {count:,}")
    for one in report["reasons"]:
        click.echo(f"  {one['count']:>7,} × {one['reason']}")
    if report["refused_file"]:
        click.echo(f"  Filas rechazadas con su motivo: {report['refused_file']}")


TOTALS_ES = (("source", "archivo"), ("accepted", "aceptado"), ("refused", "rechazado"), ("applied", "aplicado"), ("unchanged", "ya estaba"))
