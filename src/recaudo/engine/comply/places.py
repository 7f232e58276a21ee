"""Where a person may be: the jurisdiction of an address, and every time zone that it and a phone number allow.

The address speaks first; a number is one more candidate where its country's numbers say anything. What is not known
widens the list: a contact window must then be open in every candidate.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

import phonenumbers
from phonenumbers import timezone as number_zones

from recaudo.engine.comply.days import zone_of
from recaudo.engine.comply.pack import Document, Lawbook, lawbook


def jurisdiction_for(country: str, subdivision: str | None = None, municipality: str | None = None, *, book: Lawbook | None = None) -> str | None:
    """The most specific jurisdiction of the lawbook that covers an address; None when there is none.

    country       ISO 3166 alpha-2; subdivision and municipality as in the lawbook's `covers`
    """
    found = [
        (len(covers), document.jurisdiction)
        for document in (book or lawbook()).documents.values()
        if (covers := document.meta.get("covers")) and covers_place(covers, country, subdivision, municipality)
    ]
    return max(found)[1] if found else None


def zones_for(
    country: str, subdivision: str | None = None, municipality: str | None = None, phone_e164: str | None = None, *, book: Lawbook | None = None
) -> tuple[str, ...]:
    """Every IANA zone in which a person may be, the likeliest first; empty when nothing is known: then no contact.

    country       ISO 3166 alpha-2, or a jurisdiction of the lawbook
    subdivision   region code of the lawbook (MX `CHH`, CL `MA`)
    municipality  name of comuna or municipio, any accents and case
    phone_e164    a number with its +, or None; one that cannot be read adds nothing
    Source        `timezones` of each meta.yaml: defaults, exceptions and the traps of the number plans
    """
    law = book or lawbook()
    name = country if country in law.documents else jurisdiction_for(country, subdivision, municipality, book=law)
    document = law.documents.get(name) if name else None
    if document is None:
        return ()
    rules = _timezones(document, law)
    by_address = _address_zones(rules, subdivision, municipality)
    by_number = _number_zones(rules, phone_e164)
    known = bool(subdivision or municipality)
    if not known:
        found = by_number or _every_zone(rules)
    elif rules.get("number") == "only_without_address":
        found = by_address
    else:
        found = by_address + by_number
    return tuple(dict.fromkeys(zone for zone in found if zone_of(zone) is not None))


def fold(text: str) -> str:
    """A place name without accents, case and spare spaces, to compare."""
    plain = unicodedata.normalize("NFKD", text)
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).casefold().split())


def _timezones(document: Document, book: Lawbook) -> Mapping[str, Any]:
    while not document.meta.get("timezones") and document.parent in book.documents:
        document = book.documents[document.parent or ""]
    return document.meta.get("timezones") or {}


def _address_zones(rules: Mapping[str, Any], subdivision: str | None, municipality: str | None) -> list[str]:
    places: Mapping[str, Mapping[str, str]] = rules.get("by_municipality") or {}
    base = (rules.get("by_subdivision") or {}).get(subdivision, rules.get("default"))
    inside = [places[subdivision]] if subdivision is not None and subdivision in places else ([] if subdivision else list(places.values()))
    if municipality is not None:
        named = [zone for group in inside for name, zone in group.items() if fold(name) == fold(municipality)]
        if subdivision is not None:
            return named or [base] if base else named
        # Without the region any zone of the country is possible: the same name exists in several regions.
        return [*named, *_every_zone(rules)]
    # A region with exceptions and no municipality: all of its zones are candidates.
    exceptions = [zone for group in inside for zone in group.values()]
    return ([base] if base else []) + exceptions


def _every_zone(rules: Mapping[str, Any]) -> list[str]:
    default = [rules["default"]] if rules.get("default") else []
    regions = list((rules.get("by_subdivision") or {}).values())
    return default + regions + [zone for group in (rules.get("by_municipality") or {}).values() for zone in group.values()]


def _number_zones(rules: Mapping[str, Any], phone: str | None) -> list[str]:
    if not phone:
        return []
    for prefix, zone in (rules.get("number_prefixes") or {}).items():
        if phone.startswith(prefix):
            return [zone]
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return []
    return [zone for zone in number_zones.time_zones_for_number(number) if zone != number_zones.UNKNOWN_TIMEZONE]


def covers_place(covers: Mapping[str, Any], country: str, subdivision: str | None, municipality: str | None) -> bool:
    """Whether a jurisdiction's `covers` holds a place. A municipality that is not known may be the one: the stricter law rules."""
    if covers["country"] != country:
        return False
    if "subdivision" in covers and covers["subdivision"] != subdivision:
        return False
    names = covers.get("municipality")
    return names is None or not municipality or fold(municipality) in {fold(name) for name in names}
