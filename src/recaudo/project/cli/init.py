"""`recaudo init`: the organisation and its first administrator."""

from __future__ import annotations

from pathlib import Path

import click

from recaudo.project.boot import boot
from recaudo.project.cli import as_json

MINIMUM = "12 caracteres o más / 12 characters or more"


@click.command(
    help="Crea la organización y su primer administrador. / Creates the organisation and its first administrator."
)
@click.option("--name", "name", prompt="Nombre de la organización", help="Nombre de la organización. / Its name.")
@click.option("--country", prompt="País (dos letras, por ejemplo MX)", help="País, dos letras. / Two-letter country.")
@click.option("--zone", default="", help="Zona horaria; por omisión la del país. / IANA zone; the country's by default.")
@click.option("--currency", default="", help="Moneda; por omisión la del país. / Currency; the country's by default.")
@click.option("--admin-email", prompt="Correo del administrador", help="Correo del administrador. / E-mail to sign in with.")
@click.option("--admin-name", prompt="Nombre del administrador", help="Su nombre. / Their name.")
@click.option(
    "--password-file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Archivo con la contraseña; sin él se pregunta. / File with the password; asked for without it.",
)  # fmt: skip
@click.option("--another", is_flag=True, help="Permite otra organización en esta instalación. / Allow one more here.")
@click.option("--json", "is_json", is_flag=True, help="Resultado en JSON. / Result as JSON.")
def command(
    name: str, country: str, zone: str, currency: str, admin_email: str, admin_name: str, password_file: Path | None,
    another: bool, is_json: bool,
) -> None:  # fmt: skip
    boot()
    from django.utils import timezone

    from recaudo.project import database
    from recaudo.workforce import services as workforce

    database.migrate()
    database.make_months(on=timezone.now().date())
    password = _password(password_file)
    tenant, admin = workforce.create_organisation(
        name=name, country=country, zone=zone, currency=currency, admin_email=admin_email, admin_name=admin_name,
        password=password, at=timezone.now(), may_be_another=another,
    )  # fmt: skip
    if is_json:
        as_json({"organisation": tenant.id, "slug": tenant.slug, "zone": tenant.zone, "currency": tenant.currency, "admin": admin.id})
        return
    click.echo(f"Listo: «{tenant.name}» ({tenant.country}, {tenant.zone}, {tenant.currency}).")
    click.echo(NEXT_STEPS.format(email=admin.email))


def _password(file: Path | None) -> str:
    """From the file (one line; the line's end is not part of it) or asked for twice, never from the command line."""
    if file is not None:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    asked: str = click.prompt(f"Contraseña ({MINIMUM})", hide_input=True, confirmation_prompt="Repítala")
    return asked


NEXT_STEPS = """
Siguientes pasos:
  1. recaudo up                          arranca el servidor y la jornada programada
  2. Entre con {email} y active el segundo paso en «Seguridad».
  3. Usuarios y roles > Invitar          sume a su equipo
  4. Usuarios y roles > Capacidad        diga cuánto puede hacer cada canal por día
  5. Cargas                              cargue su primera cartera
  6. recaudo doctor                      compruebe la instalación
  7. recaudo backup ARCHIVO              programe un respaldo, y guarde aparte la carpeta de claves"""
