"""A person complains about how they were collected from."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from recaudo.portfolio.models import Person
from recaudo.store.models import TenantRow


class Complaint(TenantRow):
    """One complaint with its clock.

    cause     a code of words.CAUSES
    lodged    where: house condusef sernac sfc sic indecopi procon defensoria other_authority
    about     agency agent channel creditor other; agency_id, user_id, action_id say which
    status    open in_review answered closed
    result    founded partly unfounded withdrawn
    """

    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    account_id = models.UUIDField(null=True)
    creditor_id = models.UUIDField(null=True)
    folio = models.CharField(max_length=20)
    outside_folio = models.CharField(max_length=60, blank=True)
    lodged = models.CharField(max_length=16, default="house")
    channel = models.CharField(max_length=16)
    cause = models.CharField(max_length=20)
    about = models.CharField(max_length=10, default="other")
    agency_id = models.UUIDField(null=True)
    user_id = models.UUIDField(null=True)
    action_id = models.UUIDField(null=True)
    hold_id = models.UUIDField(null=True)
    text = models.TextField(blank=True)
    received_on = models.DateField()
    jurisdiction = models.CharField(max_length=12, blank=True)
    rule = models.CharField(max_length=40, blank=True)
    citation = models.CharField(max_length=200, blank=True)
    confidence = models.CharField(max_length=20, blank=True)
    due_on = models.DateField()
    status = models.CharField(max_length=10, default="open")
    assigned_to_id = models.UUIDField(null=True)
    result = models.CharField(max_length=10, blank=True)
    answer = models.TextField(blank=True)
    measure = models.CharField(max_length=300, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by_id = models.UUIDField(null=True)
    by_id = models.UUIDField(null=True)

    class Personal:
        fields: ClassVar = {"text": "(suprimido)", "answer": "(suprimido)"}
        plain: ClassVar = {"text": "the person's complaint, read by who answers", "answer": "the answer, as it was given", "measure": "what the house changed",
                           "outside_folio": "an authority's number", "citation": "a legal source"}  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "folio"], name="complaint_folio"),
            # opened once by the outcome of an action
            models.UniqueConstraint(fields=["tenant_id", "action_id"], name="complaint_action", condition=Q(action_id__isnull=False)),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "due_on"], name="complaint_due", condition=Q(status__in=["open", "in_review"])),
            models.Index(fields=["tenant_id", "-received_on"], name="complaint_newest"),
            models.Index(fields=["tenant_id", "person"], name="complaint_person"),
        ]
