"""Two records that are one person: joining them, taking it back exactly, and saying that two are not the same.

Joining moves what hangs on the record that goes (accounts, roles, contact points, consents, preferences) to the one that
stays, and writes down what it moved. What the kept record has already (the same phone, the same role) is taken away and
kept whole in `moved`, so that undoing restores the row. What stands above this floor (cases, actions, promises) is moved by
reactions to `person.merged`, which note it with `add_moved`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction

from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.portfolio.models import Account, AccountParty, Consent, ContactPoint, Person, PersonMerge, Preference

# What the kept record lacks it takes from the other one, and gives back when the merge is undone.
_FILLED = ("id_type", "national_id", "birth_on", "municipality", "subdivision", "deceased_on")


class CannotMerge(Problem):
    code = "cannot_merge"
    message = "No se unieron los registros: {reason}"
    status = 409


class CannotUnmerge(Problem):
    code = "cannot_unmerge"
    message = "La unión no se puede deshacer: {reason}"
    status = 409


@transaction.atomic
def merge_persons(*, kept: Person, merged: Person, reason: str, by: Any, at: datetime) -> PersonMerge:
    """Join `merged` into `kept`. The event's detail names both and the merge.

    Raises  CannotMerge
    """
    if kept.id == merged.id:
        raise CannotMerge(reason="es el mismo registro.")
    if not reason.strip():
        raise CannotMerge(reason="diga por qué son la misma persona.")
    locked = {person.id: person for person in Person.objects.select_for_update().filter(id__in=[kept.id, merged.id]).order_by("id")}
    kept, merged = locked[kept.id], locked[merged.id]
    if kept.merged_into_id or merged.merged_into_id:
        raise CannotMerge(reason="uno de los dos ya está unido a otro registro. Trabaje con el que quedó.")
    moved: dict[str, Any] = {
        "accounts": _repoint(Account.objects.filter(holder=merged), "holder", kept),
        "absorbed": _repoint(Person.objects.filter(merged_into=merged), "merged_into", kept),
        "consents": _repoint(Consent.objects.filter(person=merged), "person", kept),
        "preferences": _repoint(Preference.objects.filter(person=merged), "person", kept),
    }
    moved |= _join_parties(kept, merged) | _join_points(kept, merged) | _fill(kept, merged)
    merged.merged_into, merged.national_id_index = kept, None
    merged.save(update_fields=["merged_into", "national_id_index"])
    merge = PersonMerge.objects.create(
        kept=kept, merged=merged, moved=moved, reason=reason.strip()[:200], by_id=by.id, created_at=at
    )
    journal.record("person.merged", by=by, at=at, subject="person", subject_id=kept.id, **_detail(merge))
    return merge


@transaction.atomic
def unmerge_persons(merge: PersonMerge, *, by: Any, at: datetime) -> PersonMerge:
    """Put everything back as it was before the merge; what came afterwards stays with the kept record.

    Raises  CannotUnmerge
    """
    merge = PersonMerge.objects.select_for_update(of=("self",)).select_related("kept", "merged").get(id=merge.id)
    kept, merged, moved = merge.kept, merge.merged, merge.moved
    if merge.undone_at is not None:
        raise CannotUnmerge(reason="ya se deshizo.")
    if merged.merged_into_id != kept.id:
        raise CannotUnmerge(reason="el registro que quedó se unió después a otro. Deshaga primero esa unión.")
    _empty(kept, moved)
    merged.merged_into = None
    merged.national_id_index = _bytes(moved["national_id_index"])
    merged.save(update_fields=["merged_into", "national_id_index"])
    Account.objects.filter(id__in=moved["accounts"], holder=kept).update(holder=merged)
    Person.objects.filter(id__in=moved["absorbed"], merged_into=kept).update(merged_into=merged)
    for model, key in ((AccountParty, "parties"), (ContactPoint, "contact_points"), (Consent, "consents"), (Preference, "preferences")):
        model.objects.filter(id__in=moved[key], person=kept).update(person=merged)
    for model, key in ((AccountParty, "parties_joined"), (ContactPoint, "contact_points_joined")):
        _restore(model, moved[key])
    for point_id, status in moved["statuses"].items():
        ContactPoint.objects.filter(id=point_id, status="opted_out").update(status=status)
    merge.undone_at = at
    merge.save(update_fields=["undone_at"])
    journal.record("person.unmerged", by=by, at=at, subject="person", subject_id=kept.id, **_detail(merge))
    return merge


@transaction.atomic
def dismiss_duplicate(*, left: Person, right: Person, by: Any, at: datetime) -> PersonMerge:
    """Say that two records that look alike are two persons: the pair is not shown again. Kept as a merge that is undone."""
    decision = PersonMerge.objects.create(
        kept=left, merged=right, moved={}, reason="Se revisó: son personas distintas.", by_id=by.id, created_at=at, undone_at=at
    )
    journal.record(
        "person.changed", by=by, at=at, subject="person", subject_id=left.id, decision="two_persons", other_id=right.id
    )
    return decision


def add_moved(merge_id: UUID, *, kind: str, ids: Iterable[UUID]) -> None:
    """Note rows of a context above that a reaction re-pointed in a merge, under a word of its own ("cases")."""
    merge = PersonMerge.objects.select_for_update().get(id=merge_id)
    merge.moved[kind] = [str(one) for one in ids]
    merge.save(update_fields=["moved"])


def _detail(merge: PersonMerge) -> dict[str, Any]:
    return {
        "merge_id": merge.id, "kept_id": merge.kept_id, "merged_id": merge.merged_id,
        "account_count": len(merge.moved["accounts"]),
        # Where a context above holds an id of a contact point that was joined: the one that stays.
        "contact_points": {row["id"]: row["kept_id"] for row in merge.moved["contact_points_joined"]},
    }  # fmt: skip


def _repoint(rows: Any, field: str, kept: Person) -> list[str]:
    ids = [str(one) for one in rows.values_list("id", flat=True)]
    rows.update(**{field: kept})
    return ids


def _join_parties(kept: Person, merged: Person) -> dict[str, Any]:
    held = set(AccountParty.objects.filter(person=kept).values_list("account_id", "role"))
    rows = AccountParty.objects.filter(person=merged)
    same = [row for row in rows.values() if (row["account_id"], row["role"]) in held]
    taken = _take_away(AccountParty, same)
    return {"parties_joined": taken, "parties": _repoint(AccountParty.objects.filter(person=merged), "person", kept)}


def _join_points(kept: Person, merged: Person) -> dict[str, Any]:
    held = {(point.kind, bytes(point.value_index)): point for point in ContactPoint.objects.filter(person=kept).defer("value")}
    same = [row for row in ContactPoint.objects.filter(person=merged).values() if (row["kind"], bytes(row["value_index"])) in held]
    statuses = {}
    for row in same:
        point = held[row["kind"], bytes(row["value_index"])]
        row["kept_id"] = point.id
        # Whoever asked not to be reached there asked it as one person.
        if row["status"] == "opted_out" and point.status != "opted_out":
            statuses[str(point.id)] = point.status
    ContactPoint.objects.filter(id__in=statuses).update(status="opted_out")
    taken = _take_away(ContactPoint, same)
    points = _repoint(ContactPoint.objects.filter(person=merged), "person", kept)
    return {"contact_points_joined": taken, "contact_points": points, "statuses": statuses}


def _fill(kept: Person, merged: Person) -> dict[str, Any]:
    filled = {name: True for name in _FILLED if not getattr(kept, name) and getattr(merged, name)}
    if kept.national_id:
        filled.pop("id_type", None)
    for name in filled:
        setattr(kept, name, getattr(merged, name))
    index = merged.national_id_index
    if "national_id" in filled:
        kept.national_id_index = index
    kept.save()
    return {"filled": sorted(filled), "national_id_index": _text(index)}


def _empty(kept: Person, moved: dict[str, Any]) -> None:
    """Give back what the kept record took. A field that was corrected in between stays."""
    taken = set(moved["filled"])
    if "national_id" in taken and _text(kept.national_id_index) != moved["national_id_index"]:
        taken -= {"national_id", "id_type"}
    for name in taken:
        field = Person._meta.get_field(name)
        setattr(kept, name, None if field.null else "")
    if "national_id" in taken:
        kept.national_id_index = None
    kept.save()


def _take_away(model: type[models.Model], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Delete rows and give them back as JSON. Encrypted values stay ciphertext, bound to their row."""
    model._default_manager.filter(pk__in=[row["id"] for row in rows]).delete()
    return [{name: _json(value) for name, value in row.items()} for row in rows]


def _restore(model: type[models.Model], rows: list[dict[str, Any]]) -> None:
    for row in rows:
        fields = {field.attname: _field_value(field, row[field.attname]) for field in model._meta.concrete_fields}
        model(**fields).save(force_insert=True)


def _field_value(field: Any, value: Any) -> Any:
    if isinstance(value, dict):
        return _bytes(value["base64"])
    return field.to_python(value)


def _json(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return {"base64": _text(value)}
    if isinstance(value, date):  # and datetime
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _text(value: bytes | memoryview | None) -> str | None:
    return None if value is None else base64.b64encode(bytes(value)).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
