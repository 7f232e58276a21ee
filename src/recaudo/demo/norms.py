"""What the demo's officers decided over the law: a value in force, and one that waits for a second person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from recaudo.compliance.services.replay import show_impact
from recaudo.law import services as law
from recaudo.workforce.models import User

OFFICER, SECOND = "cumplimiento@demo.example", "cumplimiento2@demo.example"


def decide(people: Mapping[str, User], *, zone: str, on: date, at: datetime) -> None:
    """Inside the tenant: Carmen lengthened the gap between messages in Chile, and proposes shorter hours in Mexico.

    Reads recorded contacts to show the effect of what is approved: call when they are committed.
    """
    before, told = on - timedelta(days=7), at - timedelta(days=7)
    gap = law.propose_change(
        rule_id="CL-GAP-MSG", values={"min_days_between": {"clear_days": 3}}, since=before, until=None,
        source="Política de contacto de la organización, versión 4, punto 2.1", on=before, by=people[OFFICER], at=told,
        reason="Menos mensajes seguidos: así lo acordó el comité de cumplimiento tras los reclamos de octubre.",
    )  # fmt: skip
    show_impact(proposal=str(gap.id), on=before, zone=zone, by=people[SECOND], at=told + timedelta(hours=2))
    law.approve_change(gap.id, by=people[SECOND], at=told + timedelta(hours=2))
    law.propose_change(
        rule_id="MX-HOURS", values={"week": {"mon-fri": "09:00-18:00"}}, since=on, until=None, source="pending", on=on, by=people[OFFICER], at=at,
        reason="Se estudia contactar sólo en horas de oficina; falta la opinión del área jurídica.",
    )  # fmt: skip
