"""Contact points: phones, mailboxes, messaging ids and addresses, with where they came from and how far they are trusted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from recaudo.engine import clean
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.portfolio.models import ContactPoint, Person
from recaudo.portfolio.services.calendar import local_day
from recaudo.portfolio.services.quarantine import BY_HAND, USABLE, covering, quarantine_of, quarantine_value
from recaudo.store import locks
from recaudo.store.fields import blind_index

# What the law asks about a source, and how the engine trusts it.
TRUST_OF = {
    "creditor": "creditor", "debtor": "debtor", "agreed": "contract", "third_party": "third_party",
    "skip_tracing": "search", "employer": "third_party",
}  # fmt: skip
STATUSES = ("unverified", "valid", "stale", "invalid", "wrong_party", "opted_out")
PLACES = ("mobile", "home", "work")


class BadContactPoint(Problem):
    code = "bad_contact_point"
    message = "El medio de contacto no se guardó: {reason}"


class InQuarantine(Problem):
    code = "contact_point_in_quarantine"
    message = "Este medio está en cuarentena: se libera en Cuarentena, con evidencia y una segunda persona."
    status = 409


@dataclass(frozen=True, slots=True)
class _Clean:
    value: str
    variants: tuple[str, ...]
    line_type: str = ""
    zones: tuple[str, ...] = ()


@transaction.atomic
def save_contact_point(
    *,
    person: Person,
    kind: str,
    value: str,
    source: str,
    by: Any,
    at: datetime,
    country: str = "",
    subdivision: str = "",
    municipality: str = "",
    place: str = "mobile",
    status: str = "unverified",
    captured_on: date | None = None,
) -> ContactPoint:
    """Add a way to reach a person, or renew the one with the same value (a phone also in its older written forms).

    kind         phone, email, im or address
    source       creditor, debtor, agreed, third_party, skip_tracing or employer
    country      two letters; the person's when empty
    captured_on  the day of `at` when not given
    Raises       BadContactPoint, with what is wrong and how to mend it
    """
    _check_words(source, status, place)
    country = (country or person.country).upper()
    cleaned = _cleaned(kind, value, country)
    today = captured_on or local_day(at)
    indexes = [blind_index(variant, kind) for variant in cleaned.variants]
    point = ContactPoint.objects.select_for_update().filter(person=person, kind=kind, value_index__in=indexes).first()
    if point is None:
        point = ContactPoint(person=person, kind=kind, value=cleaned.value, value_index=indexes[0], status=status, created_at=at)
    elif point.status in {"opted_out", "wrong_party"} and status == "unverified":
        status = point.status  # hearing of it again does not undo what the person said
    if status in USABLE and covering(person.id, indexes[0]) is not None:
        status = "wrong_party"  # somebody else answers there, as another agency may have heard
    point.status, point.source, point.captured_on = status, source, today
    point.hint, point.line_type = masked(kind, cleaned.value), cleaned.line_type
    point.country, point.subdivision, point.municipality, point.place = country, subdivision, municipality, place
    point.zones = list(cleaned.zones or person.zones)
    point.verified_on = today if status == "valid" else point.verified_on
    point.ownership_score = _score(point, today)
    point.save()
    _record(point, by, at, change="saved")
    return point


@transaction.atomic
def set_contact_point_status(
    point: ContactPoint, *, status: str, by: Any, at: datetime, reason: str = "", successes: int = 0, wrong_party: int = 0
) -> ContactPoint:
    """Say how a contact point stands now; its trust follows.

    successes, wrong_party  times the person, or somebody else, answered there, as far as the caller knows
    A point that is somebody else's goes into quarantine, with its value everywhere; what waits for it is stopped by whoever listens.
    Raises                  BadContactPoint, InQuarantine
    """
    _check_words(point.source, status, point.place)
    locks.hold_person(point.person_id)
    if status == "wrong_party":
        locks.stop_traffic()  # nothing to anybody is handed over from here until this is committed
        quarantine_value(point, channel=BY_HAND, evidence_kind="screen", evidence=reason or "sin más detalle", by=by, at=at)
        return ContactPoint.objects.get(id=point.id)
    point = ContactPoint.objects.select_for_update().get(id=point.id)
    today = local_day(at)
    if status in USABLE and point.status not in USABLE and quarantine_of(point) is not None:
        raise InQuarantine()
    point.status = status
    if status == "valid":
        point.verified_on = today
    point.ownership_score = _score(point, today, successes, wrong_party)
    point.save(update_fields=["status", "verified_on", "ownership_score"])
    _record(point, by, at, change="status", reason=reason)
    return point


def masked(kind: str, value: str) -> str:
    """What a screen may show of a value so that who knows it recognises it: «··4567», «m···@correo.example»."""
    if kind in {"phone", "im"}:
        return f"··{value[-4:]}"
    if kind == "email":
        name, _, domain = value.partition("@")
        return f"{name[:1]}···@{domain}"[:40]
    return f"{value[:14].rstrip()}···" if len(value) > 14 else f"{value[: len(value) // 2]}···"


def _check_words(source: str, status: str, place: str) -> None:
    if source not in TRUST_OF:
        raise BadContactPoint(reason=f"el origen «{source}» no se conoce.")
    if status not in STATUSES:
        raise BadContactPoint(reason=f"el estado «{status}» no se conoce.")
    if place not in PLACES:
        raise BadContactPoint(reason=f"el lugar «{place}» no se conoce.")


def _cleaned(kind: str, value: str, country: str) -> _Clean:
    result: clean.CleanPhone | clean.CleanEmail | clean.CleanAddress | clean.Refused
    if kind in {"phone", "im"}:
        result = clean.phone(value, country)
    elif kind == "email":
        result = clean.email(value)
    elif kind == "address":
        result = clean.address(value)
    else:
        raise BadContactPoint(reason=f"el tipo «{kind}» no se conoce.")
    if isinstance(result, clean.Refused):
        raise BadContactPoint(reason=result.text_es)
    if isinstance(result, clean.CleanPhone):
        return _Clean(result.e164, result.variants, result.type, result.zones)
    if isinstance(result, clean.CleanEmail):
        return _Clean(result.match_key, (result.match_key,))
    return _Clean(result.value, (result.value,))


def _score(point: ContactPoint, on: date, successes: int = 0, wrong_party: int = 0) -> float:
    return clean.ownership_score(
        TRUST_OF.get(point.source, "creditor"), point.captured_on or on, point.verified_on, point.status, successes, wrong_party, on
    )


def _record(point: ContactPoint, by: Any, at: datetime, *, change: str, reason: str = "") -> None:
    journal.record(
        "contact_point.changed", by=by, at=at, subject="person", subject_id=point.person_id, contact_point_id=point.id,
        kind=point.kind, status=point.status, source=point.source, change=change, reason=reason[:200],
    )  # fmt: skip
