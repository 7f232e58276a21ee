"""What the organisation of the demo has set by hand: a pace, a plan with goals, an account that a person took, one that was escalated."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from recaudo.flow.models import Escalation
from recaudo.flow.services import escalations, pacing, plans
from recaudo.portfolio.models import Account, Portfolio
from recaudo.workforce.models import User

PLAN_DAYS = 30


def set_up(people: dict[str, User], *, on: date, at: datetime) -> None:
    """Inside the tenant, after the past days were worked and before the last one is."""
    manager, supervisor, agent = (people[f"{name}@demo.example"] for name in ("gerente", "supervisor", "agente"))
    pacing.set_pace(contacts=4, period_days=7, gap_days=0, valid_from=on, today=on, by=manager, at=at)
    pacing.set_pace(contacts=2, period_days=7, gap_days=1, kind="consumer", after="reached", valid_from=on, today=on, by=manager, at=at)
    pacing.set_pace(contacts=5, period_days=7, gap_days=0, kind="consumer", after="broken", valid_from=on, today=on, by=manager, at=at)
    book = Portfolio.objects.get(code="TC-MX")
    plans.open_plan(
        name="Contener la mora temprana en México", purpose="Que lo que entra en mora no pase de 60 días.", owner_id=supervisor.pk, portfolio_id=book.pk,
        stages=["early", "middle"], channels=["call", "im", "sms"], starts_on=on - timedelta(days=PLAN_DAYS // 2), ends_on=on + timedelta(days=PLAN_DAYS // 2),
        goals=[
            {"kpi": "K-61", "currency": book.currency, "target": Decimal(40_000_00)}, {"kpi": "K-30", "currency": "", "target": Decimal("0.60")},
            {"kpi": "K-53", "currency": "", "target": Decimal("0.50")},
        ],
        by=manager, at=at,
    )  # fmt: skip
    delicate = Account.objects.filter(portfolio__code="FAC-MX", overdue_minor__gt=0).order_by("-overdue_minor", "id").first()
    if delicate is not None:
        pacing.decide_by_hand(
            account=delicate, whole_person=False, want="human", reason="negotiation", to=agent, until_on=on + timedelta(days=10), today=on, by=supervisor, at=at
        )
    late = Escalation.objects.filter(status="open", agency_id=None).order_by("opened_on", "id").first()
    if late is not None:
        escalations.take(late, to=agent, by=supervisor, at=at)
