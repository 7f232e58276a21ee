"""Money: append-only entries and the payments behind them."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from recaudo.portfolio.models.account import Account, Instalment
from recaudo.store.fields import EncryptedField
from recaudo.store.models import TenantRow

COMPONENTS = ["principal", "interest", "default_interest", "fees", "collection_cost", "taxes", "insurance"]


class Payment(TenantRow):
    """Money that came in. Without an account it is unidentified and waits for somebody to say whose it is.

    status   announced pending_verification unidentified applied reversed rejected
    payer    encrypted: what the bank wrote about who paid
    """

    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="payments")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=4)
    paid_on = models.DateField()
    method = models.CharField(max_length=20, blank=True)
    reference = models.CharField(max_length=60, blank=True)
    external_id = models.CharField(max_length=80)
    payer = EncryptedField(null=True)
    status = models.CharField(max_length=20, default="applied")
    channel = models.CharField(max_length=20, blank=True)
    batch_id = models.UUIDField(null=True)
    by_id = models.UUIDField(null=True)
    reversed_at = models.DateTimeField(null=True)
    reversal_reason = models.CharField(max_length=200, blank=True)

    class Personal:
        fields: ClassVar = {"payer": None}
        plain: ClassVar = {"reference": "reference printed by the creditor", "external_id": "the bank's key",
                           "reversal_reason": "why it was reversed"}  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "external_id"], name="payment_external_id"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payment_amount"),
            models.CheckConstraint(condition=Q(account__isnull=False) | ~Q(status="applied"), name="payment_applied_to"),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "account", "-paid_on"], name="payment_account"),
            models.Index(fields=["tenant_id", "-paid_on", "-id"], name="payment_newest"),
            models.Index(fields=["tenant_id", "reference"], name="payment_reference", condition=~Q(reference="")),
            # nearly all are applied: the others are found among themselves
            models.Index(fields=["tenant_id", "status", "-paid_on", "-id"], name="payment_unusual", condition=~Q(status="applied")),
            models.Index(fields=["tenant_id", "created_at"], name="payment_unidentified", condition=Q(status="unidentified")),
        ]


class LedgerEntry(TenantRow):
    """A line of the ledger: positive owes more, negative owes less. Never changes, never goes; a mistake is reversed.

    kind        opening charge interest fee payment adjustment reversal
    component   principal interest default_interest fees collection_cost taxes insurance
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="entries", db_index=False, db_constraint=False)
    instalment = models.ForeignKey(Instalment, null=True, on_delete=models.PROTECT, db_index=False, db_constraint=False)
    payment = models.ForeignKey(Payment, null=True, on_delete=models.PROTECT, related_name="entries", db_index=False, db_constraint=False)
    reverses = models.ForeignKey("self", null=True, on_delete=models.PROTECT, db_index=False, db_constraint=False)
    on = models.DateField()
    kind = models.CharField(max_length=12)
    component = models.CharField(max_length=20, default="principal")
    amount_minor = models.BigIntegerField()
    batch_id = models.UUIDField(null=True)
    by_id = models.UUIDField(null=True)

    class Personal:
        plain: ClassVar = {}

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(amount_minor=0), name="entry_not_zero"),
            models.CheckConstraint(condition=Q(component__in=COMPONENTS), name="entry_component"),
            models.UniqueConstraint(fields=["reverses"], name="entry_reversed_once", condition=Q(reverses__isnull=False)),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "account", "on"], name="entry_account"),
            models.Index(fields=["payment"], name="entry_payment", condition=Q(payment__isnull=False)),
            # entries of a batch lie together and stay where they are
            BrinIndex(fields=["batch_id"], name="entry_batches", autosummarize=True, pages_per_range=32),
        ]
