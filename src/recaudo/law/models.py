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
    signature = models.BinaryField(max_length=16, null=True)  # of the approved row, see law/signing.py

    class Personal:
        plain: ClassVar = {"reason": "legal reasoning"}

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by_id=None) | ~Q(approved_by_id=models.F("proposed_by_id")), name="law_two_people"
            )
        ]
        indexes = [models.Index(fields=["tenant_id", "name", "-approved_at"], name="law_newest")]


class LawChange(TenantRow):
    """One act over the lawbook: a value proposed, approved or withdrawn, or a reading decided. Rows are only added, each signed and chained.

    number      1, 2, 3 ... in the tenant, over all acts
    act         proposed approved withdrawn; decided: a LawDecision was approved
    subject_id  the proposal that the act is about (its own id when proposed), or the LawDecision
    content     of a proposal: kind `amend` (rule, values, from, until, source, said) or `end` (target); of a decision: kind `choice`
                (name, choice, proposed_by)
    previous, hash, signature   see law/signing.py; an act that does not verify stops every contact
    """

    number = models.IntegerField()
    act = models.CharField(max_length=12)
    subject_id = models.UUIDField()
    content = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    by_id = models.UUIDField()
    previous = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)
    signature = models.BinaryField(max_length=16)

    class Personal:
        plain: ClassVar = {"reason": "legal reasoning", "content": "a rule of law and its values"}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "number"], name="law_change_number"),
            models.UniqueConstraint(fields=["tenant_id", "subject_id", "act"], name="law_change_act_once"),
        ]


class LawImpact(TenantRow):
    """That a person saw what a proposal would have changed in recorded contacts. Without it nobody approves.

    subject_id   a LawDecision or the proposing LawChange
    from_on, until_on   days replayed, the last one not included
    now_refused, now_allowed   contacts whose verdict the proposal turns
    """

    subject_id = models.UUIDField()
    seen_by_id = models.UUIDField()
    from_on = models.DateField()
    until_on = models.DateField()
    action_count = models.IntegerField()
    now_refused = models.IntegerField()
    now_allowed = models.IntegerField()
    version_before = models.CharField(max_length=16)
    version_after = models.CharField(max_length=16)

    class Personal:
        plain: ClassVar[dict[str, str]] = {}

    class Meta:
        indexes = [models.Index(fields=["tenant_id", "subject_id", "seen_by_id"], name="law_impact_subject")]
