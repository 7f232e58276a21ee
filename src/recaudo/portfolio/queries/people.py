"""Records that may be one person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet

from recaudo.portfolio.models import Account, ContactPoint, Person, PersonMerge

LOOKED_AT = 400
SAME_NAME = 0.72


@dataclass(frozen=True, slots=True)
class Side:
    """A record as it is shown beside another: names and counts, identifiers masked."""

    person: Person
    accounts: tuple[Account, ...]
    hints: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two records that may be one person. score 0 to 1; reasons in Spanish, strongest first."""

    left: Side
    right: Side
    score: float
    reasons: tuple[str, ...]


def duplicates(*, limit: int = 20) -> list[Candidate]:
    """Pairs that share an identification, or a contact point and a similar name; surest first.

    Shared values are found on their index alone, stopping at LOOKED_AT of each: a page reads the next ones once these are
    decided. Pairs that were joined or declared two persons are left out.
    """
    pairs = _paired(_sharing_point(), "mismo medio de contacto")
    for pair, reasons in _paired(_sharing_id(), "misma identificación").items():
        pairs[pair] = reasons + pairs.get(pair, ())
    decided = {frozenset(pair) for pair in PersonMerge.objects.filter(kept__in=_members(pairs)).values_list("kept_id", "merged_id")}
    open_pairs = {pair: why for pair, why in pairs.items() if frozenset(pair) not in decided}
    people = {p.id: p for p in Person.objects.filter(id__in=_members(open_pairs), merged_into=None)}
    scored = []
    for (left, right), reasons in open_pairs.items():
        if left in people and right in people and (score := _score(people[left], people[right], reasons)):
            scored.append((score, people[left], people[right], reasons))
    scored.sort(key=lambda row: (-row[0], str(row[1].id)))
    return _with_sides(scored[:limit])


def merges(*, limit: int = 20) -> QuerySet[PersonMerge]:
    """Joins that were made, newest first, with both records."""
    made = PersonMerge.objects.exclude(moved={}).select_related("kept", "merged")
    return made.order_by("-created_at")[:limit]


def _sharing_id() -> dict[bytes, list[UUID]]:
    shared = (
        Person.objects.exclude(national_id_index=None).order_by().values("national_id_index")
        .annotate(n=Count("id")).filter(n__gt=1).values_list("national_id_index", flat=True)[:LOOKED_AT]
    )  # fmt: skip
    rows = Person.objects.filter(national_id_index__in=list(shared), merged_into=None).values_list("national_id_index", "id")
    return _grouped(rows)


def _sharing_point() -> dict[bytes, list[UUID]]:
    shared = (
        ContactPoint.objects.order_by().values("value_index")
        .annotate(n=Count("id")).filter(n__gt=1, n__lt=6).values_list("value_index", flat=True)[:LOOKED_AT]
    )  # fmt: skip
    rows = ContactPoint.objects.filter(value_index__in=list(shared)).exclude(status="wrong_party").values_list("value_index", "person_id")
    return _grouped(rows)


def _grouped(rows: Iterable[tuple[Any, UUID]]) -> dict[bytes, list[UUID]]:
    groups: dict[bytes, list[UUID]] = {}
    for index, person_id in rows:
        groups.setdefault(bytes(index), []).append(person_id)
    return groups


def _paired(groups: dict[bytes, list[UUID]], reason: str) -> dict[tuple[UUID, UUID], tuple[str, ...]]:
    pairs: dict[tuple[UUID, UUID], tuple[str, ...]] = {}
    for members in groups.values():
        ordered = sorted(set(members))
        for place, left in enumerate(ordered):
            for right in ordered[place + 1 :]:
                pairs[left, right] = (reason,)
    return pairs


def _members(pairs: Iterable[tuple[UUID, UUID]]) -> set[UUID]:
    return {member for pair in pairs for member in pair}


def _score(left: Person, right: Person, reasons: tuple[str, ...]) -> float:
    """1 for the same identification and name; a shared contact point counts only with a name that is nearly the same."""
    if left.kind != right.kind:
        return 0.0
    likeness = SequenceMatcher(None, sorted(left.search_name.split()), sorted(right.search_name.split())).ratio()
    letters = SequenceMatcher(None, left.search_name, right.search_name).ratio()
    name = max(likeness, letters)
    if "misma identificación" in reasons:
        return round(0.7 + 0.3 * name, 3)
    return round(0.6 * name + 0.2, 3) if name >= SAME_NAME else 0.0


def _with_sides(scored: list[tuple[float, Person, Person, tuple[str, ...]]]) -> list[Candidate]:
    ids = {person.id for _, left, right, _ in scored for person in (left, right)}
    accounts: dict[UUID, list[Account]] = {}
    for account in Account.objects.filter(holder_id__in=ids).select_related("portfolio").order_by("-dpd"):
        accounts.setdefault(account.holder_id, []).append(account)
    hints: dict[UUID, list[tuple[str, str]]] = {}
    for person_id, kind, hint in ContactPoint.objects.filter(person_id__in=ids).order_by("kind").values_list("person_id", "kind", "hint"):
        hints.setdefault(person_id, []).append((kind, hint))

    def side(person: Person) -> Side:
        return Side(person, tuple(accounts.get(person.id, ())), tuple(hints.get(person.id, ())))

    return [Candidate(side(left), side(right), score, reasons) for score, left, right, reasons in scored]
