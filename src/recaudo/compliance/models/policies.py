"""The house's policies as managed documents: who answers for one, its text by versions, and for whom it is."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from recaudo.store.models import TenantRow


class Policy(TenantRow):
    """One policy. Who read it is kept with its publication (`strategy.Publication`, subject = the version).

    area           a code of words.AREA_ES
    owner_id       who answers for it, and is reminded
    review_months  how long after it came in force it is looked at again
    read_days      how long people have to read a new version
    roles, agency_ids, to_staff   for whom it is; no roles = those who work accounts
    """

    code = models.CharField(max_length=20)
    title = models.CharField(max_length=160)
    area = models.CharField(max_length=12)
    owner_id = models.UUIDField()
    review_months = models.PositiveSmallIntegerField()
    read_days = models.PositiveSmallIntegerField()
    roles = ArrayField(models.CharField(max_length=40), default=list)
    agency_ids = ArrayField(models.UUIDField(), default=list)
    to_staff = models.BooleanField(default=True)
    retired_at = models.DateTimeField(null=True)
    by_id = models.UUIDField(null=True)

    class Personal:
        plain: ClassVar = {"title": "what the policy is called"}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "code"], name="policy_code"),
            models.CheckConstraint(condition=Q(review_months__gte=1, review_months__lte=36), name="policy_review"),
            models.CheckConstraint(condition=Q(read_days__gte=1, read_days__lte=60), name="policy_read_days"),
        ]


class PolicyVersion(TenantRow):
    """A text of a policy. It is in force once a second person approved it, and is never changed after that.

    text       Markdown; `path` of a PDF kept sealed, read with it or instead of it
    digest     SHA-256 of text and file: what a reader says yes to
    links      what applies it: [{"kind": rule strategy template programme, "key": code or id, "label": as people read it}]
    status     draft waiting in_force replaced rejected
    review_on  the day on which it is looked at again; reminded_on when its owner was told so
    """

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    path = models.CharField(max_length=200, blank=True)
    file_name = models.CharField(max_length=120, blank=True)
    file_sha256 = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)
    note = models.CharField(max_length=300)
    links = models.JSONField(default=list)
    status = models.CharField(max_length=10, default="draft")
    written_by_id = models.UUIDField()
    decided_by_id = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=300, blank=True)
    from_on = models.DateField(null=True)
    until_on = models.DateField(null=True)
    review_on = models.DateField(null=True)
    reminded_on = models.DateField(null=True)

    class Personal:
        plain: ClassVar = {
            "text": "rules of the house", "path": "a key without identity data", "file_name": "name of a document of the house",
            "file_sha256": "a hash", "digest": "a hash", "note": "what changed and why", "answer": "why it was not approved",
        }  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "policy", "number"], name="policy_version_number"),
            models.UniqueConstraint(fields=["tenant_id", "policy"], name="policy_one_in_force", condition=Q(status="in_force")),
            models.UniqueConstraint(fields=["tenant_id", "policy"], name="policy_one_open", condition=Q(status__in=["draft", "waiting"])),
            models.CheckConstraint(condition=~Q(text="") | ~Q(path=""), name="policy_says_something"),
            models.CheckConstraint(
                condition=~Q(status__in=["in_force", "replaced"])
                | (
                    Q(decided_by_id__isnull=False, decided_at__isnull=False, from_on__isnull=False, review_on__isnull=False)
                    & ~Q(decided_by_id=F("written_by_id"))
                ),
                name="policy_two_people",
            ),
        ]
        indexes = [models.Index(fields=["tenant_id", "review_on"], name="policy_review_due", condition=Q(status="in_force"))]
