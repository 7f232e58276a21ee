"""A run of the day."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from recaudo.store.models import TenantRow


class Run(TenantRow):
    """One collections day. A second run of the same day changes nothing.

    status    running finished failed
    counts    what the summary prints; seconds  {step: seconds}
    """

    on = models.DateField()
    status = models.CharField(max_length=10, default="running")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    version_id = models.UUIDField(null=True)
    lawbook_version = models.CharField(max_length=16, blank=True)
    step = models.CharField(max_length=20, blank=True)
    counts = models.JSONField(default=dict)
    seconds = models.JSONField(default=dict)
    problem = models.CharField(max_length=400, blank=True)
    by_id = models.UUIDField(null=True)

    class Personal:
        plain: ClassVar = {"problem": "why it failed"}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "on"], name="run_day", condition=~Q(status="failed")),
        ]
