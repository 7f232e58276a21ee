"""What was worked out for a page of indicators, kept for every process."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from recaudo.store.models import TenantRow


class Reading(TenantRow):
    """The indicators of one scope as they were at `made_at`: every process shows them at once, also after a restart.

    agency_id   whose eyes they were worked out with; None: the organisation's own
    name        which ones: figures, patterns, or one.<indicator>.<cut>
    scope_key   digest of the scope (queries.Scope.key)
    rows        engine.measure rows by list, as `packing` writes them
    """

    agency_id = models.UUIDField(null=True)
    name = models.CharField(max_length=60)
    scope_key = models.CharField(max_length=40)
    rows = models.JSONField()
    made_at = models.DateTimeField()

    class Personal:
        plain: ClassVar = {"rows": "sums and counts; names of portfolios and of the organisation's own staff"}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "agency_id", "name", "scope_key"], name="reading_once", nulls_distinct=False),
        ]
        indexes = [models.Index(fields=["tenant_id", "made_at"], name="reading_made")]
