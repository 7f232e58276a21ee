"""One debt, who answers for it, what is due when, and where it stands."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from recaudo.portfolio.models.creditor import Creditor, Portfolio
from recaudo.portfolio.models.person import Person
from recaudo.store.models import TenantRow
from recaudo.workforce.models import Agency, Team


class Account(TenantRow):
    """One debt: a card, a loan, an invoice.

    balance_minor, overdue_minor and the fields of delay are kept figures: `balance_minor` equals the sum of the account's
    ledger entries, the rest follow from its instalments on `accrued_on`.
    status   preventive current delinquent accelerated written_off sold recalled closed_paid closed_settled closed_prescribed
    derived  names of the fields that were derived by a rule, not received
    extra    further fields of the creditor, as received
    """

    # Tenant-first indexes below serve these keys; a second index each would only slow down loading. Here and below, keys without a
    # database constraint of their own are held by triggers that ask once a statement (migration 0006).
    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False, db_constraint=False)
    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, db_index=False, db_constraint=False)
    number = models.CharField(max_length=60)
    holder = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="held_accounts", db_constraint=False)
    product = models.CharField(max_length=30)
    currency = models.CharField(max_length=4)
    status = models.CharField(max_length=20, default="current")
    opened_on = models.DateField(null=True)
    closed_on = models.DateField(null=True)
    written_off_on = models.DateField(null=True)
    credit_limit_minor = models.BigIntegerField(null=True)
    balance_minor = models.BigIntegerField(default=0)
    overdue_minor = models.BigIntegerField(default=0)
    instalments_overdue = models.IntegerField(default=0)
    oldest_due_on = models.DateField(null=True)
    next_due_on = models.DateField(null=True)
    dpd = models.IntegerField(default=0)
    bucket = models.CharField(max_length=4, default="CUR")
    stage = models.CharField(max_length=12, default="preventive")
    accrued_on = models.DateField(null=True)
    last_payment_on = models.DateField(null=True)
    last_payment_minor = models.BigIntegerField(null=True)
    worst_status_6m = models.SmallIntegerField(null=True)
    risk_score = models.SmallIntegerField(null=True)
    branch = models.CharField(max_length=60, blank=True)
    origin_channel = models.CharField(max_length=20, blank=True)
    pay_reference = models.CharField(max_length=40, blank=True)
    acceptance = models.CharField(max_length=10, blank=True)
    purchase_order = models.CharField(max_length=60, blank=True)
    derived = models.JSONField(default=list)
    extra = models.JSONField(default=dict)
    batch_id = models.UUIDField(null=True)
    updated_at = models.DateTimeField(null=True)

    class Personal:
        plain: ClassVar = {"number": "the creditor's name for the debt", "pay_reference": "printed on every notice",
                           "extra": "fields the creditor sent, no identity data by contract"}  # fmt: skip

    class Meta:
        constraints = [
            # the number first: people search by it without naming the creditor
            models.UniqueConstraint(fields=["tenant_id", "number", "creditor"], name="account_number"),
            models.CheckConstraint(condition=Q(dpd__gte=0), name="account_dpd"),
            models.CheckConstraint(condition=Q(overdue_minor__gte=0), name="account_overdue"),
        ]
        indexes = [
            # lists by book, worst first
            models.Index(fields=["tenant_id", "portfolio", "-dpd", "id"], name="account_portfolio"),
            models.Index(fields=["tenant_id", "-dpd", "-overdue_minor", "id"], name="account_worst"),
            models.Index(fields=["tenant_id", "bucket", "-overdue_minor", "id"], name="account_bucket"),
            models.Index(fields=["tenant_id", "pay_reference"], name="account_reference", condition=~Q(pay_reference="")),
            models.Index(fields=["batch_id"], name="account_batch", condition=Q(batch_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.number


class AccountParty(TenantRow):
    """A person in a role on an account: holder, co_debtor, guarantor, reference, representative."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="parties", db_index=False, db_constraint=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="roles", db_constraint=False)
    role = models.CharField(max_length=16)
    from_on = models.DateField(null=True)
    until_on = models.DateField(null=True)

    class Personal:
        plain: ClassVar = {}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "account", "person", "role"], name="party_once"),
            models.CheckConstraint(
                condition=Q(role__in=["holder", "co_debtor", "guarantor", "reference", "representative"]),
                name="party_role",
            ),
        ]


class Instalment(TenantRow):
    """An amount due on a day. Paid when what was applied to it covers it."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="instalments", db_index=False, db_constraint=False)
    number = models.IntegerField()
    due_on = models.DateField()
    amount_minor = models.BigIntegerField()
    paid_minor = models.BigIntegerField(default=0)
    paid_on = models.DateField(null=True)
    is_derived = models.BooleanField(default=False)

    class Personal:
        plain: ClassVar = {}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "account", "number"], name="instalment_number"),
            models.CheckConstraint(condition=Q(amount_minor__gte=0), name="instalment_amount"),
            models.CheckConstraint(
                condition=Q(paid_minor__gte=0) & Q(paid_minor__lte=F("amount_minor")), name="instalment_paid"
            ),
        ]
        indexes = [
            # what is unpaid, by day: the end-of-day roll reads only this
            models.Index(
                fields=["tenant_id", "account", "due_on"], name="instalment_unpaid",
                condition=Q(paid_minor__lt=F("amount_minor")),
            ),
        ]


class BucketDefinition(TenantRow):
    """The bands of delay in force from a day, for one creditor or for all (creditor null).

    edges   list of {"bucket": "B1", "from": 1, "stage": "early"} by rising day; the last is open
    """

    creditor = models.ForeignKey(Creditor, null=True, on_delete=models.CASCADE)
    valid_from = models.DateField()
    edges = models.JSONField()

    class Personal:
        plain: ClassVar = {}

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "creditor", "valid_from"], name="bucket_definition_once", nulls_distinct=False
            )
        ]


class BucketHistory(TenantRow):
    """Append-only: the account entered a bucket on a day."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="buckets", db_index=False, db_constraint=False)
    on = models.DateField()
    bucket = models.CharField(max_length=4)
    dpd = models.IntegerField()
    balance_minor = models.BigIntegerField(default=0)
    overdue_minor = models.BigIntegerField(default=0)

    class Personal:
        plain: ClassVar = {}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "account", "on"], name="bucket_history_once")]


class DelinquencyPause(TenantRow):
    """Days that do not count as delay, also back-dated: [from_on, until_on)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="pauses")
    from_on = models.DateField()
    until_on = models.DateField(null=True)
    reason = models.CharField(max_length=200)
    by_id = models.UUIDField(null=True)

    class Personal:
        plain: ClassVar = {"reason": "why the count was paused"}


class Document(TenantRow):
    """A proof of debt or another paper: a promissory note, a contract, an invoice. The file lies outside the web root."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="documents")
    kind = models.CharField(max_length=20)
    title = models.CharField(max_length=160)
    path = models.CharField(max_length=200)
    media_type = models.CharField(max_length=80)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    issued_on = models.DateField(null=True)
    by_id = models.UUIDField(null=True)

    class Personal:
        fields: ClassVar = {"title": "(suprimido)", "path": ""}
        plain: ClassVar = {"title": "name of a paper", "path": "a key without identity data"}


class Placement(TenantRow):
    """An account given to an agency or a team, from a day until a day (open while null).

    status   planned active recall_requested recalled expired completed
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="placements")
    agency = models.ForeignKey(Agency, null=True, on_delete=models.PROTECT)
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT)
    from_on = models.DateField()
    until_on = models.DateField(null=True)
    status = models.CharField(max_length=16, default="active")
    batch_id = models.UUIDField(null=True)
    by_id = models.UUIDField(null=True)

    class Personal:
        plain: ClassVar = {}

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "account"], name="placement_one_active",
                condition=Q(status__in=["active", "recall_requested"]) & Q(agency__isnull=False),
            )
        ]
        indexes = [
            models.Index(fields=["agency", "account"], name="placement_agency", condition=Q(status__in=["active", "recall_requested"])),
        ]
