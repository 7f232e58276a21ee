"""Values that somebody said are not the person's: kept away from everybody until two people agree on evidence."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from recaudo.portfolio.models.person import Person
from recaudo.store.models import TenantRow


class Quarantine(TenantRow):
    """A phone, mailbox or address behind which somebody said «no soy yo». It covers every contact point with that value.

    kind         phone (also its messaging address), email or address
    value_index  the keyed hash of the value; `twin_index` that of the same number as a messaging address
    person       who was looked for when it was said the last time
    channel, evidence_kind, evidence   how we know, the last time; no identity data
    reports      how often it was said
    """

    kind = models.CharField(max_length=8)
    value_index = models.BinaryField()
    twin_index = models.BinaryField(null=True)
    hint = models.CharField(max_length=40)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="quarantines", db_index=False)
    channel = models.CharField(max_length=16)
    evidence_kind = models.CharField(max_length=16)
    evidence = models.CharField(max_length=300)
    action_id = models.UUIDField(null=True)
    by_id = models.UUIDField(null=True)
    by_name = models.CharField(max_length=80, blank=True)
    last_at = models.DateTimeField()
    reports = models.PositiveIntegerField(default=1)

    class Personal:
        fields: ClassVar = {"value_index": b"", "twin_index": None, "hint": "", "evidence": "(suprimido)", "by_name": ""}
        plain: ClassVar = {"hint": "masked for recognition", "evidence": "what was said, no identity data", "by_name": "who works here"}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "value_index"], name="quarantine_once"),
            models.CheckConstraint(condition=Q(kind__in=["phone", "email", "address"]), name="quarantine_kind"),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "twin_index"], name="quarantine_twin", condition=Q(twin_index__isnull=False)),
            models.Index(fields=["tenant_id", "-last_at"], name="quarantine_newest"),
        ]


class QuarantineRelease(TenantRow):
    """That a quarantined value is one person's after all: proposed by one member of the staff, decided by another.

    is_approved  None while it waits. Approved and not revoked: the person's contact points with the value may be used again.
    revoked_at   «no soy yo» was said again afterwards
    """

    quarantine = models.ForeignKey(Quarantine, on_delete=models.CASCADE, related_name="releases", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="quarantine_releases", db_index=False)
    evidence_kind = models.CharField(max_length=16)
    evidence = models.CharField(max_length=300)
    proposed_by_id = models.UUIDField()
    decided_by_id = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    is_approved = models.BooleanField(null=True)
    answer = models.CharField(max_length=200, blank=True)
    revoked_at = models.DateTimeField(null=True)

    class Personal:
        fields: ClassVar = {"evidence": "(suprimido)", "answer": "(suprimido)"}
        plain: ClassVar = {"evidence": "where the proof lies, no identity data", "answer": "why it was decided so"}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "quarantine", "person"], name="release_waits_once", condition=Q(is_approved=None)),
            models.UniqueConstraint(
                fields=["tenant_id", "quarantine", "person"], name="release_holds_once", condition=Q(is_approved=True, revoked_at=None)
            ),
            models.CheckConstraint(
                condition=~Q(is_approved=True) | (Q(decided_by_id__isnull=False) & ~Q(decided_by_id=models.F("proposed_by_id"))),
                name="release_two_people",
            ),
            models.CheckConstraint(
                condition=Q(is_approved=None, decided_at=None, decided_by_id=None) | Q(is_approved__isnull=False, decided_at__isnull=False),
                name="release_decided",
            ),
            models.CheckConstraint(condition=~Q(evidence=""), name="release_evidence"),
        ]
