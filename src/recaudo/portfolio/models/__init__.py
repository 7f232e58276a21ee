"""Tables of the portfolio, one module per noun."""

from recaudo.portfolio.models.account import (
    Account,
    AccountParty,
    BucketDefinition,
    BucketHistory,
    DelinquencyPause,
    Document,
    Instalment,
    Placement,
)
from recaudo.portfolio.models.contact import Consent, ContactPoint, Preference
from recaudo.portfolio.models.creditor import Creditor, Portfolio, PortfolioFigure
from recaudo.portfolio.models.ledger import LedgerEntry, Payment
from recaudo.portfolio.models.person import Person, PersonMerge
from recaudo.portfolio.models.quarantine import Quarantine, QuarantineRelease

__all__ = [
    "Account",
    "AccountParty",
    "BucketDefinition",
    "BucketHistory",
    "Consent",
    "ContactPoint",
    "Creditor",
    "DelinquencyPause",
    "Document",
    "Instalment",
    "LedgerEntry",
    "Payment",
    "Person",
    "PersonMerge",
    "Placement",
    "Portfolio",
    "PortfolioFigure",
    "Preference",
    "Quarantine",
    "QuarantineRelease",
]
