"""`recaudo evidence PERSON`: the file of one person with its proofs, as a zip that anybody can verify without the product."""

from __future__ import annotations

from pathlib import Path

import click

from recaudo.project.boot import boot
from recaudo.project.cli import as_json
from recaudo.project.cli.journal import ORGANISATION, each_organisation


@click.command(
    help="Saca el expediente de una persona (su identificador o el número de una de sus cuentas). / "
    "Writes the evidence file of a person (its id or the number of one of its accounts)."
)
@click.argument("who")
@ORGANISATION
@click.option("--reason", required=True, help="Para qué se saca; queda en la bitácora. / What for; kept in the journal.")
@click.option("--recipient", default="", help="A quién se entrega. / Who gets it.")
@click.option("--unmasked", is_flag=True, help="Con identificaciones y medios completos. / With full ids and contact points.")
@click.option("--out", "target", type=click.Path(path_type=Path), required=True, help="Archivo zip. / Zip file.")
@click.option("--json", "is_json", is_flag=True, help="Resultado en JSON. / Result as JSON.")
def command(who: str, organisation: str, reason: str, recipient: str, unmasked: bool, target: Path, is_json: bool) -> None:
    boot()
    from django.utils import timezone

    from recaudo.compliance import queries, services
    from recaudo.journal.services import SYSTEM

    for tenant in each_organisation(organisation):
        person = queries.person_named(who)
        if person is None:
            continue
        now = timezone.now()
        made = services.export_evidence(person=person, reason=reason, recipient=recipient, is_masked=not unmasked, by=SYSTEM, at=now)
        target.write_bytes(services.read_evidence(made, by=SYSTEM, at=now))
        answer = {"organisation": tenant.slug, "file": str(target), "size": made.size, "sha256": made.sha256, "records": made.record_count,
                  "events": made.event_count, "key": made.key_id}  # fmt: skip
        if is_json:
            as_json(answer)
        else:
            click.echo(f"{target}: {made.record_count} registros, {made.event_count} eventos; clave {made.key_id}")
        return
    raise click.UsageError(f"No hay una persona ni una cuenta «{who}».")
