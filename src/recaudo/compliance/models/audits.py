"""Preventive audits: what is checked again and again, one time that it was, and what was found."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from recaudo.store.models import TenantRow


class AuditProgramme(TenantRow):
    """What the house checks again and again.

    subject     what the sample is drawn from: action message account permit
    checklist   [{"control": code}] for what the machine checks, [{"text": question}] for what a person looks at
    period      weekly monthly quarterly
    next_on     the day on which the next audit is due: it looks at the whole period before that day
    country, agency_id   narrow it; empty = everything
    """

    name = models.CharField(max_length=120)
    purpose = models.CharField(max_length=300)
    subject = models.CharField(max_length=8)
    country = models.CharField(max_length=2, blank=True)
    agency_id = models.UUIDField(null=True)
    checklist = models.JSONField(default=list)
    period = models.CharField(max_length=10)
    sample_size = models.PositiveSmallIntegerField()
    responsible_id = models.UUIDField()
    next_on = models.DateField()
    is_active = models.BooleanField(default=True)
    by_id = models.UUIDField(null=True)

    class Personal:
        plain: ClassVar = {
            "name": "of the programme",
            "purpose": "why it exists",
            "checklist": "codes and questions, no personal data",
        }

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(subject__in=["action", "message", "account", "permit"]), name="audit_subject"
            ),
            models.CheckConstraint(condition=Q(period__in=["weekly", "monthly", "quarterly"]), name="audit_period"),
            models.CheckConstraint(condition=Q(sample_size__gte=1) & Q(sample_size__lte=500), name="audit_sample"),
        ]
        indexes = [models.Index(fields=["tenant_id", "next_on"], name="audit_due", condition=Q(is_active=True))]


class AuditRun(TenantRow):
    """One audit of a programme over [from_on, until_on). The programme as it stood is copied: it may change later.

    seed, population_count, sample   the ids drawn; the same seed over the same population draws the same
    checklist   the programme's, each with result (pass fail pending), checked and cases counted, note, by
    status      open closed
    """

    programme = models.ForeignKey(AuditProgramme, on_delete=models.PROTECT, related_name="runs")
    folio = models.CharField(max_length=20)
    from_on = models.DateField()
    until_on = models.DateField()
    subject = models.CharField(max_length=8)
    country = models.CharField(max_length=2, blank=True)
    agency_id = models.UUIDField(null=True)
    seed = models.BigIntegerField()
    population_count = models.IntegerField()
    sample = models.JSONField(default=list)
    checklist = models.JSONField(default=list)
    is_scheduled = models.BooleanField(default=False)
    status = models.CharField(max_length=6, default="open")
    responsible_id = models.UUIDField()
    by_id = models.UUIDField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by_id = models.UUIDField(null=True)
    conclusion = models.CharField(max_length=600, blank=True)

    class Personal:
        plain: ClassVar = {
            "sample": "ids of rows",
            "checklist": "codes, questions and counts",
            "conclusion": "what the audit says of the house",
        }

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "folio"], name="audit_folio"),
            # the calendar asks for a period once
            models.UniqueConstraint(
                fields=["programme", "from_on", "until_on"], name="audit_once", condition=Q(is_scheduled=True)
            ),
            models.CheckConstraint(condition=Q(until_on__gt=F("from_on")), name="audit_days"),
            models.CheckConstraint(
                condition=Q(status="open", closed_at=None) | Q(status="closed", closed_at__isnull=False),
                name="audit_closed",
            ),
        ]
        indexes = [models.Index(fields=["tenant_id", "-created_at"], name="audit_newest")]


class AuditFinding(TenantRow):
    """Something that an audit found, its correction and the proof that it was corrected.

    control    code of an automatic control; empty = found by a person
    severity   low medium high critical
    evidence   [{"kind": action message account permit promise complaint request decision change person user quarantine policy, "id": ...}] of the first cases;
               case_count says how many there are in all
    status     open (nothing planned) planned (corrective action with a day) closed (with proof, by somebody else than the responsible)
    """

    run = models.ForeignKey(AuditRun, on_delete=models.PROTECT, related_name="findings")
    folio = models.CharField(max_length=20)
    control = models.CharField(max_length=30, blank=True)
    title = models.CharField(max_length=160)
    detail = models.CharField(max_length=600, blank=True)
    severity = models.CharField(max_length=8)
    case_count = models.IntegerField(default=1)
    evidence = models.JSONField(default=list)
    responsible_id = models.UUIDField(null=True)
    correction = models.CharField(max_length=600, blank=True)
    due_on = models.DateField(null=True)
    status = models.CharField(max_length=8, default="open")
    by_id = models.UUIDField(null=True)
    proof = models.CharField(max_length=600, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by_id = models.UUIDField(null=True)
    reopened_count = models.PositiveSmallIntegerField(default=0)
    reopened_reason = models.CharField(max_length=300, blank=True)

    class Personal:
        plain: ClassVar = {
            "title": "what was found", "detail": "what was found, no identity data", "evidence": "ids of rows", "correction": "what the house changes",
            "proof": "where the proof lies", "reopened_reason": "why it was not corrected",
        }  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "folio"], name="finding_folio"),
            models.CheckConstraint(
                condition=Q(severity__in=["low", "medium", "high", "critical"]), name="finding_severity"
            ),
            models.CheckConstraint(
                condition=Q(status="open")
                | (
                    Q(status__in=["planned", "closed"], responsible_id__isnull=False, due_on__isnull=False)
                    & ~Q(correction="")
                ),
                name="finding_planned",
            ),
            models.CheckConstraint(
                condition=~Q(status="closed")
                | (
                    Q(closed_at__isnull=False, closed_by_id__isnull=False)
                    & ~Q(proof="")
                    & ~Q(closed_by_id=F("responsible_id"))
                ),
                name="finding_two_people",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "due_on"], name="finding_due", condition=~Q(status="closed")),
            models.Index(fields=["tenant_id", "-created_at"], name="finding_newest"),
        ]
