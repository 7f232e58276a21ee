"""The budget and the floors of coverage that count on a day, and their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from recaudo.flow.models import DayLimit
from recaudo.kernel.money import minor_digits
from recaudo.portfolio.models import Portfolio
from recaudo.workforce.models import Agency, Tenant

KINDS = ("budget", "portfolio", "agency", "tolerance", "first", "idle")
OF_PORTFOLIO = ("portfolio", "tolerance")


@dataclass(frozen=True, slots=True)
class Limits:
    """What the plan of a day keeps to.

    budget_minor, cost_minor   of the day, and of one contact by channel: minor units of `currency`; without a budget, None
    floors                     persons to be worked first, by the id of the portfolio or the agency
    floors_of                  portfolio or agency: what the ids are; one kind at a time
    """

    currency: str = ""
    budget_minor: int | None = None
    cost_minor: Mapping[str, int] = field(default_factory=dict)
    floors: Mapping[str, int] = field(default_factory=dict)
    floors_of: str = "portfolio"


def limits_on(day: date, tenant: Tenant) -> Limits:
    """The limits in force on a day. Two queries at most."""
    known = amounts_on(day)
    by_kind = {kind: {str(key[1]): amount for key, amount in known.items() if key[0] == kind and amount} for kind in ("portfolio", "agency")}
    of = "agency" if by_kind["agency"] else "portfolio"
    return Limits(
        currency=tenant.currency, budget_minor=known.get(("budget", None)), cost_minor=unit_costs(tenant), floors=by_kind[of], floors_of=of,
    )  # fmt: skip


def amounts_on(day: date) -> dict[tuple[str, UUID | None], int]:
    """(kind, scope) -> the amount in force; a limit that was taken away is absent."""
    newest = DayLimit.objects.filter(valid_from__lte=day).order_by("kind", "scope_id", "-valid_from").distinct("kind", "scope_id")
    return {(kind, scope): amount for kind, scope, amount in newest.values_list("kind", "scope_id", "amount") if amount is not None}


FIRST_DAYS, IDLE_DAYS = 3, 30  # while nobody has said another number


def unworked_days(day: date) -> tuple[int, int]:
    """After how many days late without any attempt, and after how many days without another, an account is escalated."""
    known = amounts_on(day)
    return known.get(("first", None)) or FIRST_DAYS, known.get(("idle", None)) or IDLE_DAYS


def coming(day: date) -> list[date]:
    """Days after this one from which other limits count."""
    return list(DayLimit.objects.filter(valid_from__gt=day).order_by("valid_from").values_list("valid_from", flat=True).distinct())


def unit_costs(tenant: Tenant) -> dict[str, int]:
    """What one contact costs by channel, minor units of the organisation's currency; unknown ones are absent."""
    scale = 10 ** minor_digits(tenant.currency)
    return {channel: round(float(cost) * scale) for channel, cost in tenant.settings.get("unit_costs", {}).items()}


def names(kind: str, ids: list[str]) -> dict[str, str]:
    """Names of portfolios or agencies by id."""
    found = (Agency if kind == "agency" else Portfolio).objects.filter(pk__in=ids).values_list("pk", "name")
    return {str(key): name for key, name in found}


def scopes() -> dict[str, list[tuple[UUID, str]]]:
    """What may have a floor: portfolios and agencies by name."""
    return {
        "portfolio": list(Portfolio.objects.order_by("name").values_list("pk", "name")),
        "agency": list(Agency.objects.filter(is_active=True).order_by("name").values_list("pk", "name")),
    }
