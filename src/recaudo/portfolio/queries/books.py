"""Key figures of creditors and portfolios."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, Sum

from recaudo.engine.accrue import DEFAULT_BUCKETS
from recaudo.portfolio.models import Account, BucketDefinition, Creditor, Portfolio, PortfolioFigure
from recaudo.portfolio.queries.accounts import CLOSED
from recaudo.store import tenancy


@dataclass(frozen=True, slots=True)
class BucketShare:
    """A bucket's part of a portfolio. `share` is of the balance, 0 to 1; `start` is where it begins in a bar."""

    bucket: str
    account_count: int
    balance_minor: int
    share: float
    start: float


@dataclass(frozen=True, slots=True)
class PortfolioLine:
    """A portfolio and its figures, money in minor units of its currency.

    par30   part of the balance that is of accounts more than 30 days late, 0 to 1; None without balance
    as_of   the day of the roll the figures are of; None when they were counted just now
    """

    portfolio: Portfolio
    account_count: int
    balance_minor: int
    overdue_minor: int
    par30: float | None
    buckets: tuple[BucketShare, ...]
    as_of: date | None


def portfolio_lines() -> list[PortfolioLine]:
    """Every portfolio with its figures, by creditor and name.

    Read from the last roll's figures; a portfolio that has none (loaded since, or seen with an agency's eyes) is counted.
    """
    portfolios = list(Portfolio.objects.select_related("creditor").order_by("creditor__name", "name"))
    last = PortfolioFigure.objects.values("portfolio_id").annotate(day=Max("on")).values_list("portfolio_id", "day")
    days: dict[UUID, date] = {} if tenancy.agency_id() else dict(last)
    rows: dict[UUID, list[dict[str, Any]]] = {}
    kept = PortfolioFigure.objects.filter(_on_days(days)) if days else PortfolioFigure.objects.none()
    for row in kept.values("portfolio_id", *_COLUMNS):
        rows.setdefault(row["portfolio_id"], []).append(row)
    for row in _counted([portfolio.id for portfolio in portfolios if portfolio.id not in days]):
        rows.setdefault(row["portfolio_id"], []).append(row)
    return [_line(portfolio, rows.get(portfolio.id, []), days.get(portfolio.id)) for portfolio in portfolios]


_COLUMNS = ("bucket", "account_count", "par30_minor", "balance_minor", "overdue_minor")


def _on_days(days: dict[UUID, date]) -> Q:
    condition = Q()
    for day in set(days.values()):
        condition |= Q(on=day, portfolio_id__in=[portfolio for portfolio, on in days.items() if on == day])
    return condition


def _counted(portfolio_ids: Iterable[UUID]) -> list[dict[str, Any]]:
    ids = list(portfolio_ids)
    if not ids:
        return []
    accounts = Account.objects.filter(portfolio_id__in=ids).exclude(status__in=CLOSED).order_by()
    sums = accounts.values("portfolio_id", "bucket").annotate(
        n=Count("id"), late=Sum("balance_minor", filter=Q(dpd__gt=30), default=0), whole=Sum("balance_minor"), due=Sum("overdue_minor")
    )
    return [
        {"portfolio_id": row["portfolio_id"], "bucket": row["bucket"], "account_count": row["n"], "par30_minor": row["late"],
         "balance_minor": row["whole"], "overdue_minor": row["due"]}
        for row in sums
    ]  # fmt: skip


_ORDER = {code: place for place, code in enumerate(DEFAULT_BUCKETS.codes)}


def _line(portfolio: Portfolio, rows: list[dict[str, Any]], as_of: date | None) -> PortfolioLine:
    rows = sorted(rows, key=lambda row: (_ORDER.get(row["bucket"], 99), row["bucket"]))
    balance = sum(row["balance_minor"] for row in rows)
    positive = sum(max(row["balance_minor"], 0) for row in rows)
    shares, start = [], 0.0
    for row in rows:
        share = max(row["balance_minor"], 0) / positive if positive else 0.0
        shares.append(BucketShare(row["bucket"], row["account_count"], row["balance_minor"], share, start))
        start += share
    return PortfolioLine(
        portfolio=portfolio,
        account_count=sum(row["account_count"] for row in rows),
        balance_minor=balance,
        overdue_minor=sum(row["overdue_minor"] for row in rows),
        par30=sum(row["par30_minor"] for row in rows) / balance if balance > 0 else None,
        buckets=tuple(shares),
        as_of=as_of,
    )


def totals(lines: Iterable[PortfolioLine]) -> list[dict[str, Any]]:
    """Balance and overdue by currency, which are never added to each other: currency, balance_minor, overdue_minor, par30."""
    sums: dict[str, dict[str, Any]] = {}
    for line in lines:
        row = sums.setdefault(line.portfolio.currency, {"currency": line.portfolio.currency, "balance_minor": 0, "overdue_minor": 0, "late": 0.0})
        row["balance_minor"] += line.balance_minor
        row["overdue_minor"] += line.overdue_minor
        row["late"] += (line.par30 or 0) * line.balance_minor
    for row in sums.values():
        row["par30"] = row.pop("late") / row["balance_minor"] if row["balance_minor"] > 0 else None
    return list(sums.values())


def bucket_settings(creditor: Creditor, on: date) -> tuple[int, int]:
    """(early below, late from) in days, of the definition in force for a creditor on a day."""
    rows = BucketDefinition.objects.filter(Q(creditor=creditor) | Q(creditor=None), valid_from__lte=on).order_by("valid_from")
    general = own = None
    for row in rows:
        general, own = (row, own) if row.creditor_id is None else (general, row)
    chosen = own or general
    if chosen is None:
        firsts = dict(DEFAULT_BUCKETS.stages)
        return firsts["middle"], firsts["late"]
    firsts = {}
    for edge in chosen.edges:
        firsts.setdefault(edge["stage"], int(edge["from"]))
    return firsts.get("middle", 120), firsts.get("late", 180)
