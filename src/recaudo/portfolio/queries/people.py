"""Records that may be one person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import pyarrow as pa
from django.db.models import Count, QuerySet

from recaudo.engine import match
from recaudo.portfolio.models import Account, ContactPoint, Person, PersonMerge

LOOKED_AT = 400


@dataclass(frozen=True, slots=True)
class Side:
    """A record as it is shown beside another: names and counts, identifiers masked."""

    person: Person
    accounts: tuple[Account, ...]
    hints: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two records that may be one person. score 0 to 1; why_es, the signs they share, strongest first."""

    left: Side
    right: Side
    score: float
    why_es: str


def duplicates(*, limit: int = 20) -> list[Candidate]:
    """Pairs that share an identification, or a contact point and a similar name; surest first. engine.match weighs them.

    Shared values are found on their index alone, stopping at LOOKED_AT of each: a page reads the next ones once these are
    decided. Only the keyed hashes of ids, phones and mailboxes are compared. Pairs that were joined or declared two persons
    are left out.
    """
    ids, points = _sharing_id(), _sharing_point()
    members = {member for index in (ids, *points.values()) for member, _ in index}
    people = {str(p.id): p for p in Person.objects.filter(id__in=members, merged_into=None).defer("national_id")}
    if not people:
        return []
    pairs = match.duplicates(_persons(people, ids, points)).pairs.to_pylist()
    decided = {
        frozenset((str(kept), str(merged)))
        for kept, merged in PersonMerge.objects.filter(kept__in=members).values_list("kept_id", "merged_id")
    }
    found = [
        (pair["score"], people[pair["left"]], people[pair["right"]], pair["why_es"])
        for pair in pairs
        if frozenset((pair["left"], pair["right"])) not in decided and people[pair["left"]].kind == people[pair["right"]].kind
    ]
    return _with_sides(found[:limit])


def merges(*, limit: int = 20) -> QuerySet[PersonMerge]:
    """Joins that were made, newest first, with both records."""
    made = PersonMerge.objects.exclude(moved={}).select_related("kept", "merged")
    return made.order_by("-created_at")[:limit]


Held = list[tuple[UUID, str]]


def _sharing_id() -> Held:
    """(person, key) of identifications that more than one person has."""
    shared = (
        Person.objects.exclude(national_id_index=None).order_by().values("national_id_index")
        .annotate(n=Count("*")).filter(n__gt=1).values_list("national_id_index", flat=True)[:LOOKED_AT]
    )  # fmt: skip
    rows = Person.objects.filter(national_id_index__in=list(shared), merged_into=None).values_list("id", "national_id_index")
    return [(person, bytes(index).hex()) for person, index in rows]


def _sharing_point() -> dict[str, Held]:
    """(person, key) of phones and mailboxes that more than one person has, by the word of the engine."""
    shared = (
        ContactPoint.objects.filter(kind__in=_SIGN).order_by().values("value_index")
        .annotate(n=Count("*")).filter(n__gt=1).values_list("value_index", flat=True)[:LOOKED_AT]
    )  # fmt: skip
    rows = ContactPoint.objects.filter(value_index__in=list(shared)).exclude(status="wrong_party")
    held: dict[str, Held] = {"phones": [], "emails": []}
    for person, kind, index in rows.values_list("person_id", "kind", "value_index"):
        held[_SIGN[kind]].append((person, bytes(index).hex()))
    return held


_SIGN = {"phone": "phones", "im": "phones", "email": "emails"}


def _persons(people: dict[str, Person], ids: Held, points: dict[str, Held]) -> pa.Table:
    keys: dict[str, dict[str, list[str]]] = {}
    for column, held in (("id_keys", ids), *points.items()):
        for person, key in held:
            keys.setdefault(column, {}).setdefault(str(person), []).append(key)
    columns: dict[str, list[Any]] = {
        "person_id": list(people),
        "search_key": [person.search_name for person in people.values()],
        "birth_on": [_day(person.birth_on) for person in people.values()],
    }
    for column in ("id_keys", "phones", "emails"):
        columns[column] = [keys.get(column, {}).get(person) for person in people]
    return pa.table(columns)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _with_sides(scored: list[tuple[float, Person, Person, str]]) -> list[Candidate]:
    ids = {person.id for _, left, right, _ in scored for person in (left, right)}
    accounts: dict[UUID, list[Account]] = {}
    for account in Account.objects.filter(holder_id__in=ids).select_related("portfolio").order_by("-dpd"):
        accounts.setdefault(account.holder_id, []).append(account)
    hints: dict[UUID, list[tuple[str, str]]] = {}
    for person_id, kind, hint in ContactPoint.objects.filter(person_id__in=ids).order_by("kind").values_list("person_id", "kind", "hint"):
        hints.setdefault(person_id, []).append((kind, hint))

    def side(person: Person) -> Side:
        return Side(person, tuple(accounts.get(person.id, ())), tuple(hints.get(person.id, ())))

    return [Candidate(side(left), side(right), score, why) for score, left, right, why in scored]
