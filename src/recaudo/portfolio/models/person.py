"""Who a person is. One record for all their accounts, creditors and agencies."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from recaudo.store.fields import EncryptedField
from recaudo.store.models import TenantRow


class Person(TenantRow):
    """A natural or legal person.

    search_name        lower case, no accents, single spaces: what people type
    national_id        encrypted; `national_id_index` finds it exactly
    zones              candidate time zones, the address's first
    merged_into        set when this record turned out to be another person's duplicate
    """

    kind = models.CharField(max_length=8, default="natural")
    name = models.CharField(max_length=160)
    search_name = models.CharField(max_length=160)
    id_type = models.CharField(max_length=12, blank=True)
    national_id = EncryptedField(null=True)
    national_id_index = models.BinaryField(null=True)
    country = models.CharField(max_length=2)
    subdivision = models.CharField(max_length=6, blank=True)
    municipality = models.CharField(max_length=80, blank=True)
    zones = ArrayField(models.CharField(max_length=40), default=list)
    birth_on = EncryptedField(null=True)
    language = models.CharField(max_length=5, default="es")
    deceased_on = models.DateField(null=True)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, db_index=False)

    class Personal:
        fields: ClassVar = {"name": "(suprimido)", "search_name": "", "national_id": None, "national_id_index": None,
                            "birth_on": None, "municipality": ""}  # fmt: skip
        plain: ClassVar = {"name": "searched by agents", "search_name": "searched by agents",
                           "municipality": "a place, for zones and routes",
                           "deceased_on": "stops contact"}  # fmt: skip

    class Meta:
        indexes = [
            models.Index(fields=["merged_into"], name="person_merged", condition=models.Q(merged_into__isnull=False)),
            GinIndex(fields=["search_name"], name="person_search", opclasses=["gin_trgm_ops"]),
            # With what the row policies ask about, so that shared keys are found without reading the rows.
            models.Index(fields=["tenant_id", "national_id_index"], include=["id"], name="person_national_id"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=["natural", "legal"]), name="person_kind"),
        ]

    def __str__(self) -> str:
        return f"persona {self.id}"


class PersonMerge(TenantRow):
    """Two records found to be one person. `moved` lists what was re-pointed, so that it can be undone."""

    kept = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="merges")
    merged = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="merged_by")
    moved = models.JSONField(default=dict)
    reason = models.CharField(max_length=200)
    by_id = models.UUIDField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Personal:
        plain: ClassVar = {"reason": "why two records are one"}
