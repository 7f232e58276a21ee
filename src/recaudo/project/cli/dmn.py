"""`recaudo dmn`: DMN files without a database: run the conformance suite, check a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from recaudo.engine import decide
from recaudo.engine.decide import tck
from recaudo.engine.facts import types
from recaudo.kernel.problems import Problem
from recaudo.project.cli import as_json


@click.group(help="Archivos DMN: conformidad y revisión. / DMN files: conformance and checks.")
def command() -> None:
    """The group of commands on DMN files."""


@command.command("tck", help="Corre una carpeta de pruebas DMN TCK. / Run a folder of DMN TCK tests.")
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--engine", type=click.Choice(["compiled", "reference"]), default="reference", show_default=True,
              help="Motor: masivo o de referencia. / Evaluator.")  # fmt: skip
@click.option("--json", "is_json", is_flag=True, help="Resultado en JSON. / JSON output.")
def run_tck(folder: Path, engine: str, is_json: bool) -> None:
    report = tck.run_folder(folder, engine)
    if is_json:
        as_json(report.as_dict())
    elif report.total.total == 0:
        click.echo("No hay pruebas *-test-*.xml en esa carpeta. / No tests there.", err=True)
    else:
        click.echo(report.as_text())
        for one in report.wrong_cases:
            click.echo(f"  ✗ {one.folder} {one.case} {one.node}: se esperaba {one.expected}, dio {one.found}")
    if report.total.wrong or not report.total.total:
        raise click.exceptions.Exit(1)


@command.command("check", help="Revisa un archivo DMN contra el diccionario de hechos. / Check a DMN file against the facts.")
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "is_json", is_flag=True, help="Resultado en JSON. / JSON output.")
def run_check(file: Path, is_json: bool) -> None:
    model = decide.read(file.read_bytes())
    found = decide.check(model, types())
    if is_json:
        as_json(as_dict(model, found))
    else:
        _print(model, found)
    if any(one.severity == "error" for one in found):
        raise click.exceptions.Exit(1)


def as_dict(model: decide.Model, found: list[decide.Finding]) -> dict[str, Any]:
    """The check for programs."""
    return {
        "name": model.name, "sha256": model.sha256,
        "decisions": {one.name: len(one.table.rules) if one.table else None for one in model.decisions},
        "errors": sum(one.severity == "error" for one in found), "warnings": sum(one.severity != "error" for one in found),
        "findings": [
            {"severity": one.severity, "code": one.code, "decision": one.decision, "rule": one.rule_id, "row": one.rule_number,
             "column": one.column, "message": one.message, "remedy": one.remedy}
            for one in found
        ],
        "compiles": _compiles(model),
    }  # fmt: skip


def _compiles(model: decide.Model) -> bool:
    try:
        decide.compile(model, types())
    except Problem:
        return False
    return True


def _print(model: decide.Model, found: list[decide.Finding]) -> None:
    rows = sum(len(one.table.rules) for one in model.decisions if one.table)
    click.echo(f"{model.name or 'Modelo'} ({model.sha256[:12]}): {len(model.decisions)} decisiones, {rows} filas.")
    for one in found:
        place = " · ".join(part for part in (one.decision, f"fila {one.rule_number}" if one.rule_number else "", one.column) if part)
        mark = "✗" if one.severity == "error" else "!"
        click.echo(f"  {mark} {place + ': ' if place else ''}{one.message} {one.remedy}")
    if not found:
        click.echo("Sin observaciones: se puede ejecutar sobre toda la cartera. / No findings.")
