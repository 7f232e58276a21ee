"""`recaudo backup FILE`: the whole installation in one file."""

from __future__ import annotations

from pathlib import Path

import click

from recaudo.project.boot import boot
from recaudo.project.cli import as_json


@click.command(
    help="Respalda base, archivos y fotos del día en un archivo. Las claves quedan fuera: guárdelas aparte. / "
    "Backs up database, files and snapshots into one file. The keys stay out: keep them apart."
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--with-secrets", is_flag=True,
    help="Incluye las claves: quien tenga el archivo podrá leerlo todo. / Include the keys: whoever has the file reads all.",
)  # fmt: skip
@click.option("--json", "is_json", is_flag=True, help="Resultado en JSON. / Result as JSON.")
def command(file: Path, with_secrets: bool, is_json: bool) -> None:
    boot()
    from django.conf import settings
    from django.utils import timezone

    from recaudo.journal import services as journal
    from recaudo.project import archive
    from recaudo.project.cli.journal import each_organisation

    now = timezone.now()
    made = archive.write(file, state=settings.STATE, at=now, with_secrets=with_secrets)
    for _ in each_organisation():
        journal.record("backup.made", by=journal.SYSTEM, at=now, tables=made.tables, with_secrets=with_secrets)
    size = file.stat().st_size
    if is_json:
        as_json({"file": file, "size_bytes": size, **archive.as_plain(made)})
        return
    click.echo(f"Respaldo completo en {file}: {size / 2**20:,.1f} MB, {made.tables} tablas, {len(made.parts)} partes.")
    if with_secrets:
        click.echo("ATENCIÓN: incluye las claves. Quien tenga este archivo puede leer todos los datos personales.", err=True)
    else:
        click.echo(
            f"Las claves NO van en él. Sin ellas los datos cifrados no se recuperan: guarde aparte {settings.STATE / 'secrets'}.",
            err=True,
        )
