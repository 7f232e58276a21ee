"""`recaudo doctor`: is this installation well?"""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from recaudo.project.boot import boot
from recaudo.project.cli import as_json

MARK = {"ok": click.style("✓", fg="green"), "warn": click.style("!", fg="yellow"), "bad": click.style("✗", fg="red")}
NAME_ES = {
    "versions": "versiones", "database": "base de datos", "checksums": "sumas", "migrations": "migraciones", "role": "rol",
    "row_security": "seguridad por filas", "grants": "permisos", "partitions": "particiones", "clock": "relojes",
    "queue": "cola", "workers": "trabajadores", "stalled": "trabajos a medias", "failed_jobs": "trabajos fallidos",
    "journal": "bitácora", "organisation": "organización", "time_zones": "zonas horarias", "holidays": "feriados",
    "disk": "disco", "snapshots": "fotos del día", "assets": "pantallas", "secrets": "claves", "https": "cifrado", "debug": "depuración", "mail": "correo",
}  # fmt: skip


@click.command(
    help="Revisa la instalación; sale con 1 si algo debe arreglarse. / Examines the installation; exits 1 if something must be mended."
)
@click.option("--json", "is_json", is_flag=True, help="Resultado en JSON. / Result as JSON.")
def command(is_json: bool) -> None:
    boot()
    from django.utils import timezone

    from recaudo.project import checks

    found = []
    for finding in checks.examine(now=timezone.now()):
        found.append(finding)
        if not is_json:
            click.echo(f" {MARK[finding.level]} {NAME_ES.get(finding.check, finding.check):<20} {finding.text}")
    bad, warnings = (sum(finding.level == level for finding in found) for level in ("bad", "warn"))
    if is_json:
        as_json({"is_well": bad == 0, "bad": bad, "warnings": warnings, "findings": [asdict(finding) for finding in found]})
    else:
        click.echo(f"\n{len(found)} comprobaciones: {bad} por arreglar, {warnings} por mirar.")
    sys.exit(1 if bad else 0)
