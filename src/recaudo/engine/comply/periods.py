"""What the law counts besides contacts: collection fees, deadlines, notices before an act, how long records are kept.

A deadline starts on day 0; a business day is Monday to Friday and no national holiday.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from recaudo.engine.comply.days import is_business_day
from recaudo.engine.comply.pack import Pack, Rule
from recaudo.kernel.problems import Problem


class NoSuchRule(Problem):
    code = "no_such_legal_rule"
    message = "El libro de leyes de {jurisdiction} no tiene la regla «{rule}». Revise la jurisdicción."


class UnknownUnit(Problem):
    code = "unknown_legal_unit"
    message = "La unidad «{unit}» no se puede contar. Use calendar_days, business_days, months o years."


class UnknownTerm(Problem):
    code = "unknown_legal_term"
    message = "La regla {rule} no tiene un plazo conocido. Pida a cumplimiento que lo fije."


@dataclass(frozen=True, slots=True)
class Fee:
    """The most that may be charged for collecting: exact, not rounded. unit: the currency of the tiers (UF)."""

    amount: Decimal
    unit: str
    rule_id: str
    citation: str


@dataclass(frozen=True, slots=True)
class Due:
    """A day fixed by law. rule_id is empty when the term came from the caller."""

    on: date
    rule_id: str
    citation: str


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether an act (reporting to a bureau, deleting a record) is allowed on a day; `not_before` is the first such day."""

    allowed: bool
    rule_id: str
    not_before: date
    citation: str


def fee(
    pack: Pack, amount: Decimal, *, days_past_due: int, on: date, useful_notice_day: int | None = None, gestiones_performed: bool = True
) -> Fee:
    """The highest lawful collection fee.

    amount               overdue at the date of default, in the unit of the rule (UF in Chile), no interest
    days_past_due        whole days since the default
    on                   the day of charging: which value of the law is in force
    useful_notice_day    day of default on which the free useful notice was given; None = none was
    gestiones_performed  whether anything was really done
    Raises               NoSuchRule where the law has no fee rule: nothing may be charged by it
    Source               Ley 19.496 art. 37; lawbook/cl/fees.yaml
    """
    rule = _only(pack, "fee")
    terms = pack.terms(rule, on)
    if terms is None:
        raise NoSuchRule(jurisdiction=pack.jurisdiction, rule=rule.id)
    says = terms.extra
    nothing = Fee(Decimal(0), terms.unit, rule.id, rule.citation)
    if days_past_due <= says["chargeable_after_days"] or (says["only_if_performed"] and not gestiones_performed):
        return nothing
    total, floor = Decimal(0), Decimal(0)
    for tier in says["tiers"]:
        top = amount if tier["up_to"] is None else min(amount, Decimal(str(tier["up_to"])))
        total += max(top - floor, Decimal(0)) * Decimal(str(tier["pct"])) / 100
        floor = max(floor, top)
    if useful_notice_day is None or useful_notice_day > says["useful_notice_within_days"]:
        total -= Decimal(str(says["reduction_without_notice"]))
    return Fee(max(total, Decimal(0)), terms.unit, rule.id, rule.citation)


def count(pack: Pack | None, start: date, n: int, unit: str, *, then_calendar_days: int = 0) -> date:
    """The day `n` units after `start` (day 0). Business days need the pack for its holidays. Raises UnknownUnit."""
    if unit == "calendar_days":
        end = start + timedelta(days=n)
    elif unit == "business_days":
        end = _business_days_after(pack, start, n)
    elif unit in {"years", "months"}:
        end = _months_after(start, n * 12 if unit == "years" else n)
    else:
        raise UnknownUnit(unit=unit)
    return end + timedelta(days=then_calendar_days)


def deadline(pack: Pack, rule_id: str, *, start: date, extended: bool = False) -> Due:
    """The last day to answer or act under a deadline of the lawbook.

    start     the day of the event that starts it; also decides which value of the law is in force
    extended  whether the extension that the rule grants was taken
    Raises    NoSuchRule, UnknownTerm
    """
    rule = _named(pack, rule_id)
    terms = pack.terms(rule, start)
    if terms is None or terms.extra.get("n") is None:
        raise UnknownTerm(rule=rule_id)
    says = terms.extra
    n = says["n"] + (says.get("extension", 0) if extended else 0)
    return Due(count(pack, start, n, terms.unit, then_calendar_days=says.get("then_calendar_days", 0)), rule.id, rule.citation)


def notice(
    pack: Pack, *, start: date, action_on: date, notices: Iterable[date] | None = None, low_amount: bool = False,
    n: int | None = None, unit: str | None = None, min_notices: int | None = None,
) -> Permission:  # fmt: skip
    """Whether an act that needs a prior notice (a bureau report) may be done on a day.

    start        the last notice sent
    notices      the days on which notices were sent; None = one, on `start`. Two on one day are one
    low_amount   whether the debt is under the rule's small-debt limit, which may ask for more notices
    n, unit, min_notices  override the lawbook's (for the vectors)
    Raises       NoSuchRule, UnknownTerm
    """
    rule = _only(pack, "prior_notice")
    terms = pack.terms(rule, start)
    if terms is None:
        raise UnknownTerm(rule=rule.id)
    says = terms.extra
    wanted = min_notices if min_notices is not None else says.get("min_notices_low_amount" if low_amount else "min_notices", says["min_notices"])
    sent = {start} if notices is None else set(notices)
    limit = count(pack, start, says["n"] if n is None else n, unit or terms.unit)
    return Permission(action_on > limit and len(sent) >= wanted, rule.id, limit + timedelta(days=1), rule.citation)


def retention(pack: Pack, rule_id: str, *, start: date, action_on: date, n: int | None = None, unit: str | None = None) -> Permission:
    """Whether a record may be deleted on a day. A legal hold is above this and is not known here.

    start    the event that starts retention: the contact, the recording, the last activity
    n, unit  override the lawbook's
    Raises   NoSuchRule, UnknownTerm when the law does not say how long: then nothing is deleted by rule
    """
    rule = _named(pack, rule_id)
    terms = pack.terms(rule, start) or pack.terms(rule, action_on)
    says_n = n if n is not None else (terms.extra.get("n") if terms else None)
    says_unit = unit or (terms.unit if terms else "")
    if says_n is None:
        raise UnknownTerm(rule=rule_id)
    limit = count(pack, start, says_n, says_unit)
    return Permission(action_on > limit, rule.id, limit + timedelta(days=1), rule.citation)


def _only(pack: Pack, kind: str) -> Rule:
    found = pack.rules_of(kind)
    if not found:
        raise NoSuchRule(jurisdiction=pack.jurisdiction, rule=kind)
    return found[0]


def _named(pack: Pack, rule_id: str) -> Rule:
    try:
        return pack.rule(rule_id)
    except KeyError:
        raise NoSuchRule(jurisdiction=pack.jurisdiction, rule=rule_id) from None


def _business_days_after(pack: Pack | None, start: date, n: int) -> date:
    calendar = next((d.meta["holidays"] for d in pack.chain if d.meta.get("holidays")), None) if pack else None
    day, left = start, n
    while left > 0:
        day += timedelta(days=1)
        if is_business_day(calendar, day):
            left -= 1
    return day


def _months_after(start: date, months: int) -> date:
    """The same day of a later month; where it has none, its last day (Código Civil de Chile art. 48)."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    for day in range(start.day, 27, -1):
        try:
            return date(year, month + 1, day)
        except ValueError:
            continue
    return date(year, month + 1, start.day)
