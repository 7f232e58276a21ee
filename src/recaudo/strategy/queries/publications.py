"""Rules as they are told to agencies and agents, and who read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from recaudo.engine import decide
from recaudo.engine.decide.model import Rule
from recaudo.kernel.permissions import ROLES
from recaudo.kernel.problems import NotFound
from recaudo.strategy.models import Acknowledgement, Publication
from recaudo.strategy.queries.tables import Column, columns_of, in_words
from recaudo.strategy.words import POLICY_ES, decision_es
from recaudo.workforce.models import Agency, User

# What somebody who works an account has to know; how risk and priority are computed stays in the house.
TOLD = ("treatment", "channel", "fallback_channel", "template", "offer")
PLACED = "placed_with_agency"
READERS = frozenset(code for code, role in ROLES.items() if "strategy.acknowledge" in role.permissions)


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who has to read a publication; read_at is None until they said so."""

    user: User
    agency: str
    read_at: datetime | None


def content_of(model: decide.Model, *, is_for_agencies: bool) -> list[dict[str, Any]]:
    """The rules of a version in words. For agencies only: without the rows of accounts that are not placed with one."""
    out = []
    for name in TOLD:
        decision = model.by_name.get(name)
        table = decision.table if decision else None
        if table is None:
            continue
        columns = columns_of(table, name)
        rules = [rule for rule in table.rules if not is_for_agencies or _concerns(rule, columns)]
        # A column that none of the rows asks about says nothing.
        used = [place for place, column in enumerate(columns) if column.is_output or any(_asks(rule, place) for rule in rules)]
        policy = table.policy + table.aggregation
        out.append({
            "label": decision_es(name), "policy": POLICY_ES.get(policy, policy), "columns": [columns[place].label for place in used],
            "result": next((number for number, place in enumerate(used) if columns[place].is_output), 0),
            "rows": [{"number": rule.number, "cells": [_words(columns[place], rule, place) for place in used], "reason": rule.annotation} for rule in rules],
        })  # fmt: skip
    return out


def _asks(rule: Rule, place: int) -> bool:
    return place >= len(rule.inputs) or rule.inputs[place].text.strip() not in ("", "-")


def _concerns(rule: Rule, columns: Sequence[Column]) -> bool:
    return not any(column.source == PLACED and not column.is_output and rule.inputs[column.place].text.strip() == "false" for column in columns)


def _words(column: Column, rule: Rule, place: int) -> str:
    text = (*rule.inputs, *rule.outputs)[place].text
    return in_words(column, text) if _asks(rule, place) else ""


def publications() -> QuerySet[Publication]:
    """Newest first; an agency's people see those for their agency."""
    return Publication.objects.select_related("version", "version__strategy").defer("content", "version__xml").order_by("-created_at")


def publication_by_id(publication_id: UUID) -> Publication:
    """Raises NotFound."""
    found: Publication | None = Publication.objects.filter(pk=publication_id).first()
    if found is None:
        raise NotFound()
    return found


def is_for(publication: Publication, user: Any) -> bool:
    """Whether somebody has to read a publication."""
    if not user.may("strategy.acknowledge"):
        return False
    return user.agency_id in publication.agency_ids if user.agency_id else bool(publication.to_staff)


def told_to(user: Any) -> list[tuple[Publication, datetime | None]]:
    """What was published for a person, newest first, and when they said that they read it."""
    found = [one for one in Publication.objects.defer("content").order_by("-created_at")[:100] if is_for(one, user)]
    read = dict(Acknowledgement.objects.filter(user_id=user.id, publication__in=found).values_list("publication_id", "created_at"))
    return [(one, read.get(one.pk)) for one in found]


def readers(publication: Publication) -> list[Reader]:
    """Everybody a publication is for, those who did not read it first."""
    names = dict(Agency.objects.filter(pk__in=publication.agency_ids).values_list("id", "name"))
    read = dict(Acknowledgement.objects.filter(publication=publication).values_list("user_id", "created_at"))
    people = User.objects.filter(tenant_id=publication.tenant_id, is_active=True, roles__overlap=sorted(READERS)).order_by("name", "id")
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
