"""Limits that look back, for many contacts at once: each is one join of candidates with history in DuckDB.

A limit of any type is said as one question: how many past contacts that match lie in [bound, at), and when does the
count fall again. Bounds are the first instants of local days, so calendar days are kept without a loop.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow.dataset import Dataset

from recaudo.engine.comply.pack import Clause, Pack
from recaudo.engine.comply.spans import Micros
from recaudo.engine.comply.terms import Terms
from recaudo.kernel.problems import Problem


class NotColumnar(Problem):
    code = "rule_not_columnar"
    message = "La regla {rule} todavía no se puede evaluar por lotes. Evalúe los contactos de uno en uno."
    status = 500


@dataclass(frozen=True, slots=True)
class Look:
    """One question to history.

    rule_id   who asks
    where     SQL over `h` (history) and `c` (candidates)
    reach     local days back, the day of the contact included; None = ever
    week      True = from Monday of the local week
    most      how many make it full
    """

    rule_id: str
    where: str
    reach: int | None
    week: bool
    most: int


def look_of(clause: Clause, pack: Pack) -> Look:
    """The question that a limit of the lawbook asks of history. Raises NotColumnar for one that cannot be asked so."""
    terms, rule_id = clause.terms, clause.rule.id
    if clause.rule.type == "location_info":
        return Look(rule_id, "h.live", None, False, 1)
    out = f"h.out AND {_purposes(terms)} AND {_scope(terms, rule_id)}"
    match clause.rule.type:
        case "frequency":
            group = "(h.channel IS NULL OR h.channel = c.channel)" if terms.per_channel else _channels(terms.group)
            where = f"{out} AND {group} AND {_basis(terms.count_basis, pack, rule_id)}"
            return Look(rule_id, where, terms.rolling_days, terms.calendar_week, terms.max)
        case "min_gap":
            return Look(rule_id, f"{out} AND {_channels(terms.group)}", terms.gap_days, False, 1)
        case "one_channel":
            where = f"{out} AND {_channels(terms.group)} AND h.connected AND {_family('h', terms)} IS DISTINCT FROM {_family('c', terms)}"
            return Look(rule_id, where, terms.rolling_days, terms.calendar_week, 1)
        case "cooldown":
            return Look(rule_id, f"h.talked AND {_scope(terms, rule_id)}", terms.cooldown_days, False, 1)
    raise NotColumnar(rule=rule_id)


def house_look(days: int, most: int, terms: Terms) -> Look:
    """The question of the organisation's own cap."""
    return Look("HOUSE-CAP", f"h.out AND {_purposes(terms)} AND h.connected", days, False, most)


class Past:
    """History made ready for questions: only the persons asked about, words turned into flags, names into numbers."""

    def __init__(self, history: pa.Table | Dataset, persons: pa.Array, pack: Pack, *, first: int, last: int) -> None:
        """history columns: person_id, debt_id, creditor, collector, channel, direction, outcome, purpose, at (instant), optional number.

        persons  distinct person ids; their positions are the codes that candidates carry
        first, last  microseconds: only [first, last) is kept
        """
        words = pack.words
        self.db = duckdb.connect(":memory:")
        codes = pa.table({"person_id": persons, "person": pa.array(np.arange(len(persons), dtype=np.int32))})
        self.db.register("given", history)
        self.db.register("persons", codes)
        # A blank is what the law would count: outbound, connected, a collection contact, any channel and debt.
        self.db.execute(
            f"""CREATE TABLE h AS SELECT p.person, epoch_us(g.at) AS at, g.channel::VARCHAR AS channel, {_named("g.debt_id")} AS debt_id,
                  {_named("g.creditor")} AS creditor, {_named("g.collector")} AS collector,
                  {_named("g.number") if "number" in history.schema.names else "NULL::UBIGINT"} AS number, coalesce(g.direction, 'out') <> 'in' AS out, coalesce(g.outcome, 'sent') = 'conversation' AS talked,
                  coalesce(g.outcome, 'sent') NOT IN {_list(words["outcomes_not_connected"])} AS connected,
                  coalesce(g.outcome, 'sent') IN {_list(words["outcomes_live"])} AS live,
                  CASE WHEN g.purpose IN {_list(words["same_as_collection"])} THEN 'collection'
                       ELSE coalesce(g.purpose, 'collection') END AS purpose
                FROM given g JOIN persons p USING (person_id) WHERE g.at >= {_instant(first)} AND g.at < {_instant(last)}"""
        )
        self.db.unregister("given")

    def ask(self, look: Look, rows: Micros, candidates: pa.Table, bound: Micros) -> tuple[Micros, Micros]:
        """Rows that are full, and for each the instant of the contact whose leaving frees a slot.

        rows        positions in the whole of the candidates
        candidates  of those rows: person, channel, creditor, collector, debt_id, number, at
        bound       of those rows: first instant that still counts
        """
        asked = candidates.append_column("row", pa.array(rows)).append_column("bound", pa.array(bound))
        self.db.register("asked", asked)
        latest = "max(h.at)" if look.most == 1 else f"max(h.at, {look.most})[{look.most}]"
        # Nothing before the earliest bound can count: told to the planner, it never reaches the join.
        earliest = int(bound.min()) if len(bound) else 0
        found = self.db.execute(
            f"""WITH c AS (SELECT a.row AS "row", a.person, a.channel, {_named("a.creditor")} AS creditor, {_named("a.collector")} AS collector,
                             {_named("a.debt_id")} AS debt_id, {_named("a.number")} AS number, a.at AS "at", a.bound FROM asked a)
                SELECT c.row AS "row", {latest} AS frees FROM c JOIN h ON h.person = c.person
                WHERE h.at >= {earliest} AND h.at >= c.bound AND h.at < c.at AND {look.where}
                GROUP BY c.row HAVING count(*) >= {look.most}"""
        ).fetchnumpy()
        self.db.unregister("asked")
        return found["row"].astype(np.int64), found["frees"].astype(np.int64)

    def close(self) -> None:
        self.db.close()


def active_flags(
    rows: pa.Table, facts: pa.Table, codes: dict[str, int], *, covered: Iterable[str] = (), optout: bool = False
) -> NDArray[np.int64]:
    """Bits of the states or consents that are active for each row.

    rows     person_id, channel, address (or null), at (microseconds); one per candidate, in order
    facts    person_id, name, channels (list or null), address (or null), since, until (microseconds)
    codes    name -> bit
    covered  names that hold only if their channels (null = all) hold the row's channel
    optout   True = `channel_optout` holds for its channels and its address, or for everything if it names neither
    """
    flags = np.zeros(rows.num_rows, dtype=np.int64)
    if facts.num_rows == 0 or not codes:
        return flags
    numbered = rows.append_column("row", pa.array(np.arange(rows.num_rows, dtype=np.int64)))
    bits = pa.table({"name": list(codes), "bit": pa.array([1 << bit for bit in codes.values()], type=pa.int64())})
    covers = "true"
    if covered:
        covers = f"(f.name NOT IN {_list(covered)} OR f.channels IS NULL OR list_contains(f.channels, r.channel))"
    if optout:
        covers += (
            " AND (f.name <> 'channel_optout' OR (coalesce(len(f.channels), 0) = 0 AND f.address IS NULL)"
            " OR coalesce(list_contains(f.channels, r.channel), false) OR coalesce(f.address = r.address, false))"
        )
    with duckdb.connect(":memory:") as db:
        db.register("r", numbered)
        db.register("f", facts)
        db.register("b", bits)
        found = db.execute(
            f"""SELECT r.row AS "row", bit_or(b.bit) AS bits FROM r JOIN f ON f.person_id = r.person_id JOIN b ON b.name = f.name
                WHERE f.since <= r.at AND (f.until IS NULL OR f.until > r.at) AND {covers} GROUP BY r.row"""
        ).fetchnumpy()
    flags[found["row"].astype(np.int64)] = found["bits"].astype(np.int64)
    return flags


def inconvenient(rows: pa.Table, wishes: pa.Table, kinds: Iterable[str]) -> NDArray[np.int64]:
    """Rows that fall in a time or place that the person called inconvenient.

    rows    row, person_id, channel, place, at (microseconds), day (since 1970), weekday (0 Monday), minute, has_clock
    wishes  person_id, kind, days, starts, ends, place, since (microseconds), last (day since 1970, or null)
    """
    with duckdb.connect(":memory:") as db:
        db.register("r", rows)
        db.register("w", wishes)
        found = db.execute(
            f"""SELECT DISTINCT r.row AS "row" FROM r JOIN w ON w.person_id = r.person_id
               WHERE w.kind IN {_list(kinds)} AND w.since <= r.at AND (w.last IS NULL OR r.day <= w.last)
                 AND CASE WHEN w.kind = 'inconvenient_place' THEN coalesce(r.place = w.place, false)
                     ELSE r.channel <> 'letter' AND (NOT r.has_clock OR ((w.days IS NULL OR list_contains(w.days, r.weekday))
                       AND r.minute >= coalesce(w.starts, 0) AND r.minute < coalesce(w.ends, 1440))) END"""
        ).fetchnumpy()
    return found["row"].astype(np.int64)


def _named(column: str) -> str:
    """A name as a number: eight bytes to compare in place of fifty to read. Two names of one number would be counted as
    one, so the count could only be too high; blank stays blank."""
    return f"CASE WHEN {column} IS NOT NULL THEN hash({column}::VARCHAR) END"


def _instant(micros: int) -> str:
    """An SQL instant of microseconds since 1970."""
    return f"make_timestamptz({micros})"


def _list(words: Iterable[str]) -> str:
    """An SQL list of words of the lawbook, at least one; quotes are doubled."""
    quoted = ", ".join("'" + str(word).replace("'", "''") + "'" for word in sorted(words))
    return f"({quoted})"


def _channels(group: Iterable[str]) -> str:
    return f"(h.channel IS NULL OR h.channel IN {_list(group)})"


def _purposes(terms: Terms) -> str:
    return f"h.purpose NOT IN {_list(terms.purposes_exempt)}" if terms.purposes_exempt else "true"


def _basis(basis: str, pack: Pack, rule_id: str) -> str:
    if basis == "attempt_any":
        return "true"
    if basis == "attempt_connected":
        return "h.connected"
    if basis == "live_contact":
        return f"h.connected AND (h.live OR (h.channel IS NOT NULL AND h.channel NOT IN {_list([*pack.words['voice'], 'visit'])}))"
    raise NotColumnar(rule=rule_id)


def _scope(terms: Terms, rule_id: str) -> str:
    creditor = "(h.creditor IS NULL OR c.creditor IS NULL OR h.creditor = c.creditor)"
    collector = "(h.collector IS NULL OR c.collector IS NULL OR h.collector = c.collector)"
    match terms.scope:
        case "debtor_x_creditor":
            return creditor
        case "debtor_x_creditor_or_collector":
            return f"({creditor} OR {collector})"
        case "person":
            return "true"
        case "person_x_debt":
            return "(h.debt_id IS NULL OR c.debt_id IS NULL OR h.debt_id = c.debt_id)"
        case "person_x_number":
            # Where the number is not known it may be the same.
            return "(h.number IS NULL OR c.number IS NULL OR h.number = c.number)"
    raise NotColumnar(rule=rule_id)


def _family(side: str, terms: Terms) -> str:
    cases = " ".join(f"WHEN {side}.channel = '{channel}' THEN '{family}'" for channel, family in sorted(terms.families.items()))
    return f"(CASE {cases} ELSE {side}.channel END)" if cases else f"{side}.channel"
