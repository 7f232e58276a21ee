"""Rules told to those who work by them, and who said that they read them."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from recaudo.store.models import TenantRow
from recaudo.strategy.models.strategy import StrategyVersion


class Publication(TenantRow):
    """The rules of a version as they were told on a day. What was told never changes.

    agency_ids   the agencies that it is for;  to_staff: also for the organisation's own people who work accounts
    content      the rules in words, see `queries.publications.content_of`
    due_on       until when to say that one read it; none when there is no hurry
    """

    version = models.ForeignKey(StrategyVersion, on_delete=models.PROTECT, related_name="publications")
    agency_ids = ArrayField(models.UUIDField(), default=list)
    to_staff = models.BooleanField(default=False)
    note = models.CharField(max_length=600)
    content = models.JSONField()
    due_on = models.DateField(null=True)
    published_by_id = models.UUIDField(null=True)

    class Personal:
        plain: ClassVar = {"note": "what changed, for those who work by it", "content": "rules in words"}

    class Meta:
        indexes = [models.Index(fields=["tenant_id", "-created_at"], name="publication_newest")]


class Acknowledgement(TenantRow):
    """A person said that they read a publication; created_at is when."""

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="acknowledgements")
    user_id = models.UUIDField()
    agency_id = models.UUIDField(null=True)

    class Personal:
        plain: ClassVar = {}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "publication", "user_id"], name="acknowledgement_once")]
