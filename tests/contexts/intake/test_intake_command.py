"""Stories of `recaudo import`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.contexts.intake.files import HUGO, ROSA, csv

from recaudo.intake.models import Batch
from recaudo.portfolio.models import Account
from recaudo.project.cli.import_ import command


@pytest.fixture
def run(cast, cards, tmp_path: Path) -> Any:
    def _run(text: str, *options: str) -> Result:
        file = tmp_path / "cartera.csv"
        file.write_text(text)
        return CliRunner().invoke(command, [str(file), "--layout", "tarjetas", "--organisation", cast.tenant.slug, "--on", "2026-11-24", *options])

    return _run


def test_it_applies_says_totals_and_writes_the_refused_rows_beside_the_file(run, tmp_path) -> None:
    done = run(csv(ROSA, HUGO.replace("900.00", "x")), "--json")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert (report["status"], report["accepted"], report["refused"]) == ("applied", 1, 1)
    assert report["totals"]["MXN"]["applied"] == 1_250_050
    assert report["reasons"][0]["code"] == "not_a_number"
    refused = Path(report["refused_file"])
    assert refused.parent == tmp_path and "no es un número" in refused.read_text("utf-8-sig")
    assert refused.stat().st_mode & 0o077 == 0


def test_checking_only_changes_nothing(run) -> None:
    done = run(csv(ROSA), "--check-only")
    assert done.exit_code == 0 and "revisada" in done.output and "$ 12,500.50 MXN" in done.output
    assert not Account.objects.filter(number="T-1").exists()
    assert Batch.objects.get().status == "checked"


def test_a_file_that_cannot_be_read_ends_with_three_and_the_reason(run) -> None:
    done = run("Cuenta\nT-1\n")
    assert done.exit_code == 3
    assert "no vienen las columnas" in done.output


def test_an_unknown_layout_names_the_saved_ones(run) -> None:
    from recaudo.intake.queries import LayoutNotFound

    done = CliRunner().invoke(command, [__file__, "--layout", "nada", "--organisation", _slug()])
    assert isinstance(done.exception, LayoutNotFound) and "tarjetas" in str(done.exception)


def _slug() -> str:
    from recaudo.workforce.models import Tenant

    return Tenant.objects.get(name="Cobranza del Valle").slug
