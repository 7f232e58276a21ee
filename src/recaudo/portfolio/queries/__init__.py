"""Reads of the portfolio, one module per noun. Nothing here writes or decides."""

from recaudo.portfolio.queries.accounts import (
    AccountFilters,
    AccountSheet,
    PartyLine,
    account_sheet,
    bounded_count,
    find_accounts,
    search,
    search_persons,
)
from recaudo.portfolio.queries.books import PortfolioLine, bucket_settings, portfolio_lines, totals
from recaudo.portfolio.queries.payments import PaymentFilters, find_payments, money_received, unidentified
from recaudo.portfolio.queries.people import Candidate, duplicates, merges
from recaudo.portfolio.queries.quarantine import (
    Covered,
    QuarantineLine,
    points_of,
    quarantine_cursor,
    quarantine_detail,
    quarantines,
    releases_waiting,
)
from recaudo.portfolio.queries.words import (
    COMPONENT_ES,
    COUNTRY_ES,
    METHOD_ES,
    PAYMENT_ES,
    PLACE_ES,
    POINT_ES,
    SOURCE_ES,
    STATUS_ES,
    VOICE_ES,
)

__all__ = [
    "COMPONENT_ES",
    "COUNTRY_ES",
    "METHOD_ES",
    "PAYMENT_ES",
    "PLACE_ES",
    "POINT_ES",
    "SOURCE_ES",
    "STATUS_ES",
    "VOICE_ES",
    "AccountFilters",
    "AccountSheet",
    "Candidate",
    "Covered",
    "PartyLine",
    "PaymentFilters",
    "PortfolioLine",
    "QuarantineLine",
    "account_sheet",
    "bounded_count",
    "bucket_settings",
    "duplicates",
    "find_accounts",
    "find_payments",
    "merges",
    "money_received",
    "points_of",
    "portfolio_lines",
    "quarantine_cursor",
    "quarantine_detail",
    "quarantines",
    "releases_waiting",
    "search",
    "search_persons",
    "totals",
    "unidentified",
]  # fmt: skip
