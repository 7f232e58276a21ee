"""The tenant's signed decisions over the lawbook."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from recaudo.store.models import TenantRow


class LawDecision(TenantRow):
    """A choice for one toggle or house rule, proposed by one person and approved by another. The newest approved counts.

    name     a toggle of the lawbook ("CL.week") or a house rule ("house.max_contacts", "house.period_days")
    """

    name = models.CharField(max_length=40)
    choice = models.CharField(max_length=40)
    reason = models.TextField()
    proposed_by_id = models.UUIDField()
    approved_by_id = models.UUIDField(null=True)
    approved_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Personal:
        plain: ClassVar = {"reason": "legal reasoning"}

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by_id=None) | ~Q(approved_by_id=models.F("proposed_by_id")), name="law_two_people"
            )
        ]
        indexes = [models.Index(fields=["tenant_id", "name", "-approved_at"], name="law_newest")]
