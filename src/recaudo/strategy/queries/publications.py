"""What is told to agencies and to the staff, and who read it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from recaudo.engine import decide
from recaudo.engine.decide.model import Cell, Rule
from recaudo.kernel.permissions import ROLES
from recaudo.kernel.problems import NotFound
from recaudo.strategy.models import Acknowledgement, Publication
from recaudo.strategy.queries.tables import Column, columns_of, in_words
from recaudo.strategy.words import POLICY_ES, decision_es
from recaudo.workforce.models import Agency, User

# What somebody who works an account has to know; how risk and priority are computed stays in the house.
TOLD = ("treatment", "channel", "fallback_channel", "template", "offer")
PLACED = "placed_with_agency"
# Who works accounts by the rules; and everybody who can be asked to read something.
READERS = frozenset(code for code, role in ROLES.items() if "strategy.acknowledge" in role.permissions)
EVERYBODY = READERS | frozenset(code for code, role in ROLES.items() if "policy.read" in role.permissions)


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who has to read a publication; read_at is None until they said so."""

    user: User
    agency: str
    read_at: datetime | None


def content_of(model: decide.Model) -> list[dict[str, Any]]:
    """The rules of a version in words: per row when it holds, what it gives and why.

    Returns   [{label, policy, rows: [{number, when: [[column, words]], then, reason, is_own}]}]; is_own: never of a placed account
    """
    out = []
    for name in TOLD:
        decision = model.by_name.get(name)
        table = decision.table if decision else None
        if table is None:
            continue
        columns = columns_of(table, name)
        policy = table.policy + table.aggregation
        rows = [
            {
                "number": rule.number, "when": [[column.label, in_words(column, cell.text)] for column, cell in zip(columns, rule.inputs, strict=False) if _asks(cell)],
                "then": ", ".join(in_words(column, cell.text) for column, cell in zip(columns[len(rule.inputs) :], rule.outputs, strict=True)),
                "reason": rule.annotation, "is_own": _is_own(rule, columns),
            }
            for rule in table.rules
        ]  # fmt: skip
        out.append({"label": decision_es(name), "policy": POLICY_ES.get(policy, policy), "rows": rows})
    return out


def digest_of(**parts: Any) -> str:
    """SHA-256 of what is read, in hexadecimal: the same parts give the same, whatever their order."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()


def shown_to(publication: Publication, user: Any) -> list[dict[str, Any]]:
    """What a person reads of a publication: an agency's people only the rows of accounts that can be placed with it."""
    if not user.agency_id:
        return list(publication.content)
    return [table | {"rows": [row for row in table["rows"] if not row["is_own"]]} for table in publication.content]


def _asks(cell: Cell) -> bool:
    return cell.text.strip() not in ("", "-")


def _is_own(rule: Rule, columns: Sequence[Column]) -> bool:
    return any(column.source == PLACED and not column.is_output and rule.inputs[column.place].text.strip() == "false" for column in columns)


def publications() -> QuerySet[Publication]:
    """Newest first; an agency's people see those for their agency."""
    return Publication.objects.select_related("version", "version__strategy").defer("content", "text", "version__xml").order_by("-created_at", "-id")


def publication_by_id(publication_id: UUID) -> Publication:
    """Raises NotFound."""
    found: Publication | None = Publication.objects.filter(pk=publication_id).first()
    if found is None:
        raise NotFound()
    return found


def of_subject(subject_id: UUID) -> Publication | None:
    """The newest publication that tells of something: a policy's version, a decision over the law."""
    found: Publication | None = publications().filter(subject_id=subject_id).first()
    return found


def is_for(publication: Publication, user: Any) -> bool:
    """Whether somebody has to read a publication."""
    if not user.is_active or (set(publication.roles) or READERS).isdisjoint(user.roles):
        return False
    return user.agency_id in publication.agency_ids if user.agency_id else bool(publication.to_staff)


def told_to(user: Any) -> list[tuple[Publication, datetime | None]]:
    """What was published for a person, newest first, and when they said that they read it. What was replaced stays only for who read it."""
    read = dict(Acknowledgement.objects.filter(user_id=user.id).values_list("publication_id", "created_at"))
    told = publications().filter(Q(replaced_at=None) | Q(pk__in=list(read)))[:200]
    return [(one, read.get(one.pk)) for one in told if is_for(one, user)]


def readers(publication: Publication) -> list[Reader]:
    """Everybody a publication is for, those who did not read it first."""
    names = dict(Agency.objects.filter(pk__in=publication.agency_ids).values_list("id", "name"))
    read = dict(Acknowledgement.objects.filter(publication=publication).values_list("user_id", "created_at"))
    people = User.objects.filter(tenant_id=publication.tenant_id, is_active=True, roles__overlap=sorted(publication.roles or READERS)).order_by("name", "id")
    wanted = [one for one in people if (one.agency_id in names if one.agency_id else publication.to_staff)]
    out = [Reader(one, names.get(one.agency_id, "Personal propio"), read.get(one.id)) for one in wanted]
    return sorted(out, key=lambda one: (one.read_at is not None, one.agency, one.user.name))


def read_counts(found: Sequence[Publication]) -> dict[UUID, tuple[int, int]]:
    """Per publication: how many read it, and how many it is for."""
    out = {}
    for one in found:
        people = readers(one)
        out[one.pk] = (sum(person.read_at is not None for person in people), len(people))
    return out
