"""Whose debt it is."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from recaudo.store.models import TenantRow


class Creditor(TenantRow):
    """The owner of debts: its voice, how it is paid, and who answers complaints.

    waterfall  order in which a payment covers components, oldest instalment first
    """

    code = models.CharField(max_length=20)
    name = models.CharField(max_length=120)
    country = models.CharField(max_length=2)
    legal_name = models.CharField(max_length=160, blank=True)
    tax_id = models.CharField(max_length=30, blank=True)
    voice = models.CharField(max_length=20, default="usted")
    how_to_pay = models.TextField(blank=True)
    complaint_contact = models.CharField(max_length=200, blank=True)
    waterfall = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)

    class Personal:
        plain: ClassVar = {"name": "name of a company", "legal_name": "name of a company",
                           "complaint_contact": "public desk of a company"}  # fmt: skip

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "code"], name="creditor_code")]

    def __str__(self) -> str:
        return self.name


class Portfolio(TenantRow):
    """Accounts of one creditor, product and currency that are treated as one book.

    kind      consumer or commercial
    product   credit_card, instalment_loan, invoice, other
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT)
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=120)
    product = models.CharField(max_length=30)
    kind = models.CharField(max_length=12)
    currency = models.CharField(max_length=4)
    country = models.CharField(max_length=2)
    is_active = models.BooleanField(default=True)

    class Personal:
        plain: ClassVar = {"name": "name of a book of debts"}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "code"], name="portfolio_code"),
            models.CheckConstraint(condition=models.Q(kind__in=["consumer", "commercial"]), name="portfolio_kind"),
        ]

    def __str__(self) -> str:
        return self.name


class PortfolioFigure(TenantRow):
    """What a portfolio held at the end-of-day roll of a day, one row per bucket: open accounts and their sums.

    Written by the roll, so that a page about a million accounts reads some tens of rows; its days are the history of the book.
    """

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="figures", db_index=False)
    on = models.DateField()
    bucket = models.CharField(max_length=4)
    account_count = models.IntegerField()
    par30_minor = models.BigIntegerField(default=0)
    balance_minor = models.BigIntegerField()
    overdue_minor = models.BigIntegerField()

    class Personal:
        plain: ClassVar = {}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "portfolio", "on", "bucket"], name="portfolio_figure_once")
        ]
