"""The open work on a person, and what stops it."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
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

    # Asked once a statement, by a trigger: the day opens cases by the hundred thousand (see portfolio/migrations/0006_lean_keys.py).
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="cases", db_constraint=False)
    status = models.CharField(max_length=8, default="open")
    stage = models.CharField(max_length=12, default="early")
    dpd_max = models.IntegerField(default=0)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_reason = models.CharField(max_length=20, blank=True)
    # Most cases are nobody's: the indexes below hold only those that somebody has.
    assigned_to = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="cases", db_index=False)
    team = models.ForeignKey(Team, null=True, on_delete=models.SET_NULL, db_index=False)
    locked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="locked_cases", db_index=False)
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
            models.Index(fields=["tenant_id", "assigned_to", "next_at"], name="case_agenda", condition=Q(status="open", assigned_to__isnull=False)),
            models.Index(fields=["assigned_to"], name="case_assigned", condition=Q(assigned_to__isnull=False)),
            models.Index(fields=["team"], name="case_team", condition=Q(team__isnull=False)),
            models.Index(fields=["locked_by"], name="case_locked", condition=Q(locked_by__isnull=False)),
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


class Search(TenantRow):
    """Work of its own: find how the right person is reached, after somebody else answered where we thought they were.

    status   open closed
    result   found (a new contact point was kept: `found_point_id`), released (the old one is theirs after all), none
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="searches", db_index=False)
    quarantine_id = models.UUIDField(null=True)
    hint = models.CharField(max_length=40, blank=True)
    channel = models.CharField(max_length=16)
    status = models.CharField(max_length=8, default="open")
    assigned_to = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="searches")
    result = models.CharField(max_length=10, blank=True)
    found_point_id = models.UUIDField(null=True)
    note = models.CharField(max_length=300, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by_id = models.UUIDField(null=True)

    class Personal:
        fields: ClassVar = {"hint": "", "note": "(suprimido)"}
        plain: ClassVar = {"hint": "masked for recognition", "note": "how the search went, read by the staff that searches"}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "person"], name="search_one_open", condition=Q(status="open")),
            models.CheckConstraint(
                condition=Q(status="open", closed_at=None, result="")
                | Q(status="closed", closed_at__isnull=False, result__in=["found", "released", "none"]),
                name="search_closed",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "status", "-created_at"], name="search_newest"),
            models.Index(fields=["tenant_id", "person"], name="search_person"),
        ]


class IdentityCheck(TenantRow):
    """That whoever answered proved to be the person before anything about a debt was said: what was checked, never the answer.

    is_verified  True in every row now: who could not or would not prove it has none
    """

    action_id = models.UUIDField()
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="identity_checks", db_index=False)
    checked = ArrayField(models.CharField(max_length=20), default=list)
    is_verified = models.BooleanField()
    by_id = models.UUIDField(null=True)

    class Personal:
        plain: ClassVar = {}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "action_id"], name="identity_once")]
        indexes = [models.Index(fields=["tenant_id", "person", "-created_at"], name="identity_person")]


class InterruptingAct(TenantRow):
    """Something that starts a debt's prescription clock again: an acknowledgement, a payment, a claim in court.

    kind        payment acknowledgment lawsuit other
    on          the day on which it happened
    evidence    where the proof lies
    """

    account_id = models.UUIDField()
    person_id = models.UUIDField()
    kind = models.CharField(max_length=16)
    on = models.DateField()
    evidence = models.CharField(max_length=200)
    by_id = models.UUIDField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by_id = models.UUIDField(null=True)

    class Personal:
        plain: ClassVar = {"evidence": "where the proof lies, no identity data"}

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=["payment", "acknowledgment", "lawsuit", "other"]), name="act_kind")]
        indexes = [models.Index(fields=["tenant_id", "account_id", "-on"], name="act_account")]


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
