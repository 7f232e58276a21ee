"""Strategies, versions, snapshots."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from recaudo.store.models import TenantRow


class Strategy(TenantRow):
    """A named set of decision tables."""

    code = models.CharField(max_length=30)
    name = models.CharField(max_length=120)
    purpose = models.TextField(blank=True)

    class Personal:
        plain: ClassVar = {"name": "name of a strategy"}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "code"], name="strategy_code")]

    def __str__(self) -> str:
        return self.name


class StrategyVersion(TenantRow):
    """One DMN file. Its hash is its identity; once submitted its content never changes.

    status   draft submitted approved active retired rejected withdrawn
    """

    strategy = models.ForeignKey(Strategy, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    xml = models.TextField()
    sha256 = models.CharField(max_length=64)
    status = models.CharField(max_length=10, default="draft")
    note = models.CharField(max_length=300, blank=True)
    based_on = models.ForeignKey("self", null=True, on_delete=models.SET_NULL)
    created_by_id = models.UUIDField(null=True)
    submitted_at = models.DateTimeField(null=True)
    decided_by_id = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    decision_note = models.CharField(max_length=300, blank=True)
    active_from = models.DateField(null=True)
    retired_at = models.DateTimeField(null=True)

    class Personal:
        plain: ClassVar = {"note": "what changed", "decision_note": "why it was approved or not"}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "strategy", "number"], name="strategy_version_number"),
            models.UniqueConstraint(fields=["tenant_id", "strategy"], name="strategy_one_active", condition=Q(status="active")),
            models.CheckConstraint(
                condition=Q(decided_by_id=None) | Q(created_by_id=None) | ~Q(decided_by_id=models.F("created_by_id")),
                name="strategy_two_people",
            ),
        ]


class Snapshot(TenantRow):
    """A day's facts and decisions, kept as Parquet. `key` is the folder in the snapshot storage.

    Of its columns, `outcome` says what became of an account. `refused_rule` is what refused a channel that the strategy wanted: the account
    may have been planned by the other one. Only with the outcome `refused` (or `control`) it is why the account has no action.
    """

    on = models.DateField()
    run_id = models.UUIDField()
    version = models.ForeignKey(StrategyVersion, on_delete=models.PROTECT)
    key = models.CharField(max_length=120)
    row_count = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)

    class Personal:
        plain: ClassVar = {}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "on"], name="snapshot_day")]
