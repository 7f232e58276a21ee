"""Persons whom only few may see: employees of the house, persons in the public eye, persons in litigation."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from recaudo.portfolio.models.person import Person
from recaudo.store.models import TenantRow


class Restriction(TenantRow):
    """A person who is restricted: they, the accounts they hold and all that hangs on both are hidden from who lacks `restricted.view`.

    level     employee, vip or litigious
    reason    why, without identity data
    batch_id  the load whose file said so; empty when somebody did
    Whoever is not here is not restricted; the journal keeps who was and why it ended.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="restrictions", db_index=False)
    level = models.CharField(max_length=10)
    reason = models.CharField(max_length=200)
    by_id = models.UUIDField(null=True)
    by_name = models.CharField(max_length=80, blank=True)
    batch_id = models.UUIDField(null=True)

    class Personal:
        fields: ClassVar = {"reason": "(suprimido)", "by_name": ""}
        plain: ClassVar = {"reason": "why, without identity data", "by_name": "who works here"}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "person"], name="restriction_once"),
            models.CheckConstraint(condition=Q(level__in=["employee", "vip", "litigious"]), name="restriction_level"),
            models.CheckConstraint(condition=~Q(reason=""), name="restriction_reason"),
        ]
