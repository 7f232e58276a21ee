"""The lawbook read aloud: each rule as a lawyer reads it, with its value in plain Spanish. No database, no clock.

Words: a *reading* is one rule on one day; a *fact* one line of its value (label, text). What the evaluators do with it
is engine.comply's business; here nothing is decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any

from recaudo.engine.comply import EDITABLE, Document, Lawbook, Pack, Rule
from recaudo.engine.comply.terms import chosen, in_force, parse_week
from recaudo.law import words

COMMON = "COMMON"
HOUSE_SOURCE = "CASA"
PRIMARY = "verified_primary"


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a rule's value."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One rule on one day.

    state    in_force, future, past, pending (a type of rule that does not bind yet), off (switched off by a toggle)
    week     day of the week -> spans in words, for windows; empty otherwise
    since    first day in force; None = unknown. `until` is the first day out of force; None = open
    toggles  names of the ambiguities that the value depends on
    """

    id: str
    type: str
    type_es: str
    jurisdiction: str
    place: str
    text: str
    citation: str
    confidence: str
    confidence_es: str
    tone: str
    sources: tuple[tuple[str, str], ...]
    is_primary: bool
    is_house: bool
    facts: tuple[Fact, ...]
    week: tuple[tuple[str, str], ...]
    since: date | None
    until: date | None
    state: str
    toggles: tuple[str, ...]
    is_changed: bool = False

    @property
    def is_editable(self) -> bool:
        """Whether the organisation may change its value."""
        return self.type in EDITABLE and self.state != "past"

    @property
    def is_unverified(self) -> bool:
        """Whether a law's rule has not been read in the norm itself."""
        return not self.is_primary and not self.is_house


def readings(pack: Pack, book: Lawbook, *, on: date) -> list[Reading]:
    """Every rule of a pack, the most specific document first, the house's last; each as it stands on a day."""
    found = []
    for document in (*pack.chain, pack.common):
        begins, ends = (_day(document.meta["in_force"][edge], pack.toggles) for edge in ("from", "until"))
        for rule in sorted(document.rules.values(), key=lambda rule: _position(document, rule)):
            one = reading(rule, book, on=on, toggles=pack.toggles)
            if one.state == "in_force" and begins and on < begins:
                one = _moved(one, "future", since=max(begins, one.since or begins))
            if one.state == "in_force" and ends and on >= ends:
                one = _moved(one, "past", since=one.since)
            if pack.jurisdiction in _list(rule, on, pack.toggles, "not_in"):
                continue
            places = _list(rule, on, pack.toggles, "use_in")
            if places and pack.jurisdiction not in places:
                continue
            found.append(one)
    return found


def reading(rule: Rule, book: Lawbook, *, on: date, toggles: Mapping[str, str]) -> Reading:
    """One rule on one day, with chosen toggles (absent = the default reading)."""
    value, state = _value(rule, on)
    said = resolved(value, toggles)
    if state == "in_force" and said.get("active") is False:
        state = "off"
    if rule.type == "pending":
        state = "pending"
    is_house = rule.source == (HOUSE_SOURCE,) or rule.jurisdiction == COMMON
    shown, tone = words.HOUSE_CONFIDENCE if is_house else words.CONFIDENCE.get(rule.confidence, (rule.confidence, "muted"))
    return Reading(
        id=rule.id,
        type=rule.type,
        type_es=words.TYPES.get(rule.type, rule.type),
        jurisdiction=rule.jurisdiction,
        place=place_name(rule.jurisdiction, rule.subdivision) if rule.subdivision else "",
        text=said.get("said") or rule.text_es,
        citation=said.get("cited") or rule.citation,
        confidence=rule.confidence,
        confidence_es=shown,
        tone=tone,
        sources=tuple((key, book.sources.get(key, "")) for key in rule.source),
        is_primary=rule.confidence == PRIMARY,
        is_house=is_house,
        facts=tuple(facts(said)),
        week=tuple(_week(said["week"])) if "week" in said else (),
        since=_day(value["from"], toggles),
        until=_day(value["until"], toggles),
        state=state,
        toggles=tuple(dict.fromkeys(toggle_names(value))),
        is_changed=bool(said.get("cited")),
    )


def toggles(book: Lawbook) -> dict[str, Mapping[str, Any]]:
    """Every ambiguity of the lawbook by name, as its files say it."""
    return {name: says for document in book.documents.values() for name, says in (document.meta.get("toggles") or {}).items()}


def strict_readings(book: Lawbook) -> dict[str, str]:
    """Ambiguities whose strict reading is not the lawbook's default: what counts while nobody decides.

    The default is what the vectors take for granted; a product that is asked nothing must take the stricter one.
    """
    return {name: str(says["strict"]) for name, says in toggles(book).items() if "strict" in says}


def resolved(value: Mapping[str, Any], toggles: Mapping[str, str]) -> dict[str, Any]:
    """A dated value with its options chosen."""
    return {key: chosen(written, toggles) for key, written in value.items()}


def week_in_words(raw: Mapping[str, str]) -> list[tuple[str, str]]:
    """Each day of the week with its hours, Monday first."""
    return list(_week(raw))


def toggle_names(value: Mapping[str, Any]) -> Iterable[str]:
    """The toggles that one dated value depends on."""
    return (str(written["toggle"]) for written in value.values() if isinstance(written, dict) and "toggle" in written)


def place_name(jurisdiction: str, subdivision: str) -> str:
    """The name of a region, or its code when it has none here."""
    return words.SUBDIVISIONS.get(jurisdiction, {}).get(subdivision, subdivision)


@dataclass(frozen=True, slots=True)
class Effect:
    """What one ambiguity does to one rule. `by_option`: (option, what the rule says under it); `default` is the one that is shipped."""

    rule_id: str
    citation: str
    text: str
    by_option: tuple[tuple[str, str], ...]


def effects(book: Lawbook, toggle: str) -> list[Effect]:
    """Each rule that a toggle changes, with what it says under every option."""
    found = []
    for document in book.documents.values():
        options = ("default", *map(str, ((document.meta.get("toggles") or {}).get(toggle) or {}).get("options", ())))
        if toggle in toggle_names(document.meta["in_force"]):
            said = tuple((option, _begins(document, {toggle: option})) for option in options)
            found.append(Effect(document.jurisdiction, "Toda la norma", document.name, said))
        for rule in document.rules.values():
            value = rule.values[-1]
            touched = {key: w for key, w in value.items() if isinstance(w, dict) and w.get("toggle") == toggle}
            if touched:
                said = tuple((option, _under({**touched, "unit": value["unit"]}, {toggle: option})) for option in options)
                found.append(Effect(rule.id, rule.citation, rule.text_es, said))
    return found


def _begins(document: Document, toggles: Mapping[str, str]) -> str:
    day = _day(document.meta["in_force"]["from"], toggles)
    return f"Rige desde el {day:%d/%m/%Y}" if day else "Rige"


def _under(value: Mapping[str, Any], toggles: Mapping[str, str]) -> str:
    resolved = {key: chosen(written, toggles) for key, written in value.items()}
    lines = [f"{fact.label}: {fact.text}" for fact in facts(resolved)]
    if "week" in resolved:
        lines.insert(0, "Horario: " + compact_week(_week(resolved["week"])))
    if "active" in resolved:
        lines.insert(0, "Rige" if resolved["active"] else "No rige")
    return ". ".join(lines)


def value_in_words(value: Mapping[str, Any], *, keys: Iterable[str], toggles: Mapping[str, str] | None = None) -> str:
    """Some keys of a value in Spanish, one after another: «Horario: lunes a viernes 9:00 a 18:00. Máximo: 1 contacto»."""
    wanted = set(keys)
    picked = {key: written for key, written in value.items() if key in wanted or key == "unit"}
    return _under(picked, toggles or {})


def compact_week(week: Iterable[tuple[str, str]]) -> str:
    """«lunes a viernes 8:00 a 20:00; sábado no»: days in a row with the same hours said once."""
    runs = [(spans, [name for name, _ in days]) for spans, days in groupby(week, key=lambda day: day[1])]
    return "; ".join(f"{_week_run(names)} {spans}" for spans, names in runs)


def _week_run(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} {'y' if len(names) == 2 else 'a'} {names[-1]}"


def facts(value: Mapping[str, Any]) -> list[Fact]:
    """A resolved value, line by line. `from`, `until`, `week` and what only steers the evaluators have no line."""
    found: list[Fact] = []
    for key, written in value.items():
        line = _SAID[key](written, value) if key in _SAID else None
        if line is not None and line.text:
            found.append(line)
    return found


def listed(codes: Iterable[str], names: Mapping[str, str]) -> str:
    """Codes as a list in Spanish, in the order given; `any` is every one."""
    if codes == "any":
        return "todos los medios"
    return ", ".join(names.get(code, code) for code in codes)


def _week(raw: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    week = parse_week(raw)
    for number, name in enumerate(words.DAYS):
        yield name, " y ".join(words.hours(*span) for span in week.get(number, ())) or "no"


def _value(rule: Rule, on: date) -> tuple[Mapping[str, Any], str]:
    for value in rule.values:
        if in_force(value, on):
            return value, "in_force"
    ahead = [value for value in rule.values if isinstance(value["from"], date) and value["from"] > on]
    return (ahead[0], "future") if ahead else (rule.values[-1], "past")


def _day(written: Any, toggles: Mapping[str, str]) -> date | None:
    day = chosen(written, toggles)
    return day if isinstance(day, date) else None


def _list(rule: Rule, on: date, toggles: Mapping[str, str], key: str) -> Any:
    return chosen(_value(rule, on)[0].get(key) or (), toggles)


def _moved(one: Reading, state: str, *, since: date | None) -> Reading:
    return replace(one, state=state, since=since)


def _position(document: Document, rule: Rule) -> tuple[int, str]:
    return (document.order.index(rule.id) if rule.id in document.order else len(document.order), rule.id)


def _many(label: str, names: Mapping[str, str]) -> Any:
    return lambda codes, value: Fact(label, listed(codes, names))


def _one(label: str, names: Mapping[str, str]) -> Any:
    return lambda code, value: Fact(label, names.get(code, str(code)))


def _flag(label: str, text: str) -> Any:
    return lambda on, value: Fact(label, text) if on else None


def _unit(value: Mapping[str, Any]) -> str:
    return words.UNIT.get(value["unit"], str(value["unit"]))


def _period(period: Mapping[str, Any], value: Mapping[str, Any]) -> Fact:
    if "calendar_week" in period:
        return Fact("Período", "de lunes a domingo")
    days = int(period["rolling_days"])
    return Fact("Período", "el mismo día" if days == 1 else f"{days} días corridos hacia atrás")


def _gap(gap: Mapping[str, Any], value: Mapping[str, Any]) -> Fact:
    if "clear_days" in gap:
        return Fact("Separación", f"{gap['clear_days']} días completos entre uno y otro")
    return Fact("Separación", f"{gap['date_diff']} fechas de diferencia")


def _forbid(codes: Iterable[str], value: Mapping[str, Any]) -> Fact:
    every = {**words.PERSON, **words.PLACE, **words.CALLER, **words.CONTENT, **words.ADDRESS, "third_party": words.PERSON["third_party"]}
    return Fact("Prohibido", listed(codes, every))


def _n(n: int | None, value: Mapping[str, Any]) -> Fact:
    return Fact("Plazo", f"{n} {_unit(value)}" if n is not None else "el número está por verificar")


def _tiers(tiers: Iterable[Mapping[str, Any]], value: Mapping[str, Any]) -> Fact:
    said = [f"{tier['pct']} % " + (f"hasta {tier['up_to']} {value['unit']}" if tier["up_to"] is not None else "sobre el exceso") for tier in tiers]
    return Fact("Tramos", "; ".join(said))


def _max(limit: int, value: Mapping[str, Any]) -> Fact:
    first, _, rest = _unit(value).partition(" ")
    return Fact("Máximo", f"{limit} {words.SINGULAR.get(first, first) if limit == 1 else first} {rest}".strip())


def _families(families: Mapping[str, Iterable[str]], value: Mapping[str, Any]) -> Fact:
    return Fact("Cuentan como uno solo", "; ".join(listed(group, words.CHANNEL) for group in families.values()))


def _sum_up(limit: Any, value: Mapping[str, Any]) -> Fact:
    shown = f"{limit:,}".replace(",", ".") if isinstance(limit, int) else str(limit)
    return Fact("Hasta", f"{shown} {_unit(value)}")


# Label and words of each key of a value. Keys without a line: dates, `week` (a table), `unit` (said with its number),
# `active`, `use_in` and `not_in` (they decide whether the rule is shown).
_SAID: dict[str, Any] = {
    "channels": _many("Alcanza a", words.CHANNEL),
    "group": _many("Se cuentan juntos", words.CHANNEL),
    "max": _max,
    "period": _period,
    "count_basis": _one("Qué cuenta", words.COUNT),
    "scope": _one("Se cuenta", words.SCOPE),
    "per_channel": lambda on, value: Fact("Por canal", "un límite para cada canal" if on else "un solo límite para todos los canales"),
    "exclude": _many("No cuentan", words.EXCLUDED),
    "nature": _one("Carácter", words.NATURE),
    "override_factors": _many("Puede justificarse por", words.FACTOR),
    "exclude_holidays": lambda on, value: Fact("Feriados", "no se contacta" if on else "no cambian el horario"),
    "waiver_state": _one("Salvo que", words.STATE),
    "min_days_between": _gap,
    "after": _one("Después de", words.AFTER),
    "days_including_conversation_day": lambda days, value: Fact("Espera", f"{days} días, contando el de la conversación"),
    "same_channel_families": _families,
    "requires": _one("Exige", words.CONSENT),
    "unless_line_type": _one("Salvo en", words.LINE),
    "only_line_type": _one("Solo en", words.LINE),
    "blocks": _many("Impide", words.PURPOSE),
    "allow": _many("Permitido", words.PERSON),
    "forbid": _forbid,
    "except_purposes": _many("Salvo para", words.PURPOSE),
    "when_state": _one("Cuando", words.STATE),
    "accepts": _many("Datos dados por", words.ADDRESS),
    "require": _many("Obligatorio", words.CONTENT),
    "when": _one("Momento", words.WHEN),
    "except_content": _many("Salvo", words.CONTENT),
    "state": _many("Cuando la persona", words.STATE),
    "persons_exempt": _many("No alcanza a", words.PERSON),
    "kinds": _many("Preferencias", words.PREFERENCE),
    "must_not": _many("Sin", words.CONTENT),
    "max_communications": lambda limit, value: Fact("Máximo", f"{limit} comunicación" if limit == 1 else f"{limit} comunicaciones"),
    "purposes": _many("Propósitos", words.PURPOSE),
    "purposes_exempt": _many("No alcanza a", words.PURPOSE),
    "from_rules": lambda rules, value: Fact("Exceptúa de", ", ".join(rules)),
    "response_once": _flag("Respuesta", "se admite una respuesta a lo que la persona pregunte"),
    "unless_states": _many("Salvo que", words.STATE),
    "unless": _many("Salvo que", words.STATE),
    "rapid_within_minutes": lambda n, value: Fact("Seguidas", f"dos llamadas sin respuesta en {n} minutos"),
    "concentrated_calls_per_day": lambda n, value: Fact("Concentradas", f"{n} llamadas o más en un día"),
    "tiers": _tiers,
    "chargeable_after_days": lambda n, value: Fact("Se cobra desde", f"el día {n + 1} de mora"),
    "useful_notice_within_days": lambda n, value: Fact("Gestión útil", f"dentro de los primeros {n} días"),
    "reduction_without_notice": lambda n, value: Fact("Sin gestión útil", f"se rebajan {str(n).replace('.', ',')} {value['unit']}"),
    "only_if_performed": _flag("Condición", "solo por gestiones realmente hechas"),
    "n": _n,
    "starts": _one("Desde", words.STARTS),
    "extension": lambda n, value: Fact("Prórroga", f"{n} {_unit(value)} más"),
    "then_execute": lambda n, value: Fact("Ejecución", f"{n} {_unit(value)} después"),
    "then_calendar_days": lambda n, value: Fact("Después", f"{n} días corridos"),
    "before": _one("Antes de", words.BEFORE),
    "min_notices": lambda n, value: Fact("Avisos", f"{n} como mínimo"),
    "min_notices_low_amount": lambda n, value: Fact("Avisos en montos bajos", f"{n} como mínimo"),
    "low_amount_up_to": lambda text, value: Fact("Monto bajo", f"hasta {text}"),
    "undeliverable_restarts": _flag("Si no llega", "el plazo vuelve a empezar"),
    "up_to": _sum_up,
}
SILENT = frozenset({"from", "until", "unit", "week", "active", "use_in", "not_in", "rapid_outcome", "said", "cited"})


def unsaid(book: Lawbook) -> list[str]:
    """Keys and words of the lawbook that would be shown as codes: what the suite wants to be empty."""
    found = set()
    for document in book.documents.values():
        for rule in document.rules.values():
            if rule.type not in words.TYPES or not any(rule.type in types for types in words.THEMES.values()):
                found.add(f"{rule.id}: tipo {rule.type}")
            for value in rule.values:
                found |= {f"{rule.id}: {key}" for key in value if key not in _SAID and key not in SILENT}
                for reading_of in _each_reading(value):
                    found |= {f"{rule.id}: {fact.text}" for fact in facts(reading_of) if "_" in fact.text}
    return sorted(found)


def _each_reading(value: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    yield {key: chosen(written, {}) for key, written in value.items()}
    for written in value.values():
        if isinstance(written, dict) and "toggle" in written:
            for option in written.get("options") or {}:
                yield {key: chosen(other, {written["toggle"]: option}) for key, other in value.items()}
