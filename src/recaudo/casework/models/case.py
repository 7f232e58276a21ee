"""The open work on a person, and what stops it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from recaudo.portfolio.models import Person
from recaudo.store.models import TenantRow
from recaudo.workforce.models import Team, User


class Case(TenantRow):
    """One open case per person and tenant; all the person's accounts are inside.

    status       open closed
    locked_by    who works it right now; the lock ends by itself at `locked_until`
    assigned_to  whose case it is, if it is somebody's
    next_at      callback or follow-up that somebody promised
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="cases")
    status = models.CharField(max_length=8, default="open")
    stage = models.CharField(max_length=12, default="early")
    dpd_max = models.IntegerField(default=0)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_reason = models.CharField(max_length=20, blank=True)
    assigned_to = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="cases")
    team = models.ForeignKey(Team, null=True, on_delete=models.SET_NULL)
    locked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="locked_cases")
    locked_until = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)

    class Personal:
        plain: ClassVar = {}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "person"], name="case_one_open", condition=Q(status="open")),
            models.CheckConstraint(
                condition=Q(status="open", closed_at=None) | Q(status="closed", closed_at__isnull=False),
                name="case_closed_at",
            ),
            models.CheckConstraint(
                condition=Q(locked_by=None, locked_until=None) | Q(locked_by__isnull=False, locked_until__isnull=False),
                name="case_lock_pair",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "assigned_to", "next_at"], name="case_agenda", condition=Q(status="open")),
            # the shift's table, worst first
            models.Index(fields=["tenant_id", "-dpd_max", "id"], name="case_worst", condition=Q(status="open")),
            # who waits for somebody
            models.Index(fields=["tenant_id", "next_at"], name="case_due", condition=Q(status="open", next_at__isnull=False)),
        ]


class Hold(TenantRow):
    """A reason to stop contacting: dispute, payment_claim, promise, insolvency, deceased, legal, represented, vulnerability,
    regulator, fraud, opt_out. Narrow by account, creditor or channel; wide when those are empty.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="holds")
    account_id = models.UUIDField(null=True)
    creditor_id = models.UUIDField(null=True)
    channel = models.CharField(max_length=16, blank=True)
    kind = models.CharField(max_length=16)
    reason = models.CharField(max_length=200)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)
    opened_by_id = models.UUIDField(null=True)
    released_at = models.DateTimeField(null=True)
    released_by_id = models.UUIDField(null=True)
    release_reason = models.CharField(max_length=200, blank=True)
    action_id = models.UUIDField(null=True)

    class Personal:
        plain: ClassVar = {"reason": "coded by the catalogue", "release_reason": "why it ended"}

    class Meta:
        indexes = [
            models.Index(fields=["tenant_id", "person"], name="hold_open", condition=Q(released_at=None)),
        ]


class Dispute(TenantRow):
    """The person says that something is not right: the debt, a charge, the service.

    status   open in_review waiting_creditor resolved_for_debtor resolved_against withdrawn
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="disputes")
    account_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=20)
    text = models.TextField(blank=True)
    status = models.CharField(max_length=20, default="open")
    hold = models.ForeignKey(Hold, null=True, on_delete=models.SET_NULL)
    due_on = models.DateField(null=True)
    resolved_at = models.DateTimeField(null=True)
    resolution = models.TextField(blank=True)
    by_id = models.UUIDField(null=True)

    class Personal:
        fields: ClassVar = {"text": "(suprimido)", "resolution": "(suprimido)"}
        plain: ClassVar = {"text": "the person's claim, read by the staff that resolves it",
                           "resolution": "answer to the claim"}  # fmt: skip


class ContactPause(TenantRow):
    """The big red button: while a row is not resumed, nothing in its scope goes out.

    scope   all, channel:<channel> or creditor:<uuid>
    """

    scope = models.CharField(max_length=60)
    reason = models.CharField(max_length=200)
    by_id = models.UUIDField(null=True)
    resumed_at = models.DateTimeField(null=True)
    resumed_by_id = models.UUIDField(null=True)

    class Personal:
        plain: ClassVar = {"reason": "why contact was paused"}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "scope"], name="pause_once", condition=Q(resumed_at=None))
        ]
