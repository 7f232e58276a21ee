"""Writes of the portfolio: one function per thing a user or the day can do, one module per noun.

    from recaudo.portfolio import services as portfolio
    portfolio.record_payment(account=account, ...)

Keyword-only; `by` is a user or journal.SYSTEM, `at` an aware instant; atomic, with one line in the journal.
"""

from recaudo.portfolio.services.accrual import AccrualResult, accrue, accrue_account, define_buckets, pause_delinquency
from recaudo.portfolio.services.calendar import local_day
from recaudo.portfolio.services.consents import give_consent, revoke_consent
from recaudo.portfolio.services.contacts import BadContactPoint, masked, save_contact_point, set_contact_point_status
from recaudo.portfolio.services.creditors import save_creditor, save_portfolio
from recaudo.portfolio.services.documents import add_document
from recaudo.portfolio.services.ledger import DEFAULT_WATERFALL, book_charge, waterfall_of
from recaudo.portfolio.services.payments import identify_payment, record_payment, reverse_payment
from recaudo.portfolio.services.persons import add_moved, dismiss_duplicate, merge_persons, unmerge_persons
from recaudo.portfolio.services.placements import PlacementResult, place_accounts, recall_accounts
from recaudo.portfolio.services.preferences import (
    DAYS_ES,
    LANGUAGE_ES,
    SAID_BY_ES,
    drop_preference,
    in_words,
    save_preference,
    set_language,
)
from recaudo.portfolio.services.quarantine import (
    PROOF_ES,
    REPORT_ES,
    Quarantined,
    approve_release,
    points_of,
    propose_release,
    quarantine_of,
    quarantine_value,
    reached_by,
    reject_release,
)

__all__ = [
    "DAYS_ES",
    "DEFAULT_WATERFALL",
    "LANGUAGE_ES",
    "PROOF_ES",
    "REPORT_ES",
    "SAID_BY_ES",
    "AccrualResult",
    "BadContactPoint",
    "PlacementResult",
    "Quarantined",
    "accrue",
    "accrue_account",
    "add_document",
    "add_moved",
    "approve_release",
    "book_charge",
    "define_buckets",
    "dismiss_duplicate",
    "drop_preference",
    "give_consent",
    "identify_payment",
    "in_words",
    "local_day",
    "masked",
    "merge_persons",
    "pause_delinquency",
    "place_accounts",
    "points_of",
    "propose_release",
    "quarantine_of",
    "quarantine_value",
    "reached_by",
    "recall_accounts",
    "record_payment",
    "reject_release",
    "reverse_payment",
    "revoke_consent",
    "save_contact_point",
    "save_creditor",
    "save_portfolio",
    "save_preference",
    "set_contact_point_status",
    "set_language",
    "unmerge_persons",
    "waterfall_of",
]  # fmt: skip
