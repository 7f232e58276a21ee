"""Reads the lawbook's files and says everything that is wrong with them, at once and by name.

Asked by `recaudo law check` and by the suite. It looks at the raw files, so it also speaks of files that cannot be
built into a Lawbook.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import holidays as holiday_library

from recaudo.engine.comply.days import zone_names, zone_of
from recaudo.engine.comply.pack import COMMON, Files, build, read_files
from recaudo.engine.comply.terms import DENYING, KEYS, LIMITED, BadLawbook, parse_terms
from recaudo.engine.comply.verdict import CONFIDENCE

_RULE_KEYS = {"id", "type", "subdivision", "citation", "text_es", "note", "confidence", "sure", "source", "values"}
_META_KEYS = {
    "jurisdiction", "name", "parent", "status", "as_of", "in_force", "covers", "applies_to", "authority", "timezones",
    "holidays", "toggles", "reading_order", "words", "tzdata_min_version",
}  # fmt: skip
_STATUS = {"in_force", "partial", "bill_only", "future", "draft"}
# The gate and the plan of the day read this many days of a person's past: a limit that looks further back would be counted short.
FURTHEST_DAYS = 31
_SCOPES = {"debtor_x_creditor", "debtor_x_creditor_or_collector", "person", "person_x_debt", "person_x_number"}
_BASES = {"attempt_any", "attempt_connected", "live_contact"}
# What a rule of a type cannot do without.
_NEEDED: dict[str, tuple[str, ...]] = {
    "window": ("week", "channels"), "frequency": ("group", "max", "period", "count_basis", "scope"),
    "min_gap": ("group", "min_days_between", "scope"), "cooldown": ("channels", "days_including_conversation_day", "scope"),
    "one_channel": ("group", "period", "scope"), "channel_consent": ("requires",), "channel_ban": ("channels",),
    "place": ("forbid",), "caller_id": ("forbid",), "stop": ("state",), "exempt": ("purposes", "from_rules"),
    "fee": ("tiers",), "deadline": ("n",), "prior_notice": ("n", "min_notices"), "retention": ("n",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: the file, the rule (or empty), a stable code, and a Spanish sentence that says how to mend it."""

    file: str
    rule: str
    code: str
    text: str


def lint(files: Files | None = None) -> list[Finding]:
    """Every fault of the lawbook's files (None = those shipped). An empty list means that it may be used."""
    try:
        read = read_files() if files is None else files
    except BadLawbook as problem:
        return [Finding(str(problem.data["where"]), "", "unreadable", problem.text)]
    try:
        found = list(_findings(read))
        if not found:
            # The last word is the reader's: what it cannot build is no lawbook, whatever the checks above looked for.
            build(read)
        return found
    except BadLawbook as problem:
        return [Finding(str(problem.data["where"]), "", "unbuildable", problem.text)]
    except (AttributeError, TypeError, ValueError, KeyError, IndexError) as wrong:
        # A file so malformed that the other checks cannot walk it: one finding that says where it broke.
        return [Finding("", "", "malformed", f"Los archivos no tienen la forma de un libro de leyes ({wrong}).")]


def _findings(files: Files) -> Iterator[Finding]:
    sources = set((files.get("sources.yaml") or {}).get("sources") or {})
    metas = {path: content for path, content in files.items() if path.endswith("/meta.yaml")}
    rules = list(_rules(files))
    yield from _twice((path, raw.get("id", "?")) for path, raw in rules)
    names = {meta.get("jurisdiction") for meta in metas.values() if isinstance(meta, dict)}
    toggles = {t: (meta["toggles"][t] or {}) for meta in metas.values() if isinstance(meta, dict) for t in meta.get("toggles") or {}}
    for path, meta in metas.items():
        mine = [raw for other, raw in rules if other.rpartition("/")[0] == path.rpartition("/")[0]]
        yield from _meta(path, meta, mine, names, metas, toggles)
    for folder in {path.rpartition("/")[0] for path, _ in rules} - {path.rpartition("/")[0] for path in metas}:
        yield Finding(folder, "", "no_meta", f"Falta {folder}/meta.yaml con la jurisdicción, las zonas y los feriados.")
    if COMMON not in names:
        yield Finding("common/meta.yaml", "", "no_common", "Falta el documento COMMON.")
    known = {raw.get("id") for _, raw in rules}
    for path, raw in rules:
        yield from _rule(path, raw, sources, toggles, known)


def _rules(files: Files) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, content in files.items():
        if "/" in path and not path.endswith("/meta.yaml"):
            for raw in (content or {}).get("rules") or []:
                yield path, raw


def _twice(ids: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    seen: set[str] = set()
    for path, rule_id in ids:
        if rule_id in seen:
            yield Finding(path, rule_id, "duplicate_id", "El identificador está dos veces. Déle otro nombre a una de las reglas.")
        seen.add(rule_id)


def _rule(path: str, raw: Mapping[str, Any], sources: set[str], toggles: Mapping[str, Any], known: set[Any]) -> Iterator[Finding]:
    name = str(raw.get("id", "?"))

    def fault(code: str, text: str) -> Finding:
        return Finding(path, name, code, text)

    for key in sorted(set(raw) - _RULE_KEYS):
        yield fault("unknown_key", f"La clave «{key}» no se conoce en una regla.")
    for key in ("id", "type", "citation", "text_es", "confidence", "values"):
        if not raw.get(key):
            yield fault("missing_key", f"Falta «{key}».")
    yield from (fault(code, text) for code, text in _source(raw, sources))
    if raw.get("confidence") not in CONFIDENCE:
        yield fault("unknown_confidence", f"«confidence» debe ser una de: {', '.join(CONFIDENCE)}.")
    kind = str(raw.get("type"))
    if kind not in KEYS:
        yield fault("unknown_type", f"El tipo «{kind}» no se conoce.")
        return
    values = raw.get("values")
    if not isinstance(values, list):
        return
    yield from (fault(code, text) for code, text in _dates(values))
    for value in values:
        yield from (fault(code, text) for code, text in _value(kind, name, value, toggles, known))


def _source(raw: Mapping[str, Any], sources: set[str]) -> Iterator[tuple[str, str]]:
    source = raw.get("source")
    if source == "pending":
        if raw.get("confidence") == "verified_primary":
            yield "pending_but_verified", "Una regla verificada en la norma no puede tener la fuente pendiente."
        return
    if not isinstance(source, list) or not source:
        yield "no_source", "Falta la fuente. Cite una clave de sources.yaml o escriba «source: pending»."
        return
    for key in source:
        if key not in sources:
            yield "unknown_source", f"La fuente «{key}» no está en sources.yaml."


def _dates(values: list[Any]) -> Iterator[tuple[str, str]]:
    previous: Any = None
    for position, value in enumerate(values):
        start, end = value.get("from"), value.get("until")
        if start is None or end is None:
            yield "no_dates", "Falta «from» o «until»; escriba la fecha, «unknown» u «open»."
            return
        if not (isinstance(start, date) or start == "unknown") or not (isinstance(end, date) or end == "open"):
            yield "bad_date", f"«{start}» o «{end}» no es una fecha, «unknown» ni «open»."
            return
        if start == "unknown" and position > 0:
            yield "unknown_start", "Solo el primer valor puede empezar en «unknown»."
            return
        if isinstance(start, date) and isinstance(end, date) and start >= end:
            yield "empty_span", f"El valor termina el {end}, antes de empezar el {start}."
        if position > 0 and (previous == "open" or start < previous):
            yield "overlap", f"Dos valores rigen a la vez desde el {start}."
        elif position > 0 and start > previous:
            yield "gap", f"Ningún valor rige entre el {previous} y el {start}."
        previous = end


def _value(kind: str, name: str, value: Mapping[str, Any], toggles: Mapping[str, Any], known: set[Any]) -> Iterator[tuple[str, str]]:
    if not value.get("unit"):
        yield "no_unit", "Falta «unit»: en qué se mide el valor."
    for key in sorted(set(value) - KEYS[kind]):
        yield "unknown_key", f"La clave «{key}» no se conoce en una regla de tipo «{kind}»."
    for key in _NEEDED.get(kind, ()):
        if key not in value:
            yield "missing_key", f"Una regla de tipo «{kind}» necesita «{key}»."
    if kind == "person" and not {"allow", "forbid"} & set(value):
        yield "missing_key", "Una regla de personas necesita «allow» o «forbid»."
    used: list[dict[str, Any]] = [v for v in value.values() if isinstance(v, dict) and "toggle" in v]
    for toggle in used:
        yield from _toggle(toggle, toggles)
    for choice in _choices(used):
        try:
            terms = parse_terms(value, toggles=choice, where=name)
        except BadLawbook as problem:
            yield "bad_value", f"{problem.data['what']}."
            return
        except KeyError as missing:
            yield "bad_value", f"falta {missing} en un interruptor."
            return
        yield from _contradictions(kind, terms, known)


def _toggle(toggle: Mapping[str, Any], toggles: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    name = toggle["toggle"]
    if "default" not in toggle:
        yield "no_default", f"El interruptor «{name}» no tiene lectura estricta («default»)."
    if name not in toggles:
        yield "undeclared_toggle", f"El interruptor «{name}» no está explicado en ningún meta.yaml."
        return
    extra = set(toggle.get("options") or {}) - set(toggles[name].get("options") or {})
    for option in sorted(map(str, extra)):
        yield "undeclared_option", f"La opción «{option}» del interruptor «{name}» no está explicada."


def _choices(used: list[dict[str, Any]]) -> Iterator[dict[str, str]]:
    yield {}
    for toggle in used:
        for option in toggle.get("options") or {}:
            yield {toggle["toggle"]: option}


def _contradictions(kind: str, terms: Any, known: set[Any]) -> Iterator[tuple[str, str]]:
    for spans in terms.week.values():
        ordered = sorted(spans)
        if any(later[0] < earlier[1] for earlier, later in pairwise(ordered)):
            yield "windows_overlap", "Dos ventanas del mismo día se enciman. Únalas o sepárelas."
    if kind == "window" and not terms.week:
        yield "empty_window", "La ventana no abre ningún día; si no hay horario use el tipo «absent»."
    if kind in LIMITED and terms.scope not in _SCOPES:
        yield "unknown_scope", f"El alcance «{terms.scope}» no se conoce."
    if kind == "frequency" and (terms.count_basis not in _BASES or not isinstance(terms.max, int) or terms.max < 1):
        yield "bad_limit", "El límite debe ser un entero de 1 o más, con una base de conteo conocida."
    if max(terms.rolling_days, terms.gap_days, terms.cooldown_days) > FURTHEST_DAYS:
        yield "too_far_back", f"El límite mira más de {FURTHEST_DAYS} días atrás, que es la historia que se consulta."
    if (kind in {"frequency", "one_channel"} and terms.rolling_days < 1) or (kind == "min_gap" and terms.gap_days < 1):
        yield "bad_limit", "Los días de un límite deben ser 1 o más."
    if kind == "cooldown" and terms.cooldown_days < 1:
        yield "bad_limit", "Los días de espera deben ser 1 o más."
    yield from _figures(kind, terms)
    if terms.allow is not None and terms.allow & terms.forbid:
        yield "contradiction", f"Se permite y se prohíbe a la vez: {', '.join(sorted(terms.allow & terms.forbid))}."
    if terms.require & terms.forbid:
        yield "contradiction", f"Se exige y se prohíbe a la vez: {', '.join(sorted(terms.require & terms.forbid))}."
    for target in sorted(terms.from_rules - known):
        yield "unknown_rule", f"La regla «{target}» que se exceptúa no existe."


def _figures(kind: str, terms: Any) -> Iterator[tuple[str, str]]:
    """Numbers of what the law counts: whole and not negative; None where the law does not say yet."""
    for key in ("n", "extension", "then_calendar_days", "min_notices", "chargeable_after_days", "useful_notice_within_days",
                "rapid_within_minutes", "concentrated_calls_per_day"):  # fmt: skip
        value = terms.extra.get(key)
        if value is None or (key == "n" and kind == "sanction"):
            continue
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 36_600:
            yield "bad_number", f"«{key}» debe ser un número entero de 0 a 36600."


def _meta(
    path: str, meta: Any, rules: list[Mapping[str, Any]], names: set[Any], metas: Mapping[str, Any], toggles: Mapping[str, Any]
) -> Iterator[Finding]:
    def fault(code: str, text: str) -> Finding:
        return Finding(path, "", code, text)

    if not isinstance(meta, dict):
        yield fault("unreadable", "El archivo no tiene claves.")
        return
    for key in sorted(set(meta) - _META_KEYS):
        yield fault("unknown_key", f"La clave «{key}» no se conoce en meta.yaml.")
    for key in ("jurisdiction", "name", "status", "as_of", "in_force", "reading_order"):
        if key not in meta:
            yield fault("missing_key", f"Falta «{key}».")
    if meta.get("status") not in _STATUS:
        yield fault("unknown_status", f"«status» debe ser una de: {', '.join(sorted(_STATUS))}.")
    force = meta.get("in_force") or {}
    span = {edge: (v["default"] if isinstance(v, dict) and "default" in v else v) for edge, v in force.items()}
    yield from (fault(code, text) for code, text in _dates([span]))
    for toggle in (v for v in force.values() if isinstance(v, dict)):
        yield from (fault(code, text) for code, text in _toggle(toggle, toggles))
    if _is_own_ancestor(meta, metas):
        yield fault("circular_parent", "La jurisdicción es su propio ancestro.")
    elif meta.get("parent") is not None and meta["parent"] not in names:
        yield fault("unknown_parent", f"La jurisdicción «{meta['parent']}» no existe.")
    for name, says in (meta.get("toggles") or {}).items():
        if "strict" in (says or {}) and says["strict"] not in (says.get("options") or {}):
            yield fault("unknown_option", f"La lectura estricta de «{name}» no es una de sus opciones.")
    for name in sorted(zone_names(meta.get("timezones") or {})):
        if zone_of(name) is None:
            yield fault("unknown_zone", f"La zona horaria «{name}» no existe.")
    yield from (fault(code, text) for code, text in _holidays(meta, rules))
    yield from (fault(code, text) for code, text in _order(meta, rules))


def _is_own_ancestor(meta: Mapping[str, Any], metas: Mapping[str, Any]) -> bool:
    parents = {m.get("jurisdiction"): m.get("parent") for m in metas.values() if isinstance(m, dict)}
    seen, name = {meta.get("jurisdiction")}, meta.get("parent")
    while name is not None and name in parents:
        if name in seen:
            return True
        seen.add(name)
        name = parents[name]
    return False


def _holidays(meta: Mapping[str, Any], rules: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    calendar = meta.get("holidays")
    needs = any(value.get("exclude_holidays") for raw in rules for value in raw.get("values") or [])
    if calendar is None:
        if needs and meta.get("jurisdiction") != COMMON:
            yield "no_holidays", "Hay ventanas que excluyen feriados y falta «holidays»."
        return
    if calendar.get("country") not in holiday_library.list_supported_countries(include_aliases=True):
        yield "unknown_calendar", f"La biblioteca de feriados no conoce el país «{calendar.get('country')}»."


def _order(meta: Mapping[str, Any], rules: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    order = list(meta.get("reading_order") or [])
    wanted = {raw.get("id") for raw in rules if raw.get("type") in DENYING}
    for rule_id in sorted({x for x in order if order.count(x) > 1}):
        yield "order_twice", f"«{rule_id}» está dos veces en reading_order."
    for rule_id in sorted(map(str, wanted - set(order))):
        yield "not_in_order", f"«{rule_id}» no está en reading_order: no se sabe cuándo se nombra."
    for rule_id in sorted(map(str, set(order) - wanted)):
        yield "order_unknown", f"reading_order nombra «{rule_id}», que no es una regla de contacto de este documento."
