"""How results look in a terminal: a progress bar and the summary of a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from recaudo.casework.words import HOUSE_RULE_ES
from recaudo.engine.facts import BUCKET_ES
from recaudo.flow.words import OUTCOME_ES, STEP_ES, TREATMENT_ES
from recaudo.kernel.contact import CHANNEL_ES

console = Console(highlight=False)


@contextmanager
def bar(title: str, *, quiet: bool = False) -> Iterator[Any]:
    """A progress bar; yields a function (step, fraction). Nothing is drawn when quiet."""
    if quiet:
        yield lambda step, fraction: None
        return
    columns = (TextColumn(f"[bold]{title}"), BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=1.0)
        yield lambda step, fraction: progress.update(task, completed=fraction, description=STEP_ES.get(step, step))
        progress.update(task, completed=1.0, description="lista")


def summary(report: Mapping[str, Any]) -> None:
    """The day in five small tables."""
    console.print(f"\n[bold]Jornada del {report['on']}[/]  {report['accounts']:,} cuentas · "
                  f"{report['actions_opened']:,} gestiones abiertas · {report['cases_opened']:,} casos nuevos")  # fmt: skip
    _table("Cuentas por tramo", report["accounts_by_bucket"], BUCKET_ES)
    _table("Decisiones por tratamiento", report["accounts_by_treatment"], TREATMENT_ES)
    _table("Contactos negados por norma", report["refused_by_rule"], HOUSE_RULE_ES)
    _table("Qué pasó con cada cuenta", report["accounts_by_outcome"], OUTCOME_ES)
    used, capacity = report["capacity_used"], report["capacity"]
    table = Table("Trabajo por canal", "Gestiones", "Capacidad", "Uso", title_justify="left")
    for channel, units in capacity.items():
        done = used.get(channel, 0)
        table.add_row(CHANNEL_ES.get(channel, channel), f"{done:,}", f"{units:,}", f"{done / units:.0%}" if units else "—")
    console.print(table)
    seconds = report["seconds_by_step"]
    console.print("Segundos por paso: " + " · ".join(f"{STEP_ES.get(k, k)} {v:.1f}" for k, v in seconds.items())
                  + f" · total {sum(seconds.values()):.1f}")  # fmt: skip


def _table(title: str, counts: Mapping[str, int], words: Mapping[str, str]) -> None:
    if not counts:
        return
    table = Table(title, "Cuentas", title_justify="left")
    for code, count in sorted(counts.items(), key=lambda item: -item[1]):
        said = words.get(code)
        table.add_row(f"{said} ({code})" if said and said != code else code, f"{count:,}")
    console.print(table)
