"""The columnar evaluator: a million candidate contacts at once, with the reference's meaning.

Three kinds of question, none of them a loop over candidates:
  what does not depend on clock or history  asked of the reference rules once per distinct combination of words
  windows                                   laid out once per zone and searched (spans.py)
  limits                                    one join with history each (past.py)
Content, stage, caller identity, line type, the one reply and the municipality are columns that may be given. Where one
is not given, what it could forbid is asked again when sending and what it could lift is not lifted: an unknown
municipality is under the strictest law of its region, an unknown reply is no reply. The US consent to be called is no
column and lifts nothing here. So it denies more than the reference, never less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow.dataset import Dataset

from recaudo.engine.comply import days as calendar
from recaudo.engine.comply.case import CONSENT_TYPES, Case, case_of
from recaudo.engine.comply.columns import (
    NEEDED,
    OPTIONAL,
    WORDS,
    as_word,
    aware,
    coded,
    dated,
    distinct,
    groups,
    instants,
    mixed,
    need,
    split,
    text,
    timed,
    wishes_table,
)
from recaudo.engine.comply.pack import Clause, Pack
from recaudo.engine.comply.past import Look, Past, active_flags, house_look, inconvenient, look_of
from recaudo.engine.comply.places import covers_place
from recaudo.engine.comply.rules import covers, denies, is_lifted
from recaudo.engine.comply.spans import (
    DAY,
    EPOCH,
    EPOCH_DAY,
    MINUTE,
    HolidaysBetween,
    Micros,
    Spans,
    ZoneLine,
    common,
    inside,
    micros,
    next_open,
)
from recaudo.engine.comply.terms import LIMITED, Terms
from recaudo.engine.comply.verdict import HORIZON_DAYS, unknowns
from recaudo.engine.comply.words import Consent, Debtor, HouseCap, PastContact, Proposed, State
from recaudo.kernel.problems import Problem

NEVER = np.iinfo(np.int64).max
UNASKED = np.iinfo(np.int32).max
PLACE_WORDS = ("country", "subdivision", "municipality")


class PreferencesNeeded(Problem):
    code = "preferences_needed"
    message = "La regla {rule} depende de las preferencias de la persona. Entregue la tabla de preferencias, aunque esté vacía."
    status = 500


class TooManyStates(Problem):
    code = "too_many_states"
    message = "El libro de leyes usa {count} estados distintos en estas jurisdicciones; por lotes se admiten 62."
    status = 500


@dataclass(slots=True)
class Combination:
    """One distinct combination of words, judged by the reference: what denies it, and what is still to be asked."""

    denied_at: int = UNASKED
    denied_by: str = ""
    windows: list[tuple[int, Clause]] = field(default_factory=list)
    limits: list[tuple[int, Clause]] = field(default_factory=list)
    preferences: list[tuple[int, Clause]] = field(default_factory=list)
    house: Terms | None = None


@dataclass(slots=True)
class Answers:
    """The answer so far, per candidate: the earliest denying position, its rule, and when all limits are free."""

    position: NDArray[np.int32]
    rule: NDArray[np.int32]
    frees: Micros
    names: list[str] = field(default_factory=list)

    def deny(self, rows: Micros, position: int, rule_id: str, frees: Micros | int) -> None:
        """Note a denial of `rows`; `frees` = the instant from which this rule allows (NEVER = not by waiting)."""
        if rule_id not in self.names:
            self.names.append(rule_id)
        first = rows[self.position[rows] > position]
        self.position[first] = position
        self.rule[first] = self.names.index(rule_id)
        self.frees[rows] = np.maximum(self.frees[rows], frees)


def screen(
    candidates: pa.Table,
    history: pa.Table | Dataset,
    states: pa.Table,
    consents: pa.Table,
    packs: Mapping[str, Pack],
    at: datetime,
    *,
    preferences: pa.Table | None = None,
    cap: HouseCap | Sequence[HouseCap] | None = None,
    guarded: bool = True,
    find_next: bool = True,
    holidays_between: HolidaysBetween = calendar.holidays_between,
) -> pa.Table:
    """Which of many candidate contacts are lawful, and when the others will be.

    candidates   one row each: candidate_id, person_id, country (or a jurisdiction), subdivision, zones (list of IANA
                 names), channel, purpose, person_role (law word), creditor, collector, place, address_source, debt_id,
                 planned_at (UTC instant; null = `at`). Optional, and each may be null: municipality (name); content
                 (list of tokens, null = not checked); stage (`first`); caller_id; line_type; is_reply (true = the one
                 answer to something that came in on this channel and day); outside_cap (true = the person asked for this
                 contact: the organisation's limits do not apply); address (id of the contact point: an opt-out may be of one, a limit may be
                 counted by it)
    history      past contacts of the same persons, a table or a dataset on disk that is read as it is asked: person_id, debt_id, creditor, collector, channel, direction,
                 outcome, purpose, at, optional number (as `address` of the candidates). A null counts as what the law would count; the collector of a creditor that
                 collects by itself is the creditor, not null
    states       person_id, state, since, until, channels (list or null), optional address (of an opt-out; null = any)
    consents     person_id, type, channels (list or null), since, revoked
    preferences  person_id, kind, days (list of 0 Monday to 6, null = all), starts, ends (local minutes, null = whole
                 day), place, since, until_date; needed where a rule asks for it (US)
    packs        jurisdiction -> Pack; a country without one is denied
    cap          the organisation's limits per person, one or several; None = none
    guarded      as in permit_verdict
    find_next    False = next_allowed_at is left null: half the work where nobody asks when
    Returns      candidates' rows in order: candidate_id, allowed, rule_id, next_allowed_at (UTC). next_allowed_at looks
                 at windows and limits only: null when a state, a person, a place or a preference forbids it;
                 contacts planned after a candidate's instant are not counted (permit_verdict counts them)
    Raises       MissingColumns, NaiveInstant, PreferencesNeeded, TooManyStates, NotColumnar
    """
    caps = () if cap is None else (cap,) if isinstance(cap, HouseCap) else tuple(cap)
    work = _Work(candidates, history, states, consents, packs, at, preferences, caps, guarded, find_next, holidays_between)
    if candidates.num_rows:
        work.words()
        work.clocks()
        work.looks()
        work.wishes()
        work.windows()
    return work.result()


class _Work:
    """The steps of one `screen`, in order; arrays are as long as the candidates."""

    def __init__(
        self, candidates: pa.Table, history: pa.Table | Dataset, states: pa.Table, consents: pa.Table, packs: Mapping[str, Pack],
        at: datetime, preferences: pa.Table | None, caps: tuple[HouseCap, ...], guarded: bool, find_next: bool, holidays_between: HolidaysBetween,
    ) -> None:  # fmt: skip
        need("candidates", candidates, NEEDED)
        need("history", history, ("person_id", "debt_id", "creditor", "collector", "channel", "direction", "outcome", "purpose", "at"))
        need("states", states, ("person_id", "state", "since", "until", "channels"))
        need("consents", consents, ("person_id", "type", "since", "revoked", "channels"))
        self.candidates, self.history, self.states, self.consents = candidates, history, states, consents
        self.packs, self.caps, self.guarded, self.holidays_between = packs, caps, guarded, holidays_between
        self.find_next = find_next
        self.preferences = preferences
        self.count = candidates.num_rows
        self.at = pc.fill_null(instants(candidates["planned_at"]), micros(aware(at))).combine_chunks().to_numpy(zero_copy_only=False)
        self.answers = Answers(
            np.full(self.count, UNASKED, dtype=np.int32), np.full(self.count, -1, dtype=np.int32), self.at.copy()
        )
        self.lines: dict[str, ZoneLine] = {}
        self.laid: dict[tuple[int, tuple[str, ...], str | None], Spans] = {}
        self.minded_by: dict[frozenset[str], NDArray[np.bool_]] = {}

    # --- words: everything that does not depend on clock or history

    def words(self) -> None:
        """Judge every distinct combination of words once; spread what it denies over its candidates."""
        self.codes = {name: coded(self.candidates[name]) for name in WORDS}
        self.codes |= {name: coded(as_word(self.candidates, name)) for name in OPTIONAL}
        joined = pc.binary_join(self.candidates["zones"].cast(pa.list_(pa.string())), "|")
        self.zone_code, self.zone_lists = coded(pc.fill_null(joined, ""))
        self._local_days()
        jurisdictions, pack_code = self._packs()
        epoch = self._epochs(jurisdictions, pack_code)
        facts, fact_codes = self._facts(jurisdictions)
        known = self.has_clock.astype(np.int64)
        key, shape = mixed([*(code for code, _ in self.codes.values()), pack_code, epoch, known, *facts])
        firsts, self.combination_of = distinct(key, shape)
        self.combinations = [
            self._judge(row, jurisdictions[pack_code[row]], int(epoch[row]), [int(flags[row]) for flags in facts], fact_codes)
            for row in firsts.tolist()
        ]
        self.rows_of = groups(self.combination_of, len(self.combinations))
        for combination, rows in zip(self.combinations, self.rows_of, strict=True):
            if combination.denied_by:
                self.answers.deny(rows, combination.denied_at, combination.denied_by, NEVER)

    def _local_days(self) -> None:
        """Local day of each candidate by its first zone; UTC where no clock is known."""
        self.has_clock = np.zeros(self.count, dtype=bool)
        self.local = self.at.copy()
        for names, rows in zip(self.zone_lists, groups(self.zone_code, len(self.zone_lists)), strict=True):
            zones = calendar.zones_of(split(names))
            if zones:
                self.has_clock[rows] = True
                self.local[rows] = self._line(zones[0]).local(self.at[rows])
        self.day = np.floor_divide(self.local, DAY)

    def _packs(self) -> tuple[list[Pack | None], NDArray[np.int64]]:
        """The pack of each candidate, by its country, region and municipality."""
        parts = [self.codes[name] for name in PLACE_WORDS]
        key = np.zeros(self.count, dtype=np.int64)
        for code, values in parts:
            key = key * (len(values) + 1) + code
        _, first, back = np.unique(key, return_index=True, return_inverse=True)
        names = [pack_name(self.packs, *(values[int(code[row])] for code, values in parts)) for row in first.tolist()]
        present = sorted({name for name in names if name is not None})
        found: list[Pack | None] = [*(self.packs[name] for name in present), None]
        codes = np.array([present.index(name) if name is not None else len(present) for name in names], dtype=np.int64)
        return found, codes[back]

    def _epochs(self, packs: list[Pack | None], pack_code: NDArray[np.int64]) -> NDArray[np.int64]:
        epoch = np.zeros(self.count, dtype=np.int64)
        for code, pack in enumerate(packs):
            if pack is not None:
                changes = np.array([(day - EPOCH_DAY).days for day in pack.epochs()], dtype=np.int64)
                mine = pack_code == code
                epoch[mine] = np.searchsorted(changes, self.day[mine], side="right")
        return epoch

    def _facts(self, packs: list[Pack | None]) -> tuple[list[NDArray[np.int64]], tuple[dict[str, int], dict[str, int]]]:
        """Active states and consents of each candidate as bits; only those that some rule reads."""
        read = {name for pack in packs if pack is not None for name in _states_read(pack)}
        if len(read) > 62:
            raise TooManyStates(count=len(read))
        state_codes = {name: bit for bit, name in enumerate(sorted(read))}
        consent_codes = {name: bit for bit, name in enumerate(sorted(CONSENT_TYPES))}
        rows = pa.table({"person_id": self.candidates["person_id"], "channel": self.candidates["channel"], "at": pa.array(self.at), "address": text(self.candidates, "address")})
        states = active_flags(rows, dated(self.states, "state", "until"), state_codes, optout=True)
        consents = active_flags(rows, dated(self.consents, "type", "revoked"), consent_codes, covered=["authorised_channel"])
        return [states, consents], (state_codes, consent_codes)

    def _judge(self, row: int, pack: Pack | None, epoch: int, flags: list[int], codes: tuple[dict[str, int], dict[str, int]]) -> Combination:
        """Ask the reference rules about one combination, with nothing in the past and the clock left open."""
        if pack is None:
            return Combination(0, "COMMON-COUNTRY-UNKNOWN")
        case = self._case(row, pack, epoch, flags, codes)
        found = Combination()
        clauses = pack.clauses(case.day, case.debtor.subdivision)
        for position, clause in enumerate(clauses):
            kind = clause.rule.type
            if is_lifted(case, clause):
                continue
            if kind == "window":
                if not covers(clause.terms, case.proposed.channel):
                    continue
                if case.zones:
                    found.windows.append((position, clause))
                else:
                    _note(found, position, "COMMON-TZ-UNKNOWN")
            elif kind in LIMITED or kind == "location_info":
                if _asks(case, clause):
                    found.limits.append((position, clause))
            elif kind == "preference":
                if case.proposed.purpose != "portal_session":
                    found.preferences.append((position, clause))
            elif denies(case, clause):
                _note(found, position, clause.rule.id)
        if self.guarded:
            for offset, rule in enumerate(unknowns(case)):
                _note(found, len(clauses) + offset, rule.id)
        if self.caps and self.codes["outside_cap"][1][self.codes["outside_cap"][0][row]] != "true":
            terms = pack.terms(pack.rule("HOUSE-CAP"), case.day)
            found.house = terms if terms is not None and case.proposed.purpose not in terms.purposes_exempt else None
        return found

    def _case(self, row: int, pack: Pack, epoch: int, flags: list[int], codes: tuple[dict[str, int], dict[str, int]]) -> Case:
        word = {name: values[code[row]] for name, (code, values) in self.codes.items()}
        changes = pack.epochs()
        day = changes[epoch - 1] if epoch else max(changes[0] - timedelta(days=1), date.min)
        noon = datetime(max(day.year, 2), day.month, day.day, 12, tzinfo=EPOCH.tzinfo)
        always = noon - timedelta(days=2)
        channel = word["channel"] or ""
        on = frozenset({channel})
        debtor = Debtor(
            zones=("UTC",) if self.has_clock[row] else (),
            subdivision=word["subdivision"],
            states=tuple(State(name, always, channels=on) for name, bit in codes[0].items() if flags[0] >> bit & 1),
            consents=tuple(Consent(name, always, channels=on) for name, bit in codes[1].items() if flags[1] >> bit & 1),
        )
        is_reply = word["is_reply"] == "true"
        answered = PastContact(at=noon - timedelta(minutes=1), channel=channel, direction="in", id="answered")
        proposed = Proposed(
            at=noon, channel=channel, purpose=word["purpose"] or "", person=word["person_role"] or "",
            content=frozenset(split(word["content"])), content_checked=word["content"] is not None, stage=word["stage"],
            place=word["place"], address_source=word["address_source"], caller_id=word["caller_id"], line_type=word["line_type"],
            reply_to=answered.id if is_reply else None,
        )  # fmt: skip
        return case_of(pack, debtor, (answered,) if is_reply else (), proposed)

    # --- clocks and limits

    def clocks(self) -> None:
        """First instants of the local days from which each limit counts."""
        self.bounds: dict[tuple[int | None, bool], Micros] = {}
        self.zone_rows = [
            (zones[0] if (zones := calendar.zones_of(split(names))) else None, rows)
            for names, rows in zip(self.zone_lists, groups(self.zone_code, len(self.zone_lists)), strict=True)
        ]

    def _bound(self, reach: int | None, week: bool) -> Micros:
        bound = self.bounds.get((reach, week))
        if bound is None:
            bound = self.bounds[reach, week] = self._day_bound(reach, week)
        return bound

    def _day_bound(self, reach: int | None, week: bool) -> Micros:
        if reach is None:
            return np.full(self.count, np.iinfo(np.int64).min, dtype=np.int64)
        # Where the local day is not known: one day more, as in the reference.
        bound: Micros = self.at - (reach + 1) * DAY + 1
        for zone, rows in self.zone_rows:
            if zone is not None:
                back = (self.day[rows] + 3) % 7 if week else reach - 1
                bound[rows] = self._line(zone).day_starts(self.day[rows] - back)
        return bound

    def looks(self) -> None:
        """Ask history for every limit that some combination is under."""
        asked: dict[tuple[int, Look], list[Micros]] = {}
        for combination, rows in zip(self.combinations, self.rows_of, strict=True):
            for position, look in self._looks_of(combination, int(rows[0])):
                asked.setdefault((position, look), []).append(rows)
        if not asked:
            return
        persons, codes = self._persons()
        first = min(int(self._bound(look.reach, look.week).min()) for _, look in asked)
        pack = next(pack for pack in self.packs.values())
        past = Past(timed(self.history), persons, pack, first=first, last=int(self.at.max()))
        number = text(self.candidates, "address")
        table = pa.table({"person": pa.array(codes), "at": pa.array(self.at), "number": number, **{n: self.candidates[n] for n in ("channel", "creditor", "collector", "debt_id")}})
        for (position, look), parts in asked.items():
            rows = np.concatenate(parts)
            full, latest = past.ask(look, rows, table.take(pa.array(rows)), self._bound(look.reach, look.week)[rows])
            if len(full):
                self.answers.deny(full, position, look.rule_id, self._frees(full, latest, look))
        past.close()

    def _looks_of(self, combination: Combination, row: int) -> list[tuple[int, Look]]:
        pack = self._pack_of(row)
        found = [(position, look_of(clause, pack)) for position, clause in combination.limits] if pack else []
        if combination.house is not None:
            found += [(UNASKED - 1, house_look(cap.period_days, cap.max_contacts_per_person, combination.house)) for cap in self.caps]
        return found

    def _pack_of(self, row: int) -> Pack | None:
        name = pack_name(self.packs, *(values[code[row]] for code, values in (self.codes[name] for name in PLACE_WORDS)))
        return self.packs[name] if name is not None else None

    def _persons(self) -> tuple[pa.Array, NDArray[np.int32]]:
        encoded = pc.dictionary_encode(self.candidates["person_id"]).combine_chunks()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.chunk(0)
        return encoded.dictionary, pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)

    def _frees(self, rows: Micros, latest: Micros, look: Look) -> Micros:
        """First instant of the local day on which a full limit has a slot again."""
        if look.reach is None:
            return np.full(len(rows), NEVER, dtype=np.int64)
        frees = np.full(self.count, NEVER, dtype=np.int64)
        seen = np.zeros(self.count, dtype=np.int64)
        seen[rows] = latest
        full = np.zeros(self.count, dtype=bool)
        full[rows] = True
        for zone, mine in self.zone_rows:
            mine = mine[full[mine]]
            if zone is None or not len(mine):
                continue
            line = self._line(zone)
            days = self.day[mine] + 7 - (self.day[mine] + 3) % 7 if look.week else line.days(seen[mine]) + look.reach
            frees[mine] = line.day_starts(days)
        return frees[rows]

    # --- preferences

    def wishes(self) -> None:
        """Times and places that persons called inconvenient, where a rule minds them."""
        for combination, rows in zip(self.combinations, self.rows_of, strict=True):
            for position, clause in combination.preferences:
                if self.preferences is None:
                    raise PreferencesNeeded(rule=clause.rule.id)
                minded = self._minded(clause.terms.kinds, self.preferences)
                self.answers.deny(rows[minded[rows]], position, clause.rule.id, NEVER)

    def _minded(self, kinds: frozenset[str], wanted: pa.Table) -> NDArray[np.bool_]:
        if kinds not in self.minded_by:
            self.minded_by[kinds] = minded = np.zeros(self.count, dtype=bool)
            minded[inconvenient(self._wish_rows(), wishes_table(wanted), kinds)] = True
        return self.minded_by[kinds]

    def _wish_rows(self) -> pa.Table:
        clock = np.mod(self.local, DAY) // MINUTE
        return pa.table(
            {
                "row": pa.array(np.arange(self.count, dtype=np.int64)), "person_id": self.candidates["person_id"],
                "channel": self.candidates["channel"], "place": self.candidates["place"], "at": pa.array(self.at),
                "day": pa.array(self.day), "weekday": pa.array((self.day + 3) % 7), "minute": pa.array(clock),
                "has_clock": pa.array(self.has_clock),
            }
        )  # fmt: skip

    # --- windows

    def windows(self) -> None:
        """Deny what lies outside a window in any zone; move the next allowed instant to the next opening."""
        self.next = np.where(self.answers.frees == NEVER, NEVER, self.answers.frees)
        for windows, zones, subdivision, rows in self._window_groups():
            spans = [(position, clause, self._spans(clause, zones, subdivision)) for position, clause in windows]
            for position, clause, open_spans in spans:
                self.answers.deny(rows[~inside(open_spans, self.at[rows])], position, clause.rule.id, 0)
            if not self.find_next:
                continue
            denied = rows[self.answers.position[rows] != UNASKED]
            waiting = denied[self.next[denied] != NEVER]
            self.next[waiting] = next_open(common([one for _, _, one in spans]), self.next[waiting], NEVER)

    def _window_groups(self) -> list[tuple[list[tuple[int, Clause]], tuple[ZoneInfo, ...], str | None, Micros]]:
        found = []
        code, regions = self.codes["subdivision"]
        for combination, rows in zip(self.combinations, self.rows_of, strict=True):
            if not combination.windows:
                continue
            zone_codes, back = np.unique(self.zone_code[rows], return_inverse=True)
            for position, zone_code in enumerate(zone_codes.tolist()):
                mine = rows[back == position]
                found.append((combination.windows, calendar.zones_of(split(self.zone_lists[zone_code])), regions[code[mine[0]]], mine))
        return found

    def _spans(self, clause: Clause, zones: tuple[ZoneInfo, ...], subdivision: str | None) -> Spans:
        key = id(clause), tuple(zone.key for zone in zones), subdivision
        if key not in self.laid:
            since = int(self.at.min())
            self.laid[key] = common([self._line(zone).open_spans(clause, subdivision, self.holidays_between, since) for zone in dict.fromkeys(zones)])
        return self.laid[key]

    def _line(self, zone: ZoneInfo) -> ZoneLine:
        if zone.key not in self.lines:
            # Limits look back a month at most, a house cap as far as it says.
            back = 40 + max((cap.period_days for cap in self.caps), default=0)
            self.lines[zone.key] = ZoneLine(zone, int(self.at.min()) - back * DAY, int(self.at.max()) + (HORIZON_DAYS + 2) * DAY)
        return self.lines[zone.key]

    # --- answer

    def result(self) -> pa.Table:
        """The four columns of `screen`."""
        allowed = self.answers.position == UNASKED
        late = self.at + HORIZON_DAYS * DAY
        when = self.next if self.count else self.at
        none = allowed | (when == NEVER) | (when > late) if self.find_next else np.ones(self.count, dtype=bool)
        rule = self.answers.rule
        return pa.table(
            {
                "candidate_id": self.candidates["candidate_id"],
                "allowed": pa.array(allowed),
                "rule_id": pa.DictionaryArray.from_arrays(
                    pa.array(rule, mask=rule < 0), pa.array(self.answers.names, type=pa.string())
                ).cast(pa.string()),
                "next_allowed_at": pa.array(np.where(none, 0, when), mask=none, type=pa.int64()).cast(pa.timestamp("us", tz="UTC")),
            }
        )


def pack_name(packs: Mapping[str, Pack], country: str | None, subdivision: str | None, municipality: str | None = None) -> str | None:
    """The jurisdiction in `packs` that rules at a country (or jurisdiction), region and municipality; None = none does.

    A municipality that is not known may be any of its region: the most specific jurisdiction rules, as in `jurisdiction_for`.
    """
    if country is None:
        return None
    best, width = country if country in packs and packs[country].known else None, 1
    for name, pack in packs.items():
        covered = pack.chain[0].meta.get("covers") or {} if pack.known else {}
        if covered and len(covered) > width and covers_place(covered, country, subdivision, municipality):
            best, width = name, len(covered)
    return best


def _note(found: Combination, position: int, rule_id: str) -> None:
    if position < found.denied_at:
        found.denied_at, found.denied_by = position, rule_id


def _asks(case: Case, clause: Clause) -> bool:
    """Whether a limit speaks of this combination at all."""
    terms, proposed, words = clause.terms, case.proposed, case.pack.words
    match clause.rule.type:
        case "frequency":
            minded = proposed.person not in words["persons_not_counted"]
            return proposed.channel in terms.group and minded and terms.only_line_type in {None, proposed.line_type}
        case "cooldown":
            return covers(terms, proposed.channel) and proposed.person not in words["persons_without_cooldown"]
        case "location_info":
            return proposed.purpose == "location_info" and not case.lifted(terms.unless)
    return proposed.channel in terms.group


def _states_read(pack: Pack) -> set[str]:
    """Every state that some rule of a pack names, whatever the day and region."""
    read: set[str] = set()
    for document in (*pack.chain, pack.common):
        for rule in document.rules.values():
            for value in rule.values:
                for key in ("state", "unless_states", "unless"):
                    read |= set(value.get(key) or ())
                read |= {value[key] for key in ("waiver_state", "when_state") if value.get(key)}
    return read
