"""`recaudo docs`: the generated reference. What is generated is committed; a test fails when it is stale."""

from __future__ import annotations

from pathlib import Path

import click

from recaudo.project import reference

ROOT = Path(__file__).resolve().parents[4]


@click.command(help="Genera docs/reference. / Generate docs/reference.")
@click.option("--check", "is_check", is_flag=True, help="Sólo comprueba que está al día. / Only check.")
def command(is_check: bool) -> None:
    folder = ROOT / "docs" / "reference"
    stale = []
    for name, text in reference.pages().items():
        path = folder / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not is_check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    click.echo(f"{'desactualizado' if is_check else 'escrito'}: {', '.join(stale)}" if stale else "al día")
    if is_check and stale:
        raise SystemExit(1)
