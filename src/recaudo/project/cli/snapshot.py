"""`recaudo snapshot`: the days that are kept, and whether their files are what was written."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

import click

from recaudo.project.boot import boot
from recaudo.project.cli import as_json


@click.command(help="Revisa o lista las fotos diarias de hechos y decisiones. / Check or list the daily snapshots.")
@click.option("--on", "on", type=click.DateTime(["%Y-%m-%d"]), help="Sólo ese día. / Only that day.")
@click.option("--list", "only_list", is_flag=True, help="Sólo listar, sin leer los archivos. / List only.")
@click.option("--tenant", "slug", help="Organización, si hay varias. / Organisation.")
@click.option("--json", "is_json", is_flag=True, help="Resultado en JSON. / JSON output.")
def command(on: datetime | None, only_list: bool, slug: str | None, is_json: bool) -> None:
    boot()
    from recaudo.store import tenancy
    from recaudo.strategy import queries
    from recaudo.workforce.queries import tenant_of

    with tenancy.acting(tenant_of(slug).id):
        found = queries.snapshots()
        if on:
            found = found.filter(on=on.date())
        lines = [_line(one, only_list) for one in found]
    if is_json:
        as_json({"snapshots": lines, "ok": all(line["problem"] is None for line in lines) and (bool(lines) or on is None)})
    else:
        _print(lines, only_list)
    if any(line["problem"] for line in lines) or (on and not lines):
        sys.exit(1)


def _line(one: Any, only_list: bool) -> dict[str, Any]:
    return {
        "on": one.on.isoformat(), "rows": one.row_count, "sha256": one.sha256, "key": one.key, "strategy_version": one.version.number,
        "run": str(one.run_id), "problem": None if only_list else _problem(one),
    }  # fmt: skip


def _problem(one: Any) -> str | None:
    """What is wrong with a snapshot's file, or None."""
    import pyarrow as pa

    from recaudo.strategy import queries

    if not queries.is_kept(one):
        return "falta el archivo"
    try:
        digest, rows = queries.file_digest(one)
    except (pa.ArrowInvalid, OSError):
        return "el archivo no se puede leer como Parquet"
    if digest != one.sha256:
        return "la huella no coincide: el archivo cambió"
    return None if rows == one.row_count else f"tiene {rows} filas y se guardaron {one.row_count}"


def _print(lines: list[dict[str, Any]], only_list: bool) -> None:
    from rich.table import Table

    from recaudo.project.cli.show import console

    if not lines:
        console.print("No hay fotos guardadas de ese día." if not only_list else "No hay fotos guardadas.")
        return
    table = Table("Día", "Cuentas", "Estrategia", "SHA-256", "Estado")
    for line in lines:
        state = "" if only_list else f"[red]{line['problem']}[/]" if line["problem"] else "íntegra"
        table.add_row(line["on"], f"{line['rows']:,}", f"v{line['strategy_version']}", line["sha256"][:16], state)
    console.print(table)
