"""Layouts, batches, rejections."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from recaudo.portfolio.models import Creditor, Portfolio
from recaudo.store.fields import EncryptedField
from recaudo.store.models import TenantRow


class Layout(TenantRow):
    """How a kind of file is read. A new version is a new row; batches point at the version they used.

    target    accounts, update (balances and instalments of known accounts), payments
    mapping   {our field: {"column": theirs, "format": ..., "default": ..., "map": {...}}}
    options   {"encoding", "delimiter", "decimal": ",|.", "date": "%d/%m/%Y", "currency", "sheet", "header_row"}
    """

    name = models.CharField(max_length=40)
    version = models.PositiveIntegerField(default=1)
    target = models.CharField(max_length=10)
    creditor = models.ForeignKey(Creditor, null=True, on_delete=models.PROTECT)
    portfolio = models.ForeignKey(Portfolio, null=True, on_delete=models.PROTECT)
    mapping = models.JSONField()
    options = models.JSONField(default=dict)
    by_id = models.UUIDField(null=True)
    is_current = models.BooleanField(default=True)

    class Personal:
        plain: ClassVar = {"name": "name of a layout"}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "name", "version"], name="layout_version"),
            models.UniqueConstraint(fields=["tenant_id", "name"], name="layout_current", condition=models.Q(is_current=True)),
        ]


class Batch(TenantRow):
    """One file received.

    status   received checking checked applying applied failed undone
    totals   {currency: {"source", "accepted", "refused", "unchanged", "applied": minor units}}: source = accepted + refused
    changes  counts of what was created, updated, unchanged
    portfolio  the book chosen for this file; the layout's when null
    reading  how it was read: format, encoding, delimiter, sheet, titles
    files_gone_at  when what was received and what an undo needs were deleted (`services/keeping.py`): no undo after that
    """

    layout = models.ForeignKey(Layout, null=True, on_delete=models.PROTECT)
    file_name = models.CharField(max_length=200)
    path = models.CharField(max_length=200)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    on = models.DateField()
    status = models.CharField(max_length=12, default="received")
    row_count = models.IntegerField(default=0)
    accepted_count = models.IntegerField(default=0)
    rejected_count = models.IntegerField(default=0)
    changes = models.JSONField(default=dict)
    totals = models.JSONField(default=dict)
    portfolio = models.ForeignKey(Portfolio, null=True, on_delete=models.PROTECT)
    reading = models.JSONField(default=dict)
    problem = models.CharField(max_length=400, blank=True)
    progress = models.FloatField(default=0)
    by_id = models.UUIDField(null=True)
    applied_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_by_id = models.UUIDField(null=True)
    files_gone_at = models.DateTimeField(null=True)

    class Personal:
        plain: ClassVar = {"file_name": "name of a file", "path": "a key", "problem": "why it failed"}

    class Meta:
        indexes = [models.Index(fields=["tenant_id", "-created_at"], name="batch_newest")]


class Rejection(TenantRow):
    """A row refused, or (not `is_row`) one datum of a row left out: which, which field, why, how to mend it.

    row   the cells as received (JSON list), encrypted, on the first rejection of each row; for the download
    """

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="rejections")
    row_number = models.IntegerField()
    field = models.CharField(max_length=60)
    code = models.CharField(max_length=40)
    reason = models.CharField(max_length=300)
    is_row = models.BooleanField(default=True)
    row = EncryptedField(null=True)

    class Personal:
        fields: ClassVar = {"row": None}
        plain: ClassVar = {"reason": "says the kind of error, never the value"}

    class Meta:
        indexes = [models.Index(fields=["tenant_id", "batch", "row_number"], name="rejection_row")]
