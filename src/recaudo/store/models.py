"""What every row has: a UUIDv7 and its tenant. Abstract; there is no table here.

Each model also declares which of its fields are personal (`class Personal`): `fields` maps a field to what erasure
puts in its place, `plain` names what may stay readable without being encrypted. A test fails on an unclassified field.
"""

from __future__ import annotations

from typing import Any

from django.db import models

from recaudo.store import tenancy
from recaudo.store.keys import uuid7


class TenantManager(models.Manager[Any]):
    """Rows of the tenant we act in. The tenant is written in the query too: the planner cannot see through a policy."""

    def get_queryset(self) -> models.QuerySet[Any]:
        queryset = super().get_queryset()
        return queryset.filter(tenant_id=tenancy.tenant_id()) if tenancy.is_acting() else queryset


class TenantRow(models.Model):
    """A row that belongs to one tenant."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id = models.UUIDField(default=tenancy.tenant_id, editable=False)
    created_at = models.DateTimeField()

    objects = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
