"""Exceptional events (a catastrophe, a pandemic, a strike) and the accounts that they affected, each with what shows it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from recaudo.portfolio.models.account import Account
from recaudo.portfolio.models.creditor import Creditor, Portfolio
from recaudo.store.models import TenantRow


class ExceptionalEvent(TenantRow):
    """Something outside the person's hands, declared by somebody, proposed by one member of the staff and decided by another.

    kind          catastrophe, pandemic, strike, other
    country, subdivision, creditor, portfolio   where it counts; empty ones do not narrow it
    from_on, until_on   days on which it counts, both included; open while until_on is null
    claim_days    how long an account counts as affected on its word alone, in days
    is_approved   None while it waits for another person
    """

    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=12)
    country = models.CharField(max_length=2, blank=True)
    subdivision = models.CharField(max_length=6, blank=True)
    creditor = models.ForeignKey(Creditor, null=True, on_delete=models.PROTECT)
    portfolio = models.ForeignKey(Portfolio, null=True, on_delete=models.PROTECT)
    from_on = models.DateField()
    until_on = models.DateField(null=True)
    declared_by = models.CharField(max_length=200)
    claim_days = models.PositiveSmallIntegerField()
    proposed_by_id = models.UUIDField()
    decided_by_id = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    is_approved = models.BooleanField(null=True)
    answer = models.CharField(max_length=200, blank=True)

    class Personal:
        plain: ClassVar = {"name": "a public event", "declared_by": "an authority and its decree", "answer": "why it was decided so"}

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["catastrophe", "pandemic", "strike", "other"]), name="exceptional_kind"),
            models.CheckConstraint(condition=Q(until_on=None) | Q(until_on__gte=models.F("from_on")), name="exceptional_days"),
            models.CheckConstraint(condition=Q(claim_days__gte=1, claim_days__lte=365), name="exceptional_claim_days"),
            models.CheckConstraint(
                condition=~Q(is_approved=True) | (Q(decided_by_id__isnull=False) & ~Q(decided_by_id=models.F("proposed_by_id"))),
                name="exceptional_two_people",
            ),
            models.CheckConstraint(
                condition=Q(is_approved=None, decided_at=None, decided_by_id=None) | Q(is_approved__isnull=False, decided_at__isnull=False),
                name="exceptional_decided",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class EventMark(TenantRow):
    """That an event affected an account.

    evidence_kind   claimed (somebody said so), document, authority, creditor, visit
    evidence        where the proof lies; may be empty while it is only claimed
    expires_on      the first day on which a claim no longer counts; null with proof
    """

    event = models.ForeignKey(ExceptionalEvent, on_delete=models.CASCADE, related_name="marks", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="event_marks")
    evidence_kind = models.CharField(max_length=12)
    evidence = models.CharField(max_length=200, blank=True)
    marked_on = models.DateField()
    expires_on = models.DateField(null=True)
    by_id = models.UUIDField(null=True)
    by_name = models.CharField(max_length=80, blank=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_why = models.CharField(max_length=200, blank=True)

    class Personal:
        fields: ClassVar = {"evidence": "(suprimido)", "withdrawn_why": "(suprimido)"}
        plain: ClassVar = {
            "evidence": "where the proof lies, no identity data", "by_name": "who works here", "withdrawn_why": "why it no longer counts",
        }  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "event", "account"], name="event_mark_once", condition=Q(withdrawn_at=None)),
            models.CheckConstraint(condition=Q(evidence_kind__in=["claimed", "document", "authority", "creditor", "visit"]), name="event_mark_kind"),
            # What is only said does not last; what is proved says where the proof is.
            models.CheckConstraint(
                condition=Q(evidence_kind="claimed", expires_on__isnull=False) | (~Q(evidence_kind="claimed") & ~Q(evidence="") & Q(expires_on=None)),
                name="event_mark_proof",
            ),
        ]
        indexes = [models.Index(fields=["tenant_id", "event", "account"], name="event_mark_event")]
