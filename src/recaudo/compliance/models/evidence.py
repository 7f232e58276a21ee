"""The file of one person with its proofs, taken out to be shown to somebody outside."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from recaudo.portfolio.models import Person
from recaudo.store.models import TenantRow


class EvidenceFile(TenantRow):
    """One expediente: who asked for it and why, and where the zip lies until it is removed.

    status     waiting ready failed removed
    is_masked  ids, phones and addresses are shortened in it
    key_id     fingerprint of the key that signed it
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    recipient = models.CharField(max_length=120, blank=True)
    is_masked = models.BooleanField(default=True)
    status = models.CharField(max_length=8, default="waiting")
    path = models.CharField(max_length=200, blank=True)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    record_count = models.IntegerField(default=0)
    event_count = models.IntegerField(default=0)
    key_id = models.CharField(max_length=64, blank=True)
    by_id = models.UUIDField(null=True)
    by_name = models.CharField(max_length=120, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    finished_at = models.DateTimeField(null=True)

    class Personal:
        fields: ClassVar = {"path": ""}
        plain: ClassVar = {"reason": "why it was taken out", "recipient": "an authority or a court", "by_name": "name of the staff member who asked",
                           "path": "a key without identity data", "problem": "why it failed, no personal data"}  # fmt: skip

    class Meta:
        indexes = [
            models.Index(fields=["tenant_id", "-created_at"], name="evidence_newest"),
            models.Index(fields=["tenant_id", "person"], name="evidence_person"),
        ]
