"""Experiments: who is drawn for which arm, and what came of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from recaudo.store.models import TenantRow
from recaudo.strategy.models.strategy import Strategy, StrategyVersion


class Experiment(TenantRow):
    """Arms of one strategy that persons are drawn for. Once submitted its arms and its measure never change.

    kind       challenger (versions beside each other) · holdout (worked against not contacted)
    is_default the control group that a strategy keeps always; at most one runs, and whoever is in it is in no other
    status     draft submitted rejected approved running stopped
    scope      {fact: [values]} that some account of the person must have; empty is everybody with something overdue
    metric     what decides: paid (whether they paid) · recovered (the part of the debt they paid)
    planned_count  persons for whom it was made; the interval is tightest there. Not to be changed by looking at the result
    base_bp, lift_bp   what was expected of the control and the difference that should be seen, hundredths of a percent
    result     as last measured, see flow/services/experiments.py; measured_on the day up to which it looked
    """

    strategy = models.ForeignKey(Strategy, on_delete=models.PROTECT, related_name="experiments")
    name = models.CharField(max_length=120)
    hypothesis = models.CharField(max_length=500, blank=True)
    kind = models.CharField(max_length=10)
    is_default = models.BooleanField(default=False)
    status = models.CharField(max_length=10, default="draft")
    salt = models.CharField(max_length=64)
    scope = models.JSONField(default=dict)
    metric = models.CharField(max_length=10, default="paid")
    outcome_days = models.PositiveSmallIntegerField(default=30)
    alpha_bp = models.PositiveSmallIntegerField(default=500)
    power_bp = models.PositiveSmallIntegerField(default=8000)
    base_bp = models.PositiveSmallIntegerField()
    lift_bp = models.SmallIntegerField()
    planned_count = models.PositiveBigIntegerField()
    starts_on = models.DateField(null=True)
    created_by_id = models.UUIDField(null=True)
    submitted_at = models.DateTimeField(null=True)
    decided_by_id = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    decision_note = models.CharField(max_length=300, blank=True)
    stopped_at = models.DateTimeField(null=True)
    stopped_on = models.DateField(null=True)
    stopped_by_id = models.UUIDField(null=True)
    stop_reason = models.CharField(max_length=300, blank=True)
    result = models.JSONField(default=dict)
    measured_on = models.DateField(null=True)

    class Personal:
        plain: ClassVar = {
            "name": "name of an experiment", "hypothesis": "what is asked", "decision_note": "why it was approved or not",
            "stop_reason": "why it was stopped",
        }  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "salt"], name="experiment_salt"),
            models.UniqueConstraint(
                fields=["tenant_id", "strategy"], name="experiment_one_default", condition=Q(is_default=True, status="running")
            ),
            models.CheckConstraint(
                condition=Q(decided_by_id=None) | Q(created_by_id=None) | ~Q(decided_by_id=models.F("created_by_id")),
                name="experiment_two_people",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ExperimentArm(TenantRow):
    """A share of the persons. The first (place 0) is the control, which the others are compared with.

    version     what decides for its persons; none is the version that is in force on the day
    is_holdout  its persons are not contacted proactively; whoever writes or calls is served
    """

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="arms")
    place = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=30)
    name = models.CharField(max_length=80)
    share_bp = models.PositiveSmallIntegerField()
    version = models.ForeignKey(StrategyVersion, null=True, on_delete=models.PROTECT, related_name="+")
    is_holdout = models.BooleanField(default=False)

    class Personal:
        plain: ClassVar = {"name": "name of an arm"}

    class Meta:
        ordering = ("place",)
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "experiment", "code"], name="experiment_arm_code"),
            models.UniqueConstraint(fields=["tenant_id", "experiment", "place"], name="experiment_arm_place"),
            models.CheckConstraint(condition=Q(is_holdout=False) | Q(version=None), name="experiment_holdout_has_no_version"),
        ]

    def __str__(self) -> str:
        return self.name


class ExperimentMember(TenantRow):
    """A person who was drawn: in which arm, since when, what they owed then.

    baseline_minor  overdue of all their accounts that day, in minor units of `currency` (USD when they owe in several); none when
                    there was no rate
    contaminated    empty, or the first thing that broke the comparison: merged, placed, contacted
    """

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="members")
    person_id = models.UUIDField()
    arm = models.CharField(max_length=30)
    enrolled_on = models.DateField()
    baseline_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=4, blank=True)
    contaminated = models.CharField(max_length=10, blank=True)
    contaminated_on = models.DateField(null=True)

    class Personal:
        plain: ClassVar = {}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "experiment", "person_id"], name="experiment_member_once")]
        indexes = [models.Index(fields=["tenant_id", "person_id"], name="experiment_member_person")]
