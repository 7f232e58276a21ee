"""The jurisdictions of the lawbook, those that the tenant's portfolios need first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count

from recaudo.engine.comply import Document, Lawbook
from recaudo.law import rulebook, words
from recaudo.law.queries.decisions import Rules, standing
from recaudo.portfolio.models import Portfolio


@dataclass(frozen=True, slots=True)
class Country:
    """One jurisdiction with its counts.

    jurisdiction     empty = a country of the portfolios that the lawbook does not have: nobody is contacted there
    portfolio_count  active portfolios of the country (of the parent, for a region)
    unverified       rules of law in force that nobody has read in the norm itself
    toggles          ambiguities; `decided` of them, the tenant chose something
    """

    jurisdiction: str
    name: str
    country: str
    status_es: str
    tone: str
    portfolio_count: int
    in_force: int
    unverified: int
    pending: int
    future: int
    toggles: int
    decided: int
    as_of: date | None


def countries(rules: Rules, *, on: date) -> list[Country]:
    """Every jurisdiction, in use first; and the countries in use that have no law loaded. One query."""
    book = rules.book
    used = dict(
        Portfolio.objects.filter(is_active=True).order_by().values("country").annotate(n=Count("id")).values_list("country", "n")
    )
    found = [_country(document, book, rules, used, on) for document in book.documents.values() if document.jurisdiction != rulebook.COMMON]
    known = {one.country for one in found}
    found += [
        Country("", country, country, "sin ley cargada", "bad", count, 0, 0, 0, 0, 0, 0, None)
        for country, count in used.items()
        if country not in known
    ]
    return sorted(found, key=lambda one: (-min(one.portfolio_count, 1), one.name))


def undecided(found: list[Country]) -> int:
    """How many ambiguities of the countries in use still stand in their strict reading."""
    return sum(one.toggles - one.decided for one in found if one.portfolio_count)


def _country(document: Document, book: Lawbook, rules: Rules, used: dict[str, int], on: date) -> Country:
    pack = book.pack(document.jurisdiction, toggles=rules.toggles)
    read = [one for one in rulebook.readings(pack, book, on=on) if one.jurisdiction != rulebook.COMMON]
    states = [one.state for one in read]
    toggles = [name for each in pack.chain for name in each.meta.get("toggles") or {}]
    status, tone = words.STATUS[document.meta["status"]]
    country = document.meta["covers"]["country"]
    return Country(
        document.jurisdiction, document.name, country, status, tone, used.get(country, 0), states.count("in_force"),
        sum(one.is_unverified for one in read if one.state == "in_force"), states.count("pending"), states.count("future"), len(toggles),
        sum(rules.toggles.get(name, standing(name)) != standing(name) for name in toggles), document.meta["as_of"],
    )  # fmt: skip
