"""The event table, partitioned by month, append-only."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from recaudo.store.models import TenantRow

# Events that somebody looks up by their name, whatever they happened to.
LOOKED_UP = ["day.finished", "rolls.sealed"]


class Event(TenantRow):
    """One thing that happened. Never changes; sealing fills `chain_number` and `hash` once.

    subject_id  what it happened to, a plain id; `subject` says which kind of thing
    detail      counts, codes, ids, digests: never personal data
    """

    name = models.CharField(max_length=40)
    by_id = models.UUIDField(null=True)
    by_name = models.CharField(max_length=120, blank=True)
    agency_id = models.UUIDField(null=True)
    subject = models.CharField(max_length=40, blank=True)
    subject_id = models.UUIDField(null=True)
    detail = models.JSONField(default=dict)
    chain_number = models.BigIntegerField(null=True)
    hash = models.BinaryField(null=True)

    class Personal:
        plain: ClassVar = {"by_name": "name of the staff member who acted"}

    class Meta:
        indexes = [
            # the trail of one thing, newest first
            models.Index(fields=["tenant_id", "subject_id", "created_at"], name="journal_subject"),
            # the trail of the day
            models.Index(fields=["tenant_id", "created_at"], name="journal_when"),
            # what waits to be sealed
            models.Index(fields=["tenant_id", "id"], name="journal_unsealed", condition=models.Q(hash=None)),
            models.Index(fields=["tenant_id", "chain_number"], name="journal_chain"),
            # what is looked up by its name: rare among millions of events
            models.Index(fields=["tenant_id", "name", "created_at"], name="journal_named", condition=models.Q(name__in=LOOKED_UP)),
        ]


class Anchor(TenantRow):
    """The head of a tenant's chain at a moment, signed, to be kept outside: whoever rewrites the chain cannot sign it anew.

    first_number     the first record after the anchor before; merkle_root covers first_number to chain_number
    previous_digest  SHA-256 of what the anchor before says, empty for the first
    key_id           fingerprint of the public key; signature is empty on anchors of before there were signatures
    """

    chain_number = models.BigIntegerField()
    hash = models.BinaryField()
    first_number = models.BigIntegerField(db_default=1)
    merkle_root = models.BinaryField(null=True)
    previous_digest = models.CharField(max_length=64, blank=True, db_default="")
    key_id = models.CharField(max_length=64, blank=True, db_default="")
    signature = models.BinaryField(null=True)

    class Personal:
        plain: ClassVar = {}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "chain_number"], name="journal_anchor_once")]


class Verification(TenantRow):
    """One verification of the chain that somebody asked for.

    status   waiting running whole broken failed
    checked  records recomputed so far, of `total`
    """

    by_id = models.UUIDField(null=True)
    by_name = models.CharField(max_length=120, blank=True)
    status = models.CharField(max_length=8, default="waiting")
    checked = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    outside_count = models.IntegerField(default=0)
    broken_number = models.BigIntegerField(null=True)
    broken_id = models.UUIDField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    finished_at = models.DateTimeField(null=True)

    class Personal:
        plain: ClassVar = {"by_name": "name of the staff member who asked", "reason": "what does not fit, no personal data"}

    class Meta:
        indexes = [models.Index(fields=["tenant_id", "-created_at"], name="journal_verification_new")]


class SealedBatch(TenantRow):
    """Some rows of a roll (see journal/rolls.py), sealed together. Never changes.

    number    1, 2, 3 ... in the tenant and roll; an event `rolls.sealed` of the chain says which were made together
    ids       of the rows, in order; hints the first 8 bytes of each one's digest, to name the one that was altered
    root      of the tree over the digests
    """

    roll = models.CharField(max_length=30)
    number = models.IntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    ids = ArrayField(models.UUIDField())
    hints = models.BinaryField()
    root = models.BinaryField(max_length=32)

    class Personal:
        plain: ClassVar = {}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "roll", "number"], name="journal_batch_once")]
        indexes = [models.Index(fields=["tenant_id", "roll", "last_at"], name="journal_batch_when")]
