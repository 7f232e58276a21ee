"""Promises to pay."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import Q

from recaudo.portfolio.models import Account, Person
from recaudo.store.models import TenantRow


class Promise(TenantRow):
    """An amount of one account, promised by a person for a day.

    status     active kept kept_late partial broken cancelled superseded
    grace_on   the last day on which a payment still keeps it (due day plus grace business days)
    paid_minor what was paid between the promise and grace_on
    action_id  the action in which it was made
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="promises")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="promises")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=4)
    made_on = models.DateField()
    due_on = models.DateField()
    grace_on = models.DateField()
    tolerance = models.DecimalField(max_digits=4, decimal_places=3, default=Decimal("0.05"))
    status = models.CharField(max_length=12, default="active")
    paid_minor = models.BigIntegerField(default=0)
    channel = models.CharField(max_length=16)
    means = models.CharField(max_length=20, blank=True)
    action_id = models.UUIDField(null=True)
    supersedes = models.ForeignKey("self", null=True, on_delete=models.PROTECT)
    by_id = models.UUIDField(null=True)
    agency_id = models.UUIDField(null=True)
    judged_on = models.DateField(null=True)
    cancelled_reason = models.CharField(max_length=200, blank=True)

    class Personal:
        plain: ClassVar = {"cancelled_reason": "why it was cancelled"}

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="promise_amount"),
            models.CheckConstraint(condition=Q(due_on__gte=models.F("made_on")), name="promise_due"),
            models.UniqueConstraint(
                fields=["tenant_id", "account"], name="promise_one_active", condition=Q(status="active")
            ),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "grace_on"], name="promise_to_judge", condition=Q(status="active")),
            models.Index(fields=["tenant_id", "account", "-created_at"], name="promise_account"),
            models.Index(fields=["tenant_id", "due_on"], name="promise_due_day"),
        ]
