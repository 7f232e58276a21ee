"""Scorecards that foretell something of an account, and what a person said instead."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from recaudo.store.models import TenantRow

BASIS_POINTS = 10_000


class ScoreModel(TenantRow):
    """A card for one target. Proposed by one person, put in force by another; one a target is in force.

    target    pay · cure · self_cure · promise: see strategy/words.py, its fact is `<target>_probability`; reach: hours and channels
    card      canonical JSON of engine.score.Card (of Reach for reach); its digest is `version`
    quality   what was measured on rows it did not learn from: test, in_train, opaque, rows (engine.score.measure)
    source    snapshots (the product's own days) · contacts (what came of its own) · file (trained elsewhere with `recaudo model train`)
    status    proposed active rejected retired
    """

    target = models.CharField(max_length=16)
    version = models.CharField(max_length=16)
    card = models.TextField()
    quality = models.JSONField(default=dict)
    source = models.CharField(max_length=10)
    status = models.CharField(max_length=10, default="proposed")
    trained_from = models.DateField(null=True)
    trained_until = models.DateField(null=True)
    note = models.CharField(max_length=300, blank=True)
    created_by_id = models.UUIDField(null=True)
    decided_by_id = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    decision_note = models.CharField(max_length=300, blank=True)
    retired_at = models.DateTimeField(null=True)

    class Personal:
        plain: ClassVar = {"note": "why it was made", "decision_note": "why it was put in force or not"}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "target"], name="score_one_in_force", condition=Q(status="active")),
            models.UniqueConstraint(fields=["tenant_id", "target", "version"], name="score_version_once"),
            models.CheckConstraint(
                condition=Q(decided_by_id=None) | Q(created_by_id=None) | ~Q(decided_by_id=models.F("created_by_id")),
                name="score_two_people",
            ),
        ]


class ScoreOverride(TenantRow):
    """What a person said of one account instead of the card, with the reason; the day uses it until it ends.

    probability_bp   hundredths of a percent, 0 to 10,000
    """

    target = models.CharField(max_length=16)
    account_id = models.UUIDField()
    probability_bp = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=300)
    until_on = models.DateField()
    by_id = models.UUIDField()
    withdrawn_at = models.DateTimeField(null=True)

    @property
    def probability(self) -> float:
        """From 0 to 1."""
        return float(self.probability_bp) / BASIS_POINTS

    class Personal:
        plain: ClassVar = {"reason": "why the card is wrong about the account"}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "target", "account_id"], name="score_override_once", condition=Q(withdrawn_at=None)),
            models.CheckConstraint(condition=Q(probability_bp__lte=10_000), name="score_override_share"),
        ]


class ScoreDay(TenantRow):
    """How a card in force fared on one day.

    account_count, mean   the accounts that it is about, and what it said of them on average (0 to 1)
    base_on, shift        the day it is compared with and the population stability index; null on that day itself
    judged_on             the day whose time was over: said and seen (0 to 1), error (mean distance over tenths) and auc on judged_count accounts
    alert                 why it should be looked at: "", shift, error or both
    """

    model = models.ForeignKey(ScoreModel, on_delete=models.CASCADE, related_name="days")
    on = models.DateField()
    account_count = models.PositiveIntegerField()
    mean = models.FloatField(null=True)
    base_on = models.DateField(null=True)
    shift = models.FloatField(null=True)
    judged_on = models.DateField(null=True)
    judged_count = models.PositiveIntegerField(null=True)
    said = models.FloatField(null=True)
    seen = models.FloatField(null=True)
    error = models.FloatField(null=True)
    auc = models.FloatField(null=True)
    alert = models.CharField(max_length=8, blank=True)

    class Personal:
        plain: ClassVar = {}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "model", "on"], name="score_day_once")]
