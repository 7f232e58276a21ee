"""What a person asks about their own data, and what was done about it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from recaudo.portfolio.models import Person
from recaudo.store.models import TenantRow


class RightsRequest(TenantRow):
    """One request of a person about their data or about a decision that a machine took.

    kind        access rectification cancellation opposition portability restriction human_review
    status      received in_progress answered refused withdrawn
    rule        of the lawbook that sets the clock; empty = the house's own term
    due_on      last local day to answer, the extension included when it was taken
    outcome     granted partly denied
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    folio = models.CharField(max_length=20)
    kind = models.CharField(max_length=16)
    status = models.CharField(max_length=12, default="received")
    channel = models.CharField(max_length=16)
    received_on = models.DateField()
    text = models.TextField(blank=True)
    jurisdiction = models.CharField(max_length=12, blank=True)
    rule = models.CharField(max_length=40, blank=True)
    citation = models.CharField(max_length=200, blank=True)
    confidence = models.CharField(max_length=20, blank=True)
    due_on = models.DateField()
    extended_on = models.DateField(null=True)
    extension_reason = models.CharField(max_length=300, blank=True)
    identity_method = models.CharField(max_length=20, blank=True)
    identity_checked_at = models.DateTimeField(null=True)
    identity_by_id = models.UUIDField(null=True)
    assigned_to_id = models.UUIDField(null=True)
    outcome = models.CharField(max_length=8, blank=True)
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by_id = models.UUIDField(null=True)
    hold_id = models.UUIDField(null=True)
    path = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    by_id = models.UUIDField(null=True)

    class Personal:
        fields: ClassVar = {"text": "(suprimido)", "answer": "(suprimido)", "path": ""}
        plain: ClassVar = {"text": "what the person asked, read by who answers", "answer": "the answer, as it was given", "citation": "a legal source",
                           "extension_reason": "why more time was needed", "path": "a key without identity data"}  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "folio"], name="rights_folio"),
            models.CheckConstraint(
                condition=Q(kind__in=["access", "rectification", "cancellation", "opposition", "portability", "restriction", "human_review"]),
                name="rights_kind",
            ),
            models.CheckConstraint(condition=Q(identity_by_id=None) | Q(identity_checked_at__isnull=False), name="rights_identity"),
        ]
        indexes = [
            # the clocks that run, nearest first
            models.Index(fields=["tenant_id", "due_on"], name="rights_due", condition=Q(status__in=["received", "in_progress"])),
            models.Index(fields=["tenant_id", "person"], name="rights_person"),
        ]


class RightsStep(TenantRow):
    """What was done about a request, in order. A row is never changed."""

    request = models.ForeignKey(RightsRequest, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=16)
    text = models.CharField(max_length=500, blank=True)
    by_id = models.UUIDField(null=True)
    by_name = models.CharField(max_length=120, blank=True)

    class Personal:
        fields: ClassVar = {"text": "(suprimido)"}
        plain: ClassVar = {"text": "what was done, by who answers", "by_name": "name of the staff member who did it"}

    class Meta:
        indexes = [models.Index(fields=["request", "created_at"], name="rights_step_order")]
