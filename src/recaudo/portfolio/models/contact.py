"""How a person can be reached, and what they allowed."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from recaudo.portfolio.models.person import Person
from recaudo.store.fields import EncryptedField
from recaudo.store.models import TenantRow


class ContactPoint(TenantRow):
    """A phone, mailbox, messaging id or street address, with where it came from and how far it is trusted.

    kind     phone email im address
    status   unverified valid stale invalid wrong_party opted_out
    source   creditor debtor agreed third_party skip_tracing employer (what the law asks about)
    value    encrypted, normal form (E.164, lower-case mail, one line of address); hint is what screens show masked
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="contact_points", db_index=False, db_constraint=False)
    kind = models.CharField(max_length=8)
    value = EncryptedField()
    value_index = models.BinaryField()
    hint = models.CharField(max_length=40)
    line_type = models.CharField(max_length=12, blank=True)
    country = models.CharField(max_length=2)
    subdivision = models.CharField(max_length=6, blank=True)
    municipality = models.CharField(max_length=80, blank=True)
    zones = ArrayField(models.CharField(max_length=40), default=list)
    place = models.CharField(max_length=10, default="mobile")
    status = models.CharField(max_length=12, default="unverified")
    source = models.CharField(max_length=14, default="creditor")
    captured_on = models.DateField(null=True)
    verified_on = models.DateField(null=True)
    ownership_score = models.FloatField(default=0.5)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    geocode_quality = models.CharField(max_length=12, blank=True)
    batch_id = models.UUIDField(null=True)

    class Personal:
        fields: ClassVar = {"value": "", "value_index": b"", "hint": "", "municipality": "", "latitude": None,
                            "longitude": None}  # fmt: skip
        plain: ClassVar = {"hint": "masked for recognition", "municipality": "a place, for zones and routes",
                           "latitude": "a place, for routes", "longitude": "a place, for routes"}  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "person", "kind", "value_index"], name="contact_point_once"),
            models.CheckConstraint(condition=Q(kind__in=["phone", "email", "im", "address"]), name="contact_point_kind"),
            models.CheckConstraint(
                condition=Q(status__in=["unverified", "valid", "stale", "invalid", "wrong_party", "opted_out"]),
                name="contact_point_status",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "value_index"], include=["person", "kind"], name="contact_point_value"),
        ]


class Consent(TenantRow):
    """What a person allowed or took back, for a purpose and channels. A row is never changed but for `revoked_at`.

    kind       the lawbook's word: authorised_channel, channel_optout, hours_waiver ...
    channels   the lawbook's channels it covers; empty means all
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="consents", db_index=False)
    creditor_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=30)
    channels = ArrayField(models.CharField(max_length=16), default=list)
    purpose = models.CharField(max_length=20, default="collection")
    source = models.CharField(max_length=30)
    evidence = models.CharField(max_length=200, blank=True)
    given_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    contact_point_id = models.UUIDField(null=True)
    by_id = models.UUIDField(null=True)

    class Personal:
        plain: ClassVar = {"evidence": "where the proof lies, no identity data"}

    class Meta:
        indexes = [models.Index(fields=["tenant_id", "person", "kind"], name="consent_person")]


class Preference(TenantRow):
    """When and how a person prefers to be reached."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="preferences")
    channel = models.CharField(max_length=16, blank=True)
    days = ArrayField(models.CharField(max_length=3), default=list)
    from_time = models.TimeField(null=True)
    until_time = models.TimeField(null=True)
    avoid = models.BooleanField(default=False)
    source = models.CharField(max_length=30)

    class Personal:
        plain: ClassVar = {}
