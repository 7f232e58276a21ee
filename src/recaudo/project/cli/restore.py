"""`recaudo restore FILE`: bring back what `recaudo backup` wrote."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from recaudo.project.boot import boot
from recaudo.project.cli import as_json


@click.command(
    help="Restaura un respaldo en una instalación limpia; con --force reemplaza la que hay. / "
    "Restores a backup into a clean installation; with --force replaces the one that is there."
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Reemplaza lo que haya. / Replace what is there.")
@click.option("--with-secrets", is_flag=True, help="Toma también las claves del respaldo. / Take its keys too.")
@click.option("--json", "is_json", is_flag=True, help="Resultado en JSON. / Result as JSON.")
def command(file: Path, force: bool, with_secrets: bool, is_json: bool) -> None:
    from recaudo.project import archive, postgres

    state = postgres.state_folder()
    state.mkdir(parents=True, exist_ok=True)
    # In the state folder, so that putting things in place is a rename on the same disk.
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=state) as work:
        found = archive.unpack(file, Path(work))
        if not force:
            archive.require_clean(state)
        if with_secrets:
            archive.put_secrets(Path(work), state, force=force)
        boot()  # makes keys of its own when there are none: hence after putting those of the archive
        present = archive.key_fingerprints(state)
        if any(present.get(name) != digest for name, digest in found.keys.items()) and not force:
            raise archive.OtherKeys(folder=state / archive.SECRETS)
        _restore(Path(work), state, force=force)
    if is_json:
        as_json({"file": file, **archive.as_plain(found)})
        return
    click.echo(f"Restaurado el respaldo del {found.taken_at}: {found.tables} tablas, {len(found.parts)} partes.")
    click.echo("Compruebe la instalación con «recaudo doctor».")


def _restore(unpacked: Path, state: Path, *, force: bool) -> None:
    from django.db import connections
    from django.utils import timezone

    from recaudo.journal import services as journal
    from recaudo.project import archive, database, postgres
    from recaudo.project.cli.journal import each_organisation

    for alias in connections:
        connections[alias].close()
    postgres.restore(unpacked / archive.DUMP, force=force)
    archive.put_folders(unpacked, state)
    # The backup may be of an older program, and rights do not travel with a dump.
    database.migrate()
    database.make_months(on=timezone.now().date())
    for _ in each_organisation():
        journal.record("backup.restored", by=journal.SYSTEM, at=timezone.now())
