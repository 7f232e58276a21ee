"""Every attempt on every channel is one row in one table."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from recaudo.store.fields import EncryptedField
from recaudo.store.models import TenantRow


class Wave(TenantRow):
    """What one run prepared on one channel. It waits for a second person unless the tenant lets small waves go.

    status   awaiting_release released withdrawn
    """

    run_id = models.UUIDField()
    on = models.DateField()
    channel = models.CharField(max_length=16)
    action_count = models.IntegerField(default=0)
    status = models.CharField(max_length=16, default="awaiting_release")
    prepared_by_id = models.UUIDField(null=True)
    released_by_id = models.UUIDField(null=True)
    released_at = models.DateTimeField(null=True)

    class Personal:
        plain: ClassVar = {}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "run_id", "channel"], name="wave_once"),
            models.CheckConstraint(
                condition=Q(released_by_id=None) | Q(prepared_by_id=None) | ~Q(released_by_id=models.F("prepared_by_id")),
                name="wave_two_people",
            ),
        ]


class Action(TenantRow):
    """One attempt: planned by a run, by a person, or that simply happened (an inbound call). Partitioned by month.

    direction    out in
    status       planned in_progress done cancelled refused expired
    plan         planned_on, not_before_at, preferred_at (from when the person is likely to answer: no law, calls of others come first
                 until then), expires_at, treatment, template, priority, reason (why, in Spanish)
    permit       permit_rule is empty when allowed; permit_valid_until limits it; lawbook_version says by which law
    outcome      disposition (catalogue code), contact_level, effect, nonpayment_reason with its provenance, note
    counts       is_attempt, is_contact, is_rpc, is_tpc: flags of the disposition, kept so that counting is a sum
    Keys of other partitioned tables and of rows that may move are plain ids.
    """

    run_id = models.UUIDField(null=True)
    wave_id = models.UUIDField(null=True)
    case_id = models.UUIDField(null=True)  # a reminder before the due day belongs to no case
    person_id = models.UUIDField()
    account_id = models.UUIDField(null=True)
    creditor_id = models.UUIDField(null=True)
    contact_point_id = models.UUIDField(null=True)
    party_role = models.CharField(max_length=16, default="holder")
    direction = models.CharField(max_length=3, default="out")
    channel = models.CharField(max_length=16)
    purpose = models.CharField(max_length=30, default="collection")
    status = models.CharField(max_length=12, default="planned")
    planned_on = models.DateField(null=True)
    not_before_at = models.DateTimeField(null=True)
    preferred_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    treatment = models.CharField(max_length=30, blank=True)
    template = models.CharField(max_length=40, blank=True)
    priority = models.IntegerField(default=0)
    permit_rule = models.CharField(max_length=40, blank=True)
    permit_valid_until = models.DateTimeField(null=True)
    lawbook_version = models.CharField(max_length=16, blank=True)
    occurred_at = models.DateTimeField(null=True)
    disposition = models.CharField(max_length=4, blank=True)
    contact_level = models.CharField(max_length=3, blank=True)
    effect = models.CharField(max_length=16, blank=True)
    is_attempt = models.BooleanField(default=False)
    is_contact = models.BooleanField(default=False)
    is_rpc = models.BooleanField(default=False)
    is_tpc = models.BooleanField(default=False)
    nonpayment_reason = models.CharField(max_length=3, blank=True)
    reason_provenance = models.CharField(max_length=14, blank=True)
    note = models.TextField(blank=True)
    promise_id = models.UUIDField(null=True)
    next_at = models.DateTimeField(null=True)
    by_id = models.UUIDField(null=True)
    agency_id = models.UUIDField(null=True)
    duration_seconds = models.IntegerField(null=True)
    cancelled_reason = models.CharField(max_length=40, blank=True)

    class Personal:
        fields: ClassVar = {"note": "(suprimido)"}
        plain: ClassVar = {"note": "what the agent wrote, read by the staff that works the case"}

    class Meta:
        indexes = [
            # the timeline of a person
            models.Index(fields=["tenant_id", "person_id", "-created_at"], name="action_person"),
            # the queue: what is planned, most urgent first
            models.Index(fields=["tenant_id", "channel", "-priority", "id"], name="action_queue", condition=Q(status="planned")),
            # what happened on a day, for counting and for the law
            models.Index(fields=["tenant_id", "occurred_at"], name="action_occurred", condition=Q(occurred_at__isnull=False)),
            # stop what is pending for an account
            models.Index(fields=["tenant_id", "account_id"], name="action_pending", condition=Q(status__in=["planned", "in_progress"])),
            models.Index(fields=["wave_id"], name="action_wave", condition=Q(wave_id__isnull=False)),
        ]


class PermitRecord(TenantRow):
    """Every single permission asked at the moment of contact, and the answer. Bulk answers are in the day's Parquet.

    pack_hash     SHA-256 of the whole lawbook that answered; lawbook_version is its beginning
    libraries     versions of the holiday and time-zone data
    input         what the gate knew (services/decision.py), compressed and encrypted; input_digest its SHA-256
    """

    action_id = models.UUIDField(null=True)
    person_id = models.UUIDField()
    contact_point_id = models.UUIDField(null=True)
    channel = models.CharField(max_length=16)
    purpose = models.CharField(max_length=30)
    asked_at = models.DateTimeField()
    is_allowed = models.BooleanField()
    rule = models.CharField(max_length=40, blank=True)
    citation = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=400, blank=True)
    next_allowed_at = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True)
    lawbook_version = models.CharField(max_length=16)
    pack_hash = models.CharField(max_length=64, blank=True, db_default="")
    libraries = models.CharField(max_length=80)
    input = EncryptedField(null=True)
    input_digest = models.CharField(max_length=64, blank=True, db_default="")
    by_id = models.UUIDField(null=True)

    class Personal:
        fields: ClassVar = {"input": None}
        plain: ClassVar = {"reason": "wording of a rule", "citation": "a legal source"}

    class Meta:
        indexes = [
            models.Index(fields=["tenant_id", "person_id", "-asked_at"], name="permit_person"),
            # what was asked and refused in a period, for compliance
            models.Index(fields=["tenant_id", "asked_at"], name="permit_when"),
        ]
