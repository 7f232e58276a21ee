"""What is told to those who work here, and who said that they read it: rules, policies, changes of the law."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from recaudo.store.models import TenantRow
from recaudo.strategy.models.strategy import StrategyVersion


class Publication(TenantRow):
    """Something told on a day to those who work here. What was told never changes.

    kind         rules (of a version) policy law (the law changed)
    agency_ids   the agencies that it is for;  to_staff: also for the organisation's own people
    roles        for whom of them; empty = those who work accounts
    version, content   of rules: the version and its rules in words, see `queries.publications.content_of`
    title, text  of anything else: what it is called, and what it says (Markdown)
    subject_id   what it tells of: a policy's version, a decision over the law
    digest       SHA-256 of what is read; who reads says yes to it
    has_file     a PDF is read with it; its hash is in the digest
    due_on       until when to say that one read it; none when there is no hurry
    replaced_at  since when another one is read in its place
    """

    kind = models.CharField(max_length=8, default="rules", db_default="rules")
    version = models.ForeignKey(StrategyVersion, null=True, on_delete=models.PROTECT, related_name="publications")
    agency_ids = ArrayField(models.UUIDField(), default=list)
    to_staff = models.BooleanField(default=False)
    roles = ArrayField(models.CharField(max_length=40), default=list, db_default=[])
    title = models.CharField(max_length=160, blank=True, default="", db_default="")
    note = models.CharField(max_length=600)
    content = models.JSONField()
    text = models.TextField(blank=True, default="", db_default="")
    subject_id = models.UUIDField(null=True)
    digest = models.CharField(max_length=64, blank=True, default="", db_default="")
    has_file = models.BooleanField(default=False, db_default=False)
    due_on = models.DateField(null=True)
    replaced_at = models.DateTimeField(null=True)
    published_by_id = models.UUIDField(null=True)

    class Personal:
        plain: ClassVar = {"title": "what it is called", "note": "what changed, for those who work by it", "content": "rules in words",
                           "text": "a policy or a change of the law", "digest": "a hash of what is read"}  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind="rules", version__isnull=False) | (Q(kind__in=["policy", "law"], version=None) & ~Q(title="")), name="publication_kind"),
        ]
        indexes = [
            models.Index(fields=["tenant_id", "-created_at"], name="publication_newest"),
            models.Index(fields=["subject_id"], name="publication_subject", condition=Q(subject_id__isnull=False)),
        ]


class Acknowledgement(TenantRow):
    """A person said that they read a publication; created_at is when, `digest` what they read (empty before it was kept)."""

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="acknowledgements")
    user_id = models.UUIDField()
    agency_id = models.UUIDField(null=True)
    digest = models.CharField(max_length=64, blank=True, default="", db_default="")

    class Personal:
        plain: ClassVar = {"digest": "a hash of what was read"}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "publication", "user_id"], name="acknowledgement_once")]
