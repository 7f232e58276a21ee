"""Templates, messages, receipts."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from recaudo.store.fields import EncryptedField
from recaudo.store.models import TenantRow


class Template(TenantRow):
    """A text for one channel, with merge fields in braces. Sent only in an approved version.

    status   draft approved retired
    """

    code = models.CharField(max_length=40)
    channel = models.CharField(max_length=16)
    language = models.CharField(max_length=5, default="es")
    version = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=80)
    subject = models.CharField(max_length=160, blank=True)
    body = models.TextField()
    status = models.CharField(max_length=10, default="draft")
    content_tokens = models.JSONField(default=list)
    created_by_id = models.UUIDField(null=True)
    approved_by_id = models.UUIDField(null=True)
    approved_at = models.DateTimeField(null=True)

    class Personal:
        plain: ClassVar = {"name": "name of a template", "subject": "merge fields only", "body": "merge fields only"}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "code", "channel", "language", "version"], name="template_version"),
            models.UniqueConstraint(
                fields=["tenant_id", "code", "channel", "language"], name="template_one_approved", condition=Q(status="approved")
            ),
            models.CheckConstraint(
                condition=Q(approved_by_id=None) | Q(created_by_id=None) | ~Q(approved_by_id=models.F("created_by_id")),
                name="template_two_people",
            ),
        ]


class Message(TenantRow):
    """One message out or in. Partitioned by month. Its id is derived from its action: a repeated step makes no second one.

    status   queued leased in_flight sent delivered read failed blocked cancelled expired unknown received
    to, body encrypted; `to_hint` is masked for screens
    """

    action_id = models.UUIDField()
    person_id = models.UUIDField()
    account_id = models.UUIDField(null=True)
    contact_point_id = models.UUIDField(null=True)
    direction = models.CharField(max_length=3, default="out")
    channel = models.CharField(max_length=16)
    provider = models.CharField(max_length=20)
    template_id = models.UUIDField(null=True)
    to = EncryptedField()
    to_hint = models.CharField(max_length=40)
    subject = EncryptedField(null=True)
    body = EncryptedField()
    status = models.CharField(max_length=10, default="queued")
    reason = models.CharField(max_length=200, blank=True)
    provider_id = models.CharField(max_length=120, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    cost_micro = models.BigIntegerField(null=True)

    class Personal:
        fields: ClassVar = {"to": "", "subject": None, "body": "", "to_hint": ""}
        plain: ClassVar = {"to_hint": "masked for recognition", "reason": "wording of a rule or a provider's code"}

    class Meta:
        indexes = [
            models.Index(fields=["tenant_id", "channel", "not_before_at", "id"], name="message_queue", condition=Q(status="queued")),
            models.Index(fields=["tenant_id", "status", "leased_until"], name="message_lease", condition=Q(status__in=["leased", "in_flight"])),
            models.Index(fields=["tenant_id", "action_id"], name="message_action"),
            models.Index(fields=["provider", "provider_id"], name="message_provider", condition=~Q(provider_id="")),
            models.Index(fields=["tenant_id", "-created_at"], name="message_newest"),
            # Who answers at an address, and what was written with a person: an answer that comes in asks both.
            models.Index(fields=["tenant_id", "contact_point_id", "-created_at"], name="message_point"),
            models.Index(fields=["tenant_id", "person_id", "-created_at"], name="message_person"),
        ]


class Receipt(TenantRow):
    """What a provider told us, as it came. Unique per provider and event, so repeats do nothing."""

    provider = models.CharField(max_length=20)
    event_id = models.CharField(max_length=160)
    provider_message_id = models.CharField(max_length=120)
    kind = models.CharField(max_length=16)
    detail = models.JSONField(default=dict)
    applied_at = models.DateTimeField(null=True)

    class Personal:
        plain: ClassVar = {"detail": "codes of the provider, scrubbed of addresses on arrival"}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "provider", "event_id"], name="receipt_once")]


class Pace(models.Model):
    """How a provider is doing, for every dispatcher of the installation: it belongs to no tenant and knows of no person.

    name        channel:provider
    next_at     the next free slot under the provider's limit
    failures    tries in a row that the provider as a whole did not answer; not asked before `resumes_at`
    """

    name = models.CharField(max_length=40, primary_key=True)
    next_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    resumes_at = models.DateTimeField(null=True)

    class Personal:
        plain: ClassVar = {"name": "name of a provider"}
