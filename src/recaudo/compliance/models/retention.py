"""How long data is kept, what was removed when its time was over, and the proof of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from recaudo.store.models import TenantRow


class RetentionTerm(TenantRow):
    """The house's own term for a country, never shorter than the lawbook's. It counts once a second person approved it.

    years   whole years after the last activity of a person whose accounts are all closed
    """

    country = models.CharField(max_length=2)
    years = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=300)
    proposed_by_id = models.UUIDField(null=True)
    approved_by_id = models.UUIDField(null=True)
    approved_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Personal:
        plain: ClassVar = {"reason": "why this long"}

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(years__gte=1) & Q(years__lte=30), name="retention_term_years"),
            models.CheckConstraint(
                condition=Q(approved_by_id=None) | Q(proposed_by_id=None) | ~Q(approved_by_id=F("proposed_by_id")),
                name="retention_term_two_people",
            ),
        ]


class RetentionRun(TenantRow):
    """A removal of what is past its term: proposed by one person, approved by another, done by a job in batches.

    status   proposed running done rejected failed
    counts   {country: persons due} as proposed; removed {table: rows} as done
    """

    on = models.DateField()
    status = models.CharField(max_length=10, default="proposed")
    due_count = models.IntegerField(default=0)
    held_count = models.IntegerField(default=0)
    done_count = models.IntegerField(default=0)
    counts = models.JSONField(default=dict)
    removed = models.JSONField(default=dict)
    proposed_by_id = models.UUIDField(null=True)
    proposed_by_name = models.CharField(max_length=120, blank=True)
    approved_by_id = models.UUIDField(null=True)
    approved_by_name = models.CharField(max_length=120, blank=True)
    approved_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    class Personal:
        plain: ClassVar = {"proposed_by_name": "name of a staff member", "approved_by_name": "name of a staff member",
                           "problem": "why it failed, no personal data"}  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id"], name="retention_run_one_open", condition=Q(status__in=["proposed", "running"])),
            models.CheckConstraint(
                condition=Q(approved_by_id=None) | Q(proposed_by_id=None) | ~Q(approved_by_id=F("proposed_by_id")),
                name="retention_run_two_people",
            ),
        ]


class RemovalProof(TenantRow):
    """That the data of one person was removed. The person is a pseudonym; what was there is counts and digests.

    pseudonym   SHA-256 of the record's id: who kept the id can find the proof, nobody can go the other way
    basis       retention, or the folio of the request
    tables      {table: rows emptied}; files how many were destroyed
    digest      SHA-256 over the ids of the rows, sorted
    """

    run_id = models.UUIDField(null=True)
    request_id = models.UUIDField(null=True)
    pseudonym = models.CharField(max_length=64)
    basis = models.CharField(max_length=40)
    rule = models.CharField(max_length=40, blank=True)
    country = models.CharField(max_length=2)
    tables = models.JSONField(default=dict)
    file_count = models.IntegerField(default=0)
    digest = models.CharField(max_length=64)
    by_id = models.UUIDField(null=True)

    class Personal:
        plain: ClassVar = {}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "pseudonym"], name="removal_once")]
        indexes = [models.Index(fields=["tenant_id", "run_id"], name="removal_run")]
