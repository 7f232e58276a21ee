"""`recaudo journal verify|seal|anchor`: the chain of the journal, for each organisation of the installation."""

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
    "--anchors", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Compara también con un archivo de «anchor --export». / Compare with a file written by anchor --export too.",
)  # fmt: skip
@JSON
def verify(organisation: str, anchors: Path | None, is_json: bool) -> None:
    boot()
    from recaudo.journal import queries

    outside = _read_anchors(anchors) if anchors else []
    answers = []
    for tenant in each_organisation(organisation):
        found = queries.verify(outside={number: digest for key, number, digest in outside if key == str(tenant.id)})
        answers.append(
            {"organisation": tenant.slug, "is_whole": found.is_whole, "sealed": found.sealed, "unsealed": found.unsealed,
             "broken_number": found.broken_number, "broken_id": found.broken_id, "reason": found.reason_es}
        )  # fmt: skip
    if is_json:
        as_json(answers)
    else:
        for answer in answers:
            click.echo(_said(answer))
    sys.exit(0 if all(answer["is_whole"] for answer in answers) else 1)


def _said(answer: dict[str, Any]) -> str:
    if answer["is_whole"]:
        return f"{answer['organisation']}: íntegra; {answer['sealed']} sellados, {answer['unsealed']} por sellar"
    record = f" ({answer['broken_id']})" if answer["broken_id"] else ""
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
        if made is not None:
            services.record("journal.anchored", by=services.SYSTEM, at=now, chain_number=made.chain_number)
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


class BadAnchors(click.UsageError):
    """The file is not one of ours."""


def _read_anchors(file: Path) -> list[tuple[str, int, bytes]]:
    try:
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        return [(line["tenant"], int(line["chain_number"]), bytes.fromhex(line["hash"])) for line in lines]
    except (ValueError, KeyError, TypeError) as error:
        raise BadAnchors(f"{file}: no es un archivo de anclas de «recaudo journal anchor --export»") from error


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


