"""A run of the day and what it keeps to; simulations; what is decided by hand; what was left unworked; plans with goals."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from recaudo.store.models import TenantRow


class Run(TenantRow):
    """One collections day. A second run of the same day changes nothing.

    status    running finished failed
    counts    what the summary prints; seconds  {step: seconds}
    """

    on = models.DateField()
    status = models.CharField(max_length=10, default="running")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    version_id = models.UUIDField(null=True)
    lawbook_version = models.CharField(max_length=16, blank=True)
    step = models.CharField(max_length=20, blank=True)
    counts = models.JSONField(default=dict)
    seconds = models.JSONField(default=dict)
    problem = models.CharField(max_length=400, blank=True)
    by_id = models.UUIDField(null=True)

    class Personal:
        plain: ClassVar = {"problem": "why it failed"}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "on"], name="run_day", condition=~Q(status="failed")),
        ]


class WhatIf(TenantRow):
    """Two versions over the accounts of a kept day: what each would have wanted, what the law and the capacity would have left of it.

    status    waiting running finished failed
    on        the day of the snapshot; snapshot_sha its hash, so that a file that changed is not taken for the same
    result    counts and sums by side, see services/whatif.py; the accounts behind them are the Parquet under `key`
    """

    on = models.DateField()
    snapshot_sha = models.CharField(max_length=64)
    old_version_id = models.UUIDField()
    new_version_id = models.UUIDField()
    horizon_days = models.PositiveSmallIntegerField(default=30)
    status = models.CharField(max_length=10, default="waiting")
    step = models.CharField(max_length=20, blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    result = models.JSONField(default=dict)
    seconds = models.JSONField(default=dict)
    key = models.CharField(max_length=120, blank=True)
    problem = models.CharField(max_length=400, blank=True)
    by_id = models.UUIDField(null=True)

    class Personal:
        plain: ClassVar = {"problem": "why it failed"}

    class Meta:
        indexes = [models.Index(fields=["tenant_id", "-created_at"], name="whatif_newest")]


class DayLimit(TenantRow):
    """What the plan of a day must keep to besides capacity. `valid_from` dates it; the newest in force counts.

    kind      budget, idle, first (one for the organisation), portfolio or agency (a floor of coverage), tolerance (of a portfolio)
    scope_id  the portfolio or the agency; null for what is the organisation's
    amount    budget: minor units of the organisation's currency a day; floor: persons a day; tolerance: minor units of the portfolio's
              currency up to which nobody is contacted; idle, first: days without work after which an account is escalated (services/
              escalations.py). Null: no such limit from that day on
    """

    kind = models.CharField(max_length=10)
    scope_id = models.UUIDField(null=True)
    amount = models.BigIntegerField(null=True)
    valid_from = models.DateField()

    class Personal:
        plain: ClassVar = {}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "kind", "scope_id", "valid_from"], name="day_limit_once", nulls_distinct=False),
            models.CheckConstraint(condition=Q(amount=None) | Q(amount__gte=0), name="day_limit_amount"),
            models.CheckConstraint(
                condition=Q(kind__in=["budget", "idle", "first"], scope_id=None) | Q(kind__in=["portfolio", "agency", "tolerance"], scope_id__isnull=False),
                name="day_limit_kind",
            ),
        ]


class Pace(TenantRow):
    """How often a person may be sought on the house's initiative; never more than the law and the house's caps. The row with most
    conditions counts, of several the strictest.

    creditor_id, kind, stage   whom it is for; empty is everybody (the creditor's brand, the kind of debtor, how late)
    after                      what came of the last attempt: none nobody third reached broken (words.AFTER_ES); empty is anything
    contacts                   attempts at most in the last period_days, 0 is never
    gap_days                   whole days of rest after an attempt
    """

    creditor_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=12, blank=True)
    stage = models.CharField(max_length=12, blank=True)
    after = models.CharField(max_length=10, blank=True)
    contacts = models.PositiveSmallIntegerField()
    period_days = models.PositiveSmallIntegerField()
    gap_days = models.PositiveSmallIntegerField(default=0)
    valid_from = models.DateField()
    ended_on = models.DateField(null=True)
    by_id = models.UUIDField(null=True)

    class Personal:
        plain: ClassVar = {}

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(period_days__gte=1, period_days__lte=31, gap_days__lte=31, contacts__lte=31), name="pace_within_a_month"),
            models.UniqueConstraint(
                fields=["tenant_id", "creditor_id", "kind", "stage", "after"], name="pace_once", nulls_distinct=False, condition=Q(ended_on=None)
            ),
        ]


class Override(TenantRow):
    """A decision by hand: until a day the plan leaves an account, or all of a person's, alone, whatever the strategy says.

    want    none (nobody is to contact), human (somebody of the staff takes it: the case is theirs)
    reason  a code of words.OVERRIDE_REASON_ES: no words about the person
    """

    person_id = models.UUIDField()
    account_id = models.UUIDField(null=True)
    want = models.CharField(max_length=8)
    reason = models.CharField(max_length=20)
    from_on = models.DateField()
    until_on = models.DateField()
    by_id = models.UUIDField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by_id = models.UUIDField(null=True)

    class Personal:
        plain: ClassVar = {}

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(until_on__gte=models.F("from_on")), name="override_days"),
            models.UniqueConstraint(
                fields=["tenant_id", "person_id", "account_id"], name="override_once", nulls_distinct=False, condition=Q(ended_at=None)
            ),
        ]
        indexes = [models.Index(fields=["tenant_id", "until_on"], name="override_open", condition=Q(ended_at=None))]


class Escalation(TenantRow):
    """An account that nobody worked in time, put before the supervisors.

    why     first (fell due and nobody tried), idle (late and no attempt for long); `days` late or without an attempt when it was opened
    status  open taken closed; closed_why: worked paid (the day closes those), other (somebody did)
    """

    account_id = models.UUIDField()
    person_id = models.UUIDField()
    agency_id = models.UUIDField(null=True)
    why = models.CharField(max_length=8)
    days = models.IntegerField()
    opened_on = models.DateField()
    status = models.CharField(max_length=8, default="open")
    taken_by_id = models.UUIDField(null=True)
    taken_at = models.DateTimeField(null=True)
    closed_on = models.DateField(null=True)
    closed_why = models.CharField(max_length=8, blank=True)

    class Personal:
        plain: ClassVar = {}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "account_id", "why"], name="escalation_once", condition=Q(closed_on=None)),
            models.CheckConstraint(condition=Q(status="closed", closed_on__isnull=False) | Q(status__in=["open", "taken"], closed_on=None), name="escalation_closed"),
        ]
        indexes = [models.Index(fields=["tenant_id", "opened_on"], name="escalation_open", condition=Q(closed_on=None))]


class CollectionPlan(TenantRow):
    """What is to be reached, with what, by when, and who answers for it. Its actions are those of the strategy in force.

    portfolio_id, stages, channels   what it is about; empty is everything
    goals   list of {"kpi", "currency" (of money, else empty), "target"}: a decimal as text, a fraction for a percent
    review  the weekday on which the owner looks, 0 Monday
    """

    name = models.CharField(max_length=120)
    purpose = models.CharField(max_length=500, blank=True)
    owner_id = models.UUIDField()
    portfolio_id = models.UUIDField(null=True)
    stages = models.JSONField(default=list)
    channels = models.JSONField(default=list)
    goals = models.JSONField(default=list)
    starts_on = models.DateField()
    ends_on = models.DateField()
    review = models.PositiveSmallIntegerField(default=0)
    by_id = models.UUIDField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by_id = models.UUIDField(null=True)

    class Personal:
        plain: ClassVar = {"name": "name of a plan", "purpose": "what it is for"}

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(ends_on__gte=models.F("starts_on")), name="plan_days")]
        indexes = [models.Index(fields=["tenant_id", "-starts_on"], name="plan_newest")]

    def __str__(self) -> str:
        return self.name
