"""`recaudo journal verify|seal|anchor|anchors|key`: the chain of the journal, for each organisation of the installation."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import click

from recaudo.project.boot import boot
from recaudo.project.cli import as_json

ORGANISATION = click.option(
    "--tenant", "organisation", default="", help="Sólo esta, por su nombre corto. / Only this one, by its slug."
)
JSON = click.option("--json", "is_json", is_flag=True, help="Resultado en JSON. / Result as JSON.")


@click.group(help="La bitácora: sellarla, anclarla, verificarla. / The journal: seal, anchor, verify.")
def command() -> None:
    """The group."""


@command.command(
    help="Recalcula la cadena; sale con 1 y nombra el primer registro alterado. / "
    "Recomputes the chain; exits 1 and names the first altered record."
)
@ORGANISATION
@click.option(
    "--anchors", "source", type=click.Path(exists=True, path_type=Path),
    help="Carpeta o archivo de anclas guardado fuera; si falta, las de la carpeta del estado. / "
    "Folder or file of anchors kept outside; by default those of the state folder.",
)  # fmt: skip
@JSON
def verify(organisation: str, source: Path | None, is_json: bool) -> None:
    boot()
    from django.conf import settings

    from recaudo.journal import anchors, queries, services
    from recaudo.journal.models import Event

    folder = source or settings.STATE / services.KEPT
    answers = []
    for tenant in each_organisation(organisation):
        outside = anchors.read(folder, tenant=str(tenant.id))
        found = queries.verify(outside=anchors.compared(outside))
        forged = anchors.unsigned(outside)
        event = Event.objects.filter(id=found.broken_id).first() if found.broken_id else None
        answers.append(
            {"organisation": tenant.slug, "is_whole": found.is_whole and forged is None, "sealed": found.sealed, "unsealed": found.unsealed, "rows": found.rows,
             "anchors_outside": len(outside), "broken_number": found.broken_number, "broken_id": found.broken_id,
             "broken_event": event.name if event else None, "broken_at": event.created_at.astimezone(UTC).isoformat() if event else None,
             "reason": found.reason_es or (f"{forged.file} no lleva la firma de esta instalación" if forged else "")}
        )  # fmt: skip
    if is_json:
        as_json(answers)
    else:
        for answer in answers:
            click.echo(_said(answer))
    sys.exit(0 if all(answer["is_whole"] for answer in answers) else 1)


def _said(answer: dict[str, Any]) -> str:
    if answer["is_whole"]:
        outside = f", {answer['anchors_outside']} anclas guardadas fuera" if answer["anchors_outside"] else ", sin anclas guardadas fuera"
        rows = f", {answer['rows']} permisos y decisiones normativas como se sellaron" if answer["rows"] else ""
        return f"{answer['organisation']}: íntegra; {answer['sealed']} sellados, {answer['unsealed']} por sellar{rows}{outside}"
    if answer["broken_number"] is None:
        return f"{answer['organisation']}: íntegra por dentro, pero {answer['reason']}"
    record = f" ({', '.join(filter(None, (answer['broken_event'], str(answer['broken_id']))))})" if answer["broken_id"] else ""
    return f"{answer['organisation']}: ALTERADA en el registro nº {answer['broken_number']}{record}: {answer['reason']}"


@command.command(help="Sella lo que falta. / Seals what waits.")
@ORGANISATION
@JSON
def seal(organisation: str, is_json: bool) -> None:
    boot()
    from django.utils import timezone

    from recaudo.journal import services

    sealed = {tenant.slug: services.seal(at=timezone.now()) for tenant in each_organisation(organisation)}
    if is_json:
        as_json(sealed)
        return
    for slug, count in sealed.items():
        click.echo(f"{slug}: {count} registros sellados")


@command.command(
    help="Sella y guarda la cabeza de la cadena; con --export también fuera de la base. / "
    "Seals and keeps the head of the chain; with --export outside the database too."
)
@ORGANISATION
@click.option(
    "--export", "file", type=click.Path(dir_okay=False, path_type=Path),
    help="Archivo al que se agrega una línea por organización. / File that gets one line per organisation.",
)  # fmt: skip
@JSON
def anchor(organisation: str, file: Path | None, is_json: bool) -> None:
    boot()
    from django.utils import timezone

    from recaudo.journal import queries, services

    answers = []
    for tenant in each_organisation(organisation):
        now = timezone.now()
        made = services.anchor(at=now)
        kept = made or queries.last_anchor()
        if kept is not None:
            answers.append(
                {"tenant": str(tenant.id), "organisation": tenant.slug, "chain_number": kept.chain_number,
                 "hash": bytes(kept.hash).hex(), "at": kept.created_at.astimezone(UTC).isoformat()}
            )  # fmt: skip
    if file is not None and answers:
        with file.open("a", encoding="utf-8") as out:
            out.writelines(json.dumps(answer, ensure_ascii=False) + "\n" for answer in answers)
    if is_json:
        as_json(answers)
        return
    for answer in answers:
        click.echo(f"{answer['organisation']}: registro nº {answer['chain_number']} {answer['hash']}")
    if file is None:
        click.echo("Guarde estas líneas donde el dueño de la base no llegue; --export las agrega a un archivo.", err=True)


@command.command(
    help="Escribe cada ancla firmada como un archivo JSON pequeño. / Writes every signed anchor as a small JSON file."
)
@ORGANISATION
@click.option(
    "--out", "folder", type=click.Path(file_okay=False, path_type=Path), required=True,
    help="Carpeta a la que el dueño de la base no llegue. / A folder out of reach of the database's owner.",
)  # fmt: skip
@JSON
def anchors(organisation: str, folder: Path, is_json: bool) -> None:
    boot()
    from django.utils import timezone

    from recaudo.journal import queries, services, signing

    answers = []
    for tenant in each_organisation(organisation):
        services.anchor(at=timezone.now())
        files = [services.keep_file(one, folder).name for one in queries.anchors().filter(signature__isnull=False)]
        answers.append({"organisation": tenant.slug, "anchors": len(files), "newest": max(files, default="")})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "clave-publica.pem").write_text(signing.public_pem())
    if is_json:
        as_json({"key": signing.fingerprint(), "folder": str(folder), "organisations": answers})
        return
    for answer in answers:
        click.echo(f"{answer['organisation']}: {answer['anchors']} anclas en {folder}")


@command.command(help="Muestra la clave pública y su huella. / Shows the public key and its fingerprint.")
@JSON
def key(is_json: bool) -> None:
    boot()
    from recaudo.journal import signing

    if is_json:
        as_json({"fingerprint": signing.fingerprint(), "pem": signing.public_pem()})
        return
    click.echo(signing.public_pem(), nl=False)
    click.echo(f"huella: {signing.fingerprint()}")


def each_organisation(slug: str = "") -> Iterator[Any]:
    """Every organisation, one after the other, acting inside it while its turn lasts."""
    from recaudo.store import tenancy
    from recaudo.workforce.models import Tenant

    chosen = Tenant.objects.order_by("slug")
    if slug and not chosen.filter(slug=slug).exists():
        raise click.UsageError(f"No hay una organización «{slug}».")
    for tenant in list(chosen.filter(slug=slug) if slug else chosen):
        with tenancy.acting(tenant.id):
            yield tenant


