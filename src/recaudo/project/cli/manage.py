"""`recaudo manage ...`: Django's own commands, for those who develop."""

import click

from recaudo.project.boot import boot


@click.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    help="Comandos de Django (para desarrollo). / Django's own commands.",
)
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def command(args: tuple[str, ...]) -> None:
    boot()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["recaudo manage", *args])
