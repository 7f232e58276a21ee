"""The exceptional events of the demo: a flood with accounts marked in every way, and a strike that waits for approval. Both invented."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account
from recaudo.workforce.models import User

# What is said of each account, in the order of their numbers.
SAID = (
    ("claimed", ""), ("document", "Acta de Protección Civil 118, hoja 3"), ("authority", "Padrón de damnificados, folio 2207"),
    ("visit", "Visita V-3301: local inundado"), ("creditor", "Oficio del acreedor 77/2026"), ("claimed", ""),
)  # fmt: skip


def declare(people: dict[str, User], *, on: date, at: datetime) -> None:
    """Inside the tenant, before the last day is worked."""
    designer, manager, agent = (people[f"{name}@demo.example"] for name in ("estrategia", "gerente", "agente"))
    before = at - timedelta(days=12)
    flood = portfolio.propose_event(
        name="Inundaciones de noviembre", kind="catastrophe", country="MX", from_on=on - timedelta(days=14), until_on=on + timedelta(days=90),
        declared_by="Declaratoria de emergencia de la autoridad federal (inventada para la demostración)", claim_days=10, by=designer, at=before,
    )  # fmt: skip
    flood = portfolio.approve_event(flood, by=manager, at=before + timedelta(hours=3))
    hit = list(Account.objects.filter(portfolio__code="TC-MX", overdue_minor__gt=0).order_by("number")[: len(SAID)])
    for place, (account, (kind, evidence)) in enumerate(zip(hit, SAID, strict=False)):
        # the first one's word has run out by now
        moment = before + timedelta(hours=4) if place == 0 else at - timedelta(days=2)
        portfolio.mark_affected(flood, account=account, evidence_kind=kind, evidence=evidence, by=agent, at=moment)
    portfolio.propose_event(
        name="Paro de transporte en la región", kind="strike", country="CL", from_on=on - timedelta(days=1), until_on=None,
        declared_by="Comunicado de la autoridad de transporte (inventado)", claim_days=15, by=designer, at=at - timedelta(hours=1),
    )  # fmt: skip
