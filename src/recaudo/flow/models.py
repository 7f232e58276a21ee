"""A run of the day; a simulation of one."""

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

    kind      budget (one for the organisation), portfolio or agency (a floor of coverage)
    scope_id  the portfolio or the agency; null for the budget
    amount    budget: minor units of the organisation's currency a day; floor: persons a day. Null: no such limit from that day on
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
            models.CheckConstraint(condition=Q(kind="budget", scope_id=None) | Q(kind__in=["portfolio", "agency"], scope_id__isnull=False), name="day_limit_kind"),
        ]
