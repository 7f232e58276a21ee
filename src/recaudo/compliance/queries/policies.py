"""Policies as screens show them: what is in force, who read it, and whether what it says is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from recaudo.casework.models import PermitRecord
from recaudo.compliance.models import AuditFinding, AuditProgramme, AuditRun, Policy, PolicyVersion
from recaudo.engine.comply import lawbook
from recaudo.messaging.models import Message, Template
from recaudo.strategy.models import Publication, StrategyVersion
from recaudo.strategy.queries.publications import Reader, readers

USED_DAYS = 90
# What applies a policy.
LINK_ES = {"rule": "Norma", "strategy": "Estrategia", "template": "Plantilla", "programme": "Auditoría"}


@dataclass(frozen=True, slots=True)
class Line:
    """A policy in the list. `current` is the version in force, `open` a draft or one that waits; read of asked people said that they read it."""

    policy: Policy
    current: PolicyVersion | None
    open: PolicyVersion | None
    read: int
    asked: int
    late: int


@dataclass(frozen=True, slots=True)
class Use:
    """Evidence that something which applies a policy is in use. `count` in the last USED_DAYS days; said: in words."""

    kind: str
    key: str
    label: str
    count: int
    said: str


def policies(*, on: date, is_retired: bool = False) -> list[Line]:
    """By code. A handful of queries, and two for each policy in force."""
    found = list(Policy.objects.filter(retired_at__isnull=not is_retired).order_by("code"))
    versions = PolicyVersion.objects.filter(policy__in=found, status__in=["in_force", "draft", "waiting"]).defer("text")
    current = {one.policy_id: one for one in versions if one.status == "in_force"}
    drafts = {one.policy_id: one for one in versions if one.status != "in_force"}
    told = _told([one.id for one in current.values()])
    out = []
    for policy in found:
        version = current.get(policy.id)
        publication = told.get(version.id) if version else None
        people = readers(publication) if publication else []
        read = sum(one.read_at is not None for one in people)
        is_late = publication is not None and publication.due_on is not None and publication.due_on < on
        out.append(Line(policy, version, drafts.get(policy.id), read, len(people), len(people) - read if is_late else 0))
    return out


def to_review(*, on: date) -> QuerySet[PolicyVersion]:
    """Versions in force whose review falls on a day or before it."""
    return PolicyVersion.objects.filter(status="in_force", review_on__lte=on, policy__retired_at=None).select_related("policy").order_by("review_on")


def readers_of(version: PolicyVersion) -> tuple[Publication | None, list[Reader]]:
    """How a version was told, and everybody who has to read it, those who did not first."""
    publication = _told([version.id]).get(version.id)
    return publication, readers(publication) if publication else []


def version_told(publication: Publication) -> PolicyVersion | None:
    """The version that a publication tells of."""
    found: PolicyVersion | None = PolicyVersion.objects.select_related("policy").filter(id=publication.subject_id).first() if publication.subject_id else None
    return found


def linked(*, rules: Sequence[str], strategies: Sequence[tuple[UUID, str]], templates: Sequence[str], programmes: Sequence[tuple[UUID, str]]) -> list[dict[str, str]]:
    """Links as a version keeps them."""
    return [
        *({"kind": "rule", "key": one, "label": one} for one in rules),
        *({"kind": "strategy", "key": str(key), "label": name} for key, name in strategies),
        *({"kind": "template", "key": one, "label": one} for one in templates),
        *({"kind": "programme", "key": str(key), "label": name} for key, name in programmes),
    ]


def rule_ids() -> frozenset[str]:
    """Every rule of the lawbook."""
    return frozenset(rule_id for document in lawbook().documents.values() for rule_id in document.rules)


def uses(version: PolicyVersion, *, at: datetime) -> list[Use]:
    """What applies a version, with proof of use. A query for each kind, and two for each audit programme."""
    by_kind: dict[str, list[tuple[str, str]]] = {}
    for one in version.links:
        by_kind.setdefault(one["kind"], []).append((one["key"], one["label"]))
    since = at - timedelta(days=USED_DAYS)
    return [
        *_rules(by_kind.get("rule", []), since),
        *_strategies(by_kind.get("strategy", [])),
        *_templates(by_kind.get("template", []), since),
        *_programmes(by_kind.get("programme", []), since),
    ]


def _rules(links: list[tuple[str, str]], since: datetime) -> list[Use]:
    asked = PermitRecord.objects.filter(asked_at__gte=since, is_allowed=False, rule__in=[key for key, _ in links])
    refused = dict(asked.values_list("rule").annotate(n=Count("id"))) if links else {}
    return [Use("rule", key, label, refused.get(key, 0), f"contactos negados: {refused.get(key, 0)}") for key, label in links]


def _strategies(links: list[tuple[str, str]]) -> list[Use]:
    active = {str(one.strategy_id): one for one in StrategyVersion.objects.filter(strategy_id__in=[key for key, _ in links], status="active").defer("xml")}
    return [
        Use("strategy", key, label, 1 if key in active else 0, f"versión {active[key].number} en vigor" if key in active else "sin versión en vigor") for key, label in links
    ]


def _templates(links: list[tuple[str, str]], since: datetime) -> list[Use]:
    if not links:
        return []
    codes = dict(Template.objects.filter(code__in=[key for key, _ in links]).values_list("id", "code"))
    sent: dict[str, int] = {}
    rows = Message.objects.filter(created_at__gte=since, template_id__in=list(codes), sent_at__isnull=False).values_list("template_id").annotate(n=Count("id"))
    for template_id, n in rows:
        sent[codes[template_id]] = sent.get(codes[template_id], 0) + n
    return [Use("template", key, label, sent.get(key, 0), f"mensajes enviados: {sent.get(key, 0)}") for key, label in links]


def _programmes(links: list[tuple[str, str]], since: datetime) -> list[Use]:
    out = []
    for row in AuditProgramme.objects.filter(id__in=[key for key, _ in links]).order_by("name"):
        runs = AuditRun.objects.filter(programme=row, created_at__gte=since).count()
        waiting = AuditFinding.objects.filter(~Q(status="closed"), run__programme=row).count()
        out.append(Use("programme", str(row.id), row.name, runs, f"auditorías hechas: {runs}; hallazgos por cerrar: {waiting}"))
    return out


def _told(version_ids: Sequence[UUID]) -> dict[UUID | None, Publication]:
    rows = Publication.objects.filter(kind="policy", subject_id__in=list(version_ids)).defer("content", "text").order_by("created_at")
    return {one.subject_id: one for one in rows}
