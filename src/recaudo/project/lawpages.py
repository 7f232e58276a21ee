"""The law for lawyers: one page per jurisdiction, its rules read aloud and the cases that the suite tries them with.

Built from lawbook/ and from tests/spec/comply/vectors.jsonl, in a checkout of the project; both are the truth, this is not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from recaudo.engine import comply
from recaudo.law import rulebook, words

VECTORS = Path(__file__).resolve().parents[3] / "tests" / "spec" / "comply" / "vectors.jsonl"
SHOWN_PAST = 4
KINDS = {"fee": "Gastos de cobranza", "deadline": "Plazo", "notice": "Aviso previo", "retention": "Conservación"}


def pages() -> dict[str, str]:
    """`law/<jurisdiction>.md` -> Markdown."""
    book, cases = comply.lawbook(), _cases()
    names = [*book.jurisdictions, rulebook.COMMON]
    found = {f"law/{name.lower()}.md": _page(book, name, cases.get(name, [])) for name in names}
    return found | {"law/README.md": _index(book, cases)}


def _cases() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    with VECTORS.open(encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            found.setdefault(case["jurisdiction"], []).append(case)
    return found


def _index(book: comply.Lawbook, cases: Mapping[str, list[Any]]) -> str:
    lines = ["# Las normas, para abogados", "", "Generado desde `lawbook/` y los casos de prueba. Esto no es asesoría jurídica.", "", "| Norma | Reglas | Casos | Leída el |", "|---|--:|--:|---|"]
    for name in book.jurisdictions:
        document = book.documents[name]
        lines.append(f"| [{document.name}]({name.lower()}.md) | {len(document.rules)} | {len(cases.get(name, []))} | {document.meta['as_of']:%d/%m/%Y} |")
    lines += [f"| [Resguardos de la casa](common.md) | {len(book.documents[rulebook.COMMON].rules)} | {len(cases.get(rulebook.COMMON, []))} | |", ""]
    return "\n".join(lines)


def _page(book: comply.Lawbook, name: str, cases: list[dict[str, Any]]) -> str:
    document = book.documents[name]
    on: date = document.meta["as_of"]
    lines = [f"# {document.name}", "", f"Leída el {on:%d/%m/%Y}. Generado desde `lawbook/{name.lower()}/` y los casos de prueba. Esto no es asesoría jurídica.", ""]
    if document.meta.get("applies_to"):
        lines += [f"Alcanza a: {document.meta['applies_to']}", ""]
    lines += ["## Reglas", ""]
    strict = rulebook.strict_readings(book)
    for rule in document.rules.values():
        lines += _rule(rulebook.reading(rule, book, on=on, toggles=strict))
    lines += _doubts(document)
    lines += ["## Casos con los que se prueba", ""]
    lines += ["Cada caso se prueba con las lecturas por omisión del libro; donde otra lectura cambia el veredicto, se dice.", ""] if cases else ["Ninguno todavía.", ""]
    for case in cases:
        lines += _case(case)
    return "\n".join(lines).rstrip() + "\n"


def _rule(one: rulebook.Reading) -> list[str]:
    lines = [f"### {one.type_es}{f' ({one.place})' if one.place else ''} · `{one.id}`", "", one.text, ""]
    if one.week:
        lines.append(f"- Horas: {rulebook.compact_week(one.week)}")
    lines += [f"- {fact.label}: {fact.text}" for fact in one.facts]
    since = f"desde el {one.since:%d/%m/%Y}" if one.since else "fecha de inicio sin verificar"
    until = f", hasta el {one.until:%d/%m/%Y}" if one.until else ""
    sources = ", ".join(key for key, _ in one.sources) or "fuente pendiente"
    return [*lines, f"- Norma: {one.citation}; {since}{until}", f"- Firmeza: {one.confidence_es}; fuentes: {sources}", ""]


def _doubts(document: comply.Document) -> list[str]:
    toggles = document.meta.get("toggles") or {}
    lines = ["## Puntos dudosos", ""] if toggles else []
    for name, says in toggles.items():
        strict = str(says.get("strict", "default"))
        readings = [("default", says["default_es"]), *says["options"].items()]
        lines += [f"**{says['text_es']}** (`{name}`)", ""]
        lines += [f"- {text}{' **Rige en el producto mientras nadie decida otra cosa.**' if str(code) == strict else ''}" for code, text in readings]
        lines.append("")
    return lines


def _case(case: Mapping[str, Any]) -> list[str]:
    said = _contact(case) if case.get("kind", "contact") == "contact" else _counted(case)
    others = [
        f"con {choice.replace('=', ' = ')}: {'permitido' if verdict == 'allow' else 'rechazado'}" for choice, verdict in (case.get("alt_verdicts") or {}).items()
    ]
    told = f" ({'; '.join(others)})" if others else ""
    return [f"- `{case['id']}` {said}{told}"]


def _contact(case: Mapping[str, Any]) -> str:
    debtor, proposed = case.get("debtor") or {}, case["proposed"]
    zone = (debtor.get("zones") or [""])[0]
    what = [f"{_when(proposed['ts'], zone)}, {words.CHANNEL.get(proposed['channel'], proposed['channel'])} a {words.PERSON.get(proposed.get('person', 'debtor'), 'titular')}"]
    if proposed.get("purpose", "collection") != "collection":
        what.append(f"para {words.PURPOSE.get(proposed['purpose'], proposed['purpose'])}")
    if debtor.get("states"):
        what.append("cuando " + " y ".join(words.STATE.get(one["state"], one["state"]) for one in debtor["states"]))
    if past := case.get("history"):
        told = [f"{_when(one['ts'], zone)} {words.CHANNEL.get(one['channel'], one['channel'])} ({words.OUTCOME.get(one.get('outcome', 'sent'), one.get('outcome', 'sent'))})" for one in past[-SHOWN_PAST:]]
        more = f"{len(past) - SHOWN_PAST} contactos más y " if len(past) > SHOWN_PAST else ""
        what.append(f"después de {more}" + ", ".join(told))
    expected = case["expected"]
    verdict = "**permitido**" if expected["verdict"] == "allow" else f"**rechazado** por `{expected['rule_id']}`"
    return ", ".join(what) + f": {verdict}."


def _counted(case: Mapping[str, Any]) -> str:
    given, expected = case["input"], case["expected"]
    told = ", ".join(f"{words.GIVEN.get(key, key)} {_plain(value)}" for key, value in given.items() if key not in {"jurisdiction", "note"})
    answer = expected.get("date") or expected.get("max_fee_uf") or ("permitido" if expected.get("verdict") == "allow" else "todavía no")
    unit, rule = " UF" if "max_fee_uf" in expected else "", f" (`{expected['rule_id']}`)" if expected.get("rule_id") else ""
    return f"{KINDS[case['kind']]}: {told}: **{_plain(answer)}**{unit}{rule}."


def _when(text: str, zone: str) -> str:
    at = datetime.fromisoformat(text)
    here = at.astimezone(ZoneInfo(zone)) if zone else at
    return f"{words.DAYS[here.weekday()]} {here:%d/%m/%Y %H:%M}"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "sí" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return "ninguno" if value is None else words.UNIT.get(str(value), str(value))

