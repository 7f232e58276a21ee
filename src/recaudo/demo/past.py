"""A day's work in the demo: waves released and sent, some calls made, answers that people might give. Through the same services and
the same gate as real work; only the outcomes are drawn from a seed. Public data has no calls or promises by hour: these are invented.
"""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

from recaudo.casework import catalogue
from recaudo.casework import services as casework
from recaudo.casework.models import Wave
from recaudo.engine.score import BANDS
from recaudo.kernel.problems import Problem
from recaudo.kernel.time import day_at, local
from recaudo.messaging import services as messaging
from recaudo.messaging.models import Message
from recaudo.portfolio.models import Account
from recaudo.store import tenancy
from recaudo.workforce.models import Tenant, User

CALLS = 70
MESSAGES = 150
# Disposition and how often it ends a call; what each needs is filled in below.
# How much likelier somebody talks at the hour that suits them; whom which hour suits is drawn by their id.
HABIT = 3
OUTCOMES: tuple[tuple[str, int], ...] = (
    ("NC01", 34), ("NC03", 12), ("NC02", 5), ("TC01", 9), ("TC06", 2), ("TI01", 2), ("PP01", 12), ("PP02", 5), ("NG01", 5), ("NG05", 4),
    ("NG06", 2), ("SE02", 3), ("SE12", 3), ("NG03", 1), ("SE05", 1),
)  # fmt: skip


def work_a_day(tenant: Tenant, people: dict[str, User], *, day: date, seed: int) -> dict[str, int]:
    """Release and send part of the day's messages, and make some calls. Returns counts by what happened."""
    pick = random.Random(f"{seed}:{day}")
    counts = {"messages": 0, "calls": 0, "promises": 0}
    morning = day_at(day, tenant.zone, 9, 40)
    with tenancy.acting(tenant.id):
        for wave in Wave.objects.filter(on=day, status="awaiting_release"):
            casework.release_wave(wave, by=people["supervisor@demo.example"], at=morning)
    sent = messaging.dispatch(tenant, at=morning + timedelta(minutes=5), limit=MESSAGES)
    counts["messages"] = sent.sent
    _receipts(tenant, pick, morning + timedelta(minutes=9), day)
    agents = [people["agente@demo.example"], people["agente2@demo.example"]]
    at = day_at(day, tenant.zone, 10)
    for number in range(CALLS):
        at += timedelta(minutes=5)
        with tenancy.acting(tenant.id):
            outcome = _call(agents[number % 2], pick, at, day, tenant.zone)
        if outcome is None:
            break
        counts["calls"] += 1
        counts["promises"] += outcome in {"PP01", "PP02"}
    return counts


def _receipts(tenant: Tenant, pick: random.Random, at: datetime, day: date) -> None:
    with tenancy.acting(tenant.id):
        for message in Message.objects.filter(status="sent", provider="sandbox", sent_at__date=day).order_by("id"):
            if pick.random() < 0.86:
                _receipt(message, "delivered", at)
                if pick.random() < 0.5:
                    _receipt(message, "read", at + timedelta(minutes=40))


def _receipt(message: Message, kind: str, at: datetime) -> None:
    messaging.record_receipt(
        provider=message.provider, event_id=f"{message.provider_id}:{kind}", provider_message_id=message.provider_id, kind=kind, at=at
    )


def _call(agent: User, pick: random.Random, at: datetime, day: date, zone: str) -> str | None:
    taken = casework.take_next(by=agent, at=at)
    if taken is None:
        return None
    try:
        permit = casework.clear(action=taken.action, contact_point=taken.point, at=at, by=agent)
    except casework.ContactRefused:
        casework.unlock_case(taken.case, by=agent, at=at)
        return "refused"
    suits = list(BANDS.values())[taken.action.person_id.int % len(BANDS)]
    more = HABIT if suits[0] <= local(at, zone).hour < suits[1] else 1
    code = pick.choices([name for name, _ in OUTCOMES], weights=[weight * (more if catalogue.disposition(name).is_rpc else 1) for name, weight in OUTCOMES])[0]
    done = at + timedelta(seconds=pick.randint(35, 170))
    if catalogue.disposition(code).is_rpc:
        casework.check_identity(action=taken.action, checked=["name", "id_end"], by=agent, at=at)
    try:
        casework.close_action(taken.action, outcome=_outcome(code, taken.action, pick, day), permit=permit, by=agent, at=done)
    except Problem:
        # What was drawn does not fit this account (a promise where one stands, say): nobody answered instead.
        code = "NC01"
        casework.close_action(taken.action, outcome=casework.Outcome(disposition=code), permit=permit, by=agent, at=done)
    casework.unlock_case(taken.case, by=agent, at=done)
    return code


def _outcome(code: str, action: Any, pick: random.Random, day: date) -> casework.Outcome:
    account = Account.objects.get(pk=action.account_id)
    if code in {"PP01", "PP02"}:
        amount = account.overdue_minor if code == "PP01" else max(account.overdue_minor // 2, 1)
        return casework.Outcome(
            disposition=code, amount_minor=amount, due_on=day + timedelta(days=pick.randint(1, 5)), means="transfer",
            reason="R18" if pick.random() < 0.5 else "", provenance="volunteered", duration_seconds=pick.randint(90, 400),
        )  # fmt: skip
    if code == "NG03":
        return casework.Outcome(disposition=code, details={"disputed": "comisión del mes"}, duration_seconds=240)
    reason = {"NG05": "R13", "NG06": "R09"}.get(code, "")
    return casework.Outcome(disposition=code, reason=reason, provenance="volunteered" if reason else "", duration_seconds=pick.randint(20, 200))


