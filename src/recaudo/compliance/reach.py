"""What belongs to a person: every row of every table, by what the models themselves say.

A model belongs through `person`/`person_id`, or through `account`/`account_id` when it has no person of its own; `class Personal` says
which of its fields are personal. One place for three readers: the evidence file, the copy that a person asks for, and removal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models

from recaudo.portfolio.models import Account, AccountParty, Person
from recaudo.store.fields import EncryptedField
from recaudo.store.models import TenantRow

# What a person answers for. A reference is named on the account of somebody else.
OWN_ROLES = ("holder", "co_debtor", "guarantor", "representative")
# Tables of the house about its own work on the person's file: shown by their own pages, never part of the person's data.
OWN_WORK = frozenset({"compliance.EvidenceFile", "compliance.RemovalProof"})
# Technical columns that say nothing to anybody outside.
UNSAID = frozenset({"tenant_id", "batch_id", "search_name"})


@dataclass(frozen=True, slots=True)
class Belonging:
    """A model and how its rows belong to a person. `by`: self, person or account."""

    model: type[TenantRow]
    by: str

    @property
    def name(self) -> str:
        """`portfolio.Payment`."""
        return str(self.model._meta.label)

    @property
    def erased(self) -> dict[str, Any]:
        """{field: what removal puts in its place}."""
        return dict(getattr(self.model.Personal, "fields", {}))  # type: ignore[attr-defined]

    def rows(self, person_id: UUID, accounts: list[UUID]) -> models.QuerySet[Any]:
        """The rows of one person, oldest first."""
        found: dict[str, Any] = {
            "self": {"id": person_id}, "person": {"person_id": person_id}, "account": {"account_id__in": accounts}, "holder": {"id__in": accounts},
            "request": {"request__person_id": person_id},
        }[self.by]  # fmt: skip
        rows: models.QuerySet[Any] = self.model.objects.filter(**found).order_by("created_at", "id")
        return rows


@lru_cache(maxsize=1)
def belongings() -> tuple[Belonging, ...]:
    """Every model whose rows belong to persons, by name."""
    return tuple(sorted(_belongings(), key=lambda one: one.name))


def _belongings() -> Iterator[Belonging]:
    for model in apps.get_models():
        if not issubclass(model, TenantRow) or model._meta.label in OWN_WORK:
            continue
        columns = {field.attname for field in model._meta.concrete_fields}
        if model is Person:
            yield Belonging(model, "self")
        elif model is Account:
            yield Belonging(model, "holder")
        elif "person_id" in columns:
            yield Belonging(model, "person")
        elif "account_id" in columns:
            yield Belonging(model, "account")
        elif model._meta.label == "compliance.RightsStep":
            yield Belonging(model, "request")


def accounts_of(person_id: UUID, *, roles: tuple[str, ...] = OWN_ROLES) -> list[UUID]:
    """The accounts that a person answers for."""
    found = AccountParty.objects.filter(person_id=person_id, role__in=roles).values_list("account_id", flat=True)
    return sorted(set(found))


def written(row: Any, *, is_masked: bool) -> dict[str, Any]:
    """A row as plain values, by column; secrets opened or shortened, indexes and technical columns left out."""
    says: dict[str, Any] = {}
    for field in row._meta.concrete_fields:
        if field.attname in UNSAID:
            continue
        if isinstance(field, EncryptedField):
            says[field.attname] = _secret(row, field.attname, is_masked)
        elif not isinstance(field, models.BinaryField):
            says[field.attname] = plain(getattr(row, field.attname))
    return says


def plain(value: Any) -> Any:
    """A value as JSON takes it."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def _secret(row: Any, name: str, is_masked: bool) -> str | None:
    text = getattr(row, name)
    if not text or name in {"subject", "body"}:
        return text or None
    if not is_masked:
        return str(text)
    if name == "value":
        return str(row.hint)
    if name == "to":
        return str(row.to_hint)
    if name == "input":
        return None  # the digest beside it proves it
    return f"··{str(text)[-4:]}" if name == "national_id" else "··"
