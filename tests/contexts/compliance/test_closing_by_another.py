"""A finding is closed by somebody who never was the one to correct it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from recaudo.compliance.models import AuditFinding, AuditRun
from recaudo.compliance.services import audits


@pytest.fixture
def finding(cast: Any) -> AuditFinding:
    programme = audits.programmed(
        name="Permisos", purpose="Que se pidan", subject="account", controls=[], questions=["¿Consta?"], period="monthly", sample_size=1,
        responsible_id=cast.carmen.id, next_on=cast.today, by=cast.carmen, at=cast.now,
    )  # fmt: skip
    run = AuditRun.objects.create(
        programme=programme, folio="A-1", from_on=cast.today - timedelta(days=1), until_on=cast.today, subject="account", seed=1, population_count=1,
        responsible_id=cast.carmen.id, created_at=cast.now,
    )  # fmt: skip
    return audits.add_finding(run, title="Sin permiso", detail="Uno", severity="high", by=cast.carmen, at=cast.now)


def test_who_was_to_correct_it_cannot_hand_that_on_and_close_it_alone(cast: Any, finding: AuditFinding) -> None:
    for who in (cast.carmen, cast.gabriel):
        audits.plan_correction(
            finding, correction="Cambiar el proceso", responsible_id=who.id, due_on=cast.today, by=cast.carmen, at=cast.now, on=cast.today
        )
    with pytest.raises(audits.SamePerson):
        audits.close_finding(finding, proof="Se ve en la bitácora", by=cast.carmen, at=cast.now)
    assert audits.close_finding(finding, proof="Se ve en la bitácora", by=cast.elena, at=cast.now).status == "closed"
