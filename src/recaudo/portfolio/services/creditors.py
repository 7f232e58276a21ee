"""Creditors and portfolios: their names, how they are paid, who answers complaints, in which order money is applied."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from recaudo.journal import services as journal
from recaudo.kernel.money import minor_digits
from recaudo.kernel.problems import Problem
from recaudo.portfolio.models import Creditor, Portfolio
from recaudo.portfolio.services.ledger import waterfall_of


class CodeTaken(Problem):
    code = "code_taken"
    message = "La clave «{value}» ya está en uso. Elija otra."
    status = 409


class BadPortfolio(Problem):
    code = "bad_portfolio"
    message = "La cartera no se guardó: {reason}"


@transaction.atomic
def save_creditor(
    *,
    creditor: Creditor | None,
    code: str,
    name: str,
    country: str,
    by: Any,
    at: datetime,
    legal_name: str = "",
    tax_id: str = "",
    voice: str = "usted",
    how_to_pay: str = "",
    complaint_contact: str = "",
    waterfall: Sequence[str] = (),
    is_active: bool = True,
) -> Creditor:
    """Make a creditor (None) or change one.

    waterfall  components in the order a payment covers them; what it leaves out follows in the default order
    Raises     CodeTaken, UnknownComponent
    """
    row = creditor or Creditor(created_at=at)
    row.code, row.name, row.country = code, name, country.upper()
    row.legal_name, row.tax_id, row.voice = legal_name, tax_id, voice
    row.how_to_pay, row.complaint_contact, row.is_active = how_to_pay, complaint_contact, is_active
    row.waterfall = list(waterfall)
    waterfall_of(row)
    _save(row, code)
    journal.record("creditor.changed", by=by, at=at, subject="creditor", subject_id=row.id, code=code, is_new=creditor is None)
    return row


@transaction.atomic
def save_portfolio(
    *,
    portfolio: Portfolio | None,
    creditor: Creditor,
    code: str,
    name: str,
    product: str,
    kind: str,
    currency: str,
    country: str,
    by: Any,
    at: datetime,
    is_active: bool = True,
) -> Portfolio:
    """Make a portfolio (None) or change one. Currency and creditor of a portfolio that has accounts stay as they are.

    Raises  CodeTaken, BadPortfolio, UnknownCurrency
    """
    minor_digits(currency)
    if kind not in {"consumer", "commercial"}:
        raise BadPortfolio(reason="el tipo es consumo o comercial.")
    row = portfolio or Portfolio(created_at=at)
    moved = portfolio is not None and (row.currency != currency or row.creditor_id != creditor.id)
    if moved and row.account_set.exists():
        raise BadPortfolio(reason="ya tiene cuentas; su moneda y su acreedor no cambian.")
    row.creditor, row.code, row.name, row.product = creditor, code, name, product
    row.kind, row.currency, row.country, row.is_active = kind, currency, country.upper(), is_active
    _save(row, code)
    journal.record("portfolio.changed", by=by, at=at, subject="portfolio", subject_id=row.id, code=code, is_new=portfolio is None)
    return row


def _save(row: Creditor | Portfolio, code: str) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise CodeTaken(value=code) from error
