"""The experiments of the demo: a control group that is kept always, and one trial of a version that has ended.

The trial's persons are drawn as the day would draw them; what they paid is planted: the treated pay more often by LIFT. Everything goes
through the services that a customer's people use.
"""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.utils import timezone

from recaudo.engine import experiment as engine
from recaudo.flow.services import whatif
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account
from recaudo.store import tenancy
from recaudo.strategy import queries, services
from recaudo.strategy.models import Experiment, StrategyVersion
from recaudo.strategy.queries.versions import model_of
from recaudo.workforce.models import Tenant, User

CONTROL_BP = 300
BASE, LIFT = 0.16, 0.12
DAYS, SPREAD = 14, 8
# Pesos per contact; round figures for a demo, not a quotation.
COSTS = {"call": "9.50", "sms": "0.60", "im": "0.90", "email": "0.05", "prerecorded": "0.80"}


def prepare(people: dict[str, User], *, version: StrategyVersion, on: date, at: datetime) -> Experiment:
    """The control group, the version that was tried, and its trial: all proposed by one person, approved by another. Inside a tenant."""
    analyst, manager = people["estrategia@demo.example"], people["gerente@demo.example"]
    control = services.propose(
        version.strategy, name="Grupo de control permanente", kind="holdout", is_default=True, base_bp=2000, lift_bp=300,
        hypothesis="Medir siempre cuánto se recupera por gestionar y cuánto se habría pagado solo.",
        arms=[services.ArmDraft("control", "Grupo de control", CONTROL_BP, None, True), services.ArmDraft("worked", "Con gestión", 10_000 - CONTROL_BP)],
        by=analyst, at=at,
    )  # fmt: skip
    tried = services.draft(version, note="Llamar en vez de escribir a quien no responde mensajes", by=analyst, at=at)
    for rule in model_of(tried).decision("treatment").table.rules:  # type: ignore[union-attr]
        if any(cell.text == '"WHATSAPP_SOFT"' for cell in rule.outputs):
            tried = services.change_cell(tried, decision="treatment", rule_id=rule.id, column="treatment_out1", text='"CALL_AGENT"', by=analyst, at=at)
    services.submit(tried, by=analyst, at=at)
    tried = services.approve(tried, by=manager, at=at, note="Sólo para probarla.")
    trial = services.propose(
        version.strategy, name="Llamar a quien no responde mensajes", kind="challenger", base_bp=1600, lift_bp=800, outcome_days=DAYS,
        hypothesis="Una llamada a tiempo logra más pagos que otro mensaje.",
        arms=[services.ArmDraft("champion", "En vigor", 5_000), services.ArmDraft("challenger", f"Retadora: versión {tried.number}", 5_000, tried)],
        scope={"kind": ["consumer"]}, by=analyst, at=at,
    )  # fmt: skip
    for one in (control, trial):
        services.submit_experiment(one, by=analyst, at=at)
        services.approve_experiment(one, starts_on=on, today=on, by=manager, at=at)
    services.start_due_experiments(on=on, by=manager, at=at)
    return trial


def live(trial: Experiment, people: dict[str, User], *, on: date, seed: int) -> int:
    """Draw the trial's persons as they come, let them pay, and stop it when everybody has been seen. Returns how many paid. Inside a tenant."""
    owed: dict[UUID, list[Account]] = defaultdict(list)
    for account in Account.objects.filter(portfolio__kind="consumer", overdue_minor__gt=0).exclude(placements__status="active").order_by("id"):
        owed[account.holder_id].append(account)
    arms = queries.arms_of(trial)
    drawn = {person: engine.arm_of(str(person), trial.salt, arms) for person in owed}
    # A salt is new with every demo: the day and the seed decide who pays, not the salt.
    pick = random.Random(f"{seed}:{on}")
    rows = [(str(person), arm, sum(one.overdue_minor for one in owed[person]), owed[person][0].currency) for person, arm in drawn.items() if _single(owed[person])]
    came = [on + timedelta(days=pick.randint(0, SPREAD)) for _ in rows]
    for day in sorted(set(came)):
        services.enrol(
            trial, [row for row, first in zip(rows, came, strict=True) if first == day], on=day, by=people["gerente@demo.example"], at=_morning(day)
        )
    paid = 0
    for (person, arm, _, _), first in zip(rows, came, strict=True):
        chance = BASE + (LIFT if arm == "challenger" else 0.0)
        if pick.random() >= chance:
            continue
        account = owed[UUID(person)][0]
        day = first + timedelta(days=pick.randint(1, DAYS - 1))
        amount = max(round(account.overdue_minor * pick.uniform(0.2, 0.6)), 1)
        portfolio.record_payment(
            account=account, amount_minor=amount, currency=account.currency, paid_on=day, method="transfer", external_id=f"DEMO-{account.number}-{day:%m%d}",
            by=people["finanzas@demo.example"], at=_morning(day + timedelta(days=1)),
        )  # fmt: skip
        paid += 1
    ended = on + timedelta(days=SPREAD + DAYS + 1)
    services.stop_experiment(
        trial, on=ended, reason="Todas las personas cumplieron su plazo.", by=people["gerente@demo.example"], at=_morning(ended)
    )
    return paid


def simulate(tenant: Tenant, people: dict[str, User]) -> None:
    """One simulation of the tried version over the newest day. Call outside a transaction."""
    with tenancy.acting(tenant.id):
        snapshot, active = queries.snapshots().first(), queries.active_version()
        other = next((one for one in queries.usable_versions(active.strategy) if one.pk != active.pk), None)
        if snapshot is None or other is None:
            return
        asked = whatif.ask(
            old=active, new=queries.version_by_id(other.pk), snapshot=snapshot, horizon_days=7, by=people["estrategia@demo.example"], at=timezone.now()
        )
    whatif.work_out(tenant, asked.pk, by=people["estrategia@demo.example"], clock=timezone.now)


def _single(accounts: list[Account]) -> bool:
    return len({account.currency for account in accounts}) == 1


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(11), tzinfo=UTC)
