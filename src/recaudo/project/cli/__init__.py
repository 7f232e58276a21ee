"""The command line: `recaudo COMMAND`. One module per command; the database is booted only for those that need it.

Exit codes: 0 done, 1 the command's own answer is no (a check failed), 2 wrong use, 3 a problem explained on stderr.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

import click

from recaudo.kernel.problems import Problem

COMMANDS: dict[str, str] = {
    # name: module of recaudo.project.cli that holds a click command called `command`
    "up": "up",
    "import": "import_",
    "day": "day",
    "explain": "explain",
    "snapshot": "snapshot",
    "decide": "decide",
    "dmn": "dmn",
    "model": "model",
    "demo": "demo",
    "worker": "worker",
    "init": "init",
    "doctor": "doctor",
    "journal": "journal",
    "evidence": "evidence",
    "law": "law",
    "backup": "backup",
    "restore": "restore",
    "docs": "docs",
    "manage": "manage",
}


class Lazy(click.Group):
    """Loads a command's module only when it is used, so that `--help` is instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"recaudo.project.cli.{COMMANDS[name]}").command
        return command


@click.group(cls=Lazy, help="recaudo: cobranza lícita y humana, medida al peso. / Lawful, humane collections.")
def recaudo() -> None:
    """The group of all commands."""


def main() -> None:
    """Run; a Problem becomes one line on stderr and exit code 3."""
    try:
        recaudo(prog_name="recaudo")
    except Problem as problem:
        if "--json" in sys.argv:
            click.echo(json.dumps({"error": problem.code, "message": problem.text}, ensure_ascii=False))
        click.echo(f"recaudo: {problem.text}", err=True)
        sys.exit(3)


def as_json(value: Any) -> None:
    """Print a result as JSON, one document."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))
