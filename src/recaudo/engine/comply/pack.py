"""The lawbook in memory: documents, rules, and the pack of one jurisdiction with its toggles resolved.

A Lawbook is every file, read and hashed. A Pack is what one contact is judged by: the rules of the jurisdiction, of
its parents and of the house, in reading order. The pack of an unknown jurisdiction exists and denies everything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

from recaudo.engine.comply.terms import DENYING, BadLawbook, Terms, chosen, in_force, parse_terms

COMMON = "COMMON"
Files = Mapping[str, Any]


@dataclass(frozen=True, eq=False, slots=True)
class Rule:
    """One rule of the lawbook with all its dated values, as a lawyer wrote it."""

    id: str
    type: str
    jurisdiction: str
    subdivision: str | None
    citation: str
    text_es: str
    note: str
    confidence: str
    source: tuple[str, ...]
    values: tuple[Mapping[str, Any], ...] = field(repr=False)


@dataclass(frozen=True, eq=False, slots=True)
class Document:
    """One jurisdiction: its meta.yaml and its rules by id. `order` is the order in which denying rules are named."""

    jurisdiction: str
    name: str
    parent: str | None
    meta: Mapping[str, Any] = field(repr=False)
    rules: Mapping[str, Rule] = field(repr=False)
    order: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Clause:
    """A rule with the terms in force on the day that was asked about."""

    rule: Rule
    terms: Terms
    holidays: Mapping[str, Any] | None


@dataclass(frozen=True, eq=False, slots=True)
class Pack:
    """The law of one jurisdiction with chosen toggles.

    known    False = no such jurisdiction in the lawbook: every contact is denied
    chain    the jurisdiction, its parent, and so on; COMMON is apart
    version  lawbook_version: sha256 of the lawbook's content and, where any option was chosen, of the options
    """

    jurisdiction: str
    known: bool
    chain: tuple[Document, ...]
    common: Document = field(repr=False)
    toggles: Mapping[str, str]
    version: str
    _clauses: dict[tuple[int, str | None], tuple[Clause, ...]] = field(default_factory=dict, repr=False)
    _epochs: list[date] = field(default_factory=list, repr=False)

    @property
    def words(self) -> Mapping[str, Any]:
        """The vocabulary of contacts: channels, persons, purposes, outcomes."""
        words: Mapping[str, Any] = self.common.meta["words"]
        return words

    def rule(self, rule_id: str) -> Rule:
        """A rule of this pack by id. Raises KeyError."""
        for document in (*self.chain, self.common):
            if rule_id in document.rules:
                return document.rules[rule_id]
        raise KeyError(rule_id)

    def rules_of(self, kind: str) -> list[Rule]:
        """The rules of one type (`fee`, `deadline`, ...), those of the jurisdiction first."""
        return [rule for document in (*self.chain, self.common) for rule in document.rules.values() if rule.type == kind]

    def terms(self, rule: Rule, day: date) -> Terms | None:
        """What a rule says on a day; None when none of its values is in force."""
        for value in rule.values:
            if in_force(value, day):
                return parse_terms(value, toggles=self.toggles, where=rule.id)
        return None

    def epochs(self) -> list[date]:
        """The days, ascending, on which anything in this pack changes."""
        if not self._epochs:
            self._epochs.extend(sorted(set(self._changes())) or [date.min])
        return self._epochs

    def epoch(self, day: date) -> int:
        """Between which changes a day lies; days of one epoch have the same clauses."""
        return sum(1 for change in self.epochs() if change <= day)

    def clauses(self, day: date, subdivision: str | None) -> tuple[Clause, ...]:
        """Every contact rule in force on a day, in the order in which denials are named."""
        key = self.epoch(day), subdivision
        if key not in self._clauses:
            self._clauses[key] = tuple(self._in_order(day, subdivision))
        return self._clauses[key]

    def _changes(self) -> Iterable[date]:
        for document in (*self.chain, self.common):
            spans: list[Mapping[str, Any]] = [document.meta["in_force"]]
            for rule in document.rules.values():
                spans.extend(rule.values)
            for span in spans:
                for edge in ("from", "until"):
                    day = chosen(span[edge], self.toggles)
                    if isinstance(day, date):
                        yield day

    def _in_order(self, day: date, subdivision: str | None) -> Iterable[Clause]:
        for document in self.chain:
            if _document_in_force(document, day, self.toggles):
                yield from self._of_document(document, day, subdivision)
        yield from self._of_document(self.common, day, subdivision)

    def _of_document(self, document: Document, day: date, subdivision: str | None) -> Iterable[Clause]:
        rules = [document.rules[rule_id] for rule_id in document.order]
        national = [rule for rule in rules if rule.subdivision is None]
        regional = [rule for rule in rules if rule.subdivision is not None and rule.subdivision == subdivision]
        found = [(rule, terms) for rule in (*national, *regional) if (terms := self.terms(rule, day))]
        holidays = document.meta.get("holidays") or next((d.meta["holidays"] for d in self.chain if d.meta.get("holidays")), None)
        exempt: dict[str, frozenset[str]] = {}
        for rule, terms in found:
            if rule.type == "exempt" and terms.active:
                for target in terms.from_rules:
                    exempt[target] = exempt.get(target, frozenset()) | terms.purposes
        for rule, terms in found:
            if rule.type in {"exempt", "absent"} or not terms.active or self._elsewhere(terms):
                continue
            also = exempt.get(rule.id, frozenset())
            yield Clause(reworded(rule, terms), replace(terms, purposes_exempt=terms.purposes_exempt | also), holidays)

    def _elsewhere(self, terms: Terms) -> bool:
        here = self.jurisdiction
        return here in terms.not_in or (terms.use_in is not None and here not in terms.use_in)


@dataclass(frozen=True, eq=False, slots=True)
class Lawbook:
    """Every jurisdiction, and the sources. `version` is the sha256 of the canonical content."""

    documents: Mapping[str, Document] = field(repr=False)
    sources: Mapping[str, str] = field(repr=False)
    version: str

    @property
    def jurisdictions(self) -> tuple[str, ...]:
        return tuple(sorted(set(self.documents) - {COMMON}))

    def pack(self, jurisdiction: str | None, *, toggles: Mapping[str, str] | None = None) -> Pack:
        """The pack of a jurisdiction; an unknown one denies everything.

        toggles  toggle name -> option; absent names take the default reading of the files
        """
        chain: list[Document] = []
        name = jurisdiction
        while name is not None and name in self.documents and name != COMMON:
            document = self.documents[name]
            if document in chain:
                raise BadLawbook(where=str(jurisdiction), what="la jurisdicción es su propio ancestro")
            chain.append(document)
            name = document.parent
        known = bool(chain) and name is None
        return Pack(jurisdiction or "", known, tuple(chain), self.documents[COMMON], dict(toggles or {}), self.version_with(toggles or {}))

    def version_with(self, toggles: Mapping[str, str]) -> str:
        """The version under chosen options; with none chosen, that of the content."""
        if not toggles:
            return self.version
        return hashlib.sha256(f"{self.version} {json.dumps(dict(toggles), sort_keys=True)}".encode()).hexdigest()

    def packs(self, *, toggles: Mapping[str, str] | None = None) -> dict[str, Pack]:
        """Every jurisdiction's pack by name: what `screen` takes."""
        return {name: self.pack(name, toggles=toggles) for name in self.jurisdictions}


def read_files() -> dict[str, Any]:
    """The lawbook shipped in the package: relative path -> parsed YAML. Raises BadLawbook."""
    root = resources.files("recaudo.lawbook")
    found: dict[str, Any] = {}
    for folder in sorted(root.iterdir(), key=lambda entry: entry.name):
        inside = sorted(folder.iterdir(), key=lambda entry: entry.name) if folder.is_dir() else [folder]
        for entry in inside:
            if entry.name.endswith(".yaml"):
                path = f"{folder.name}/{entry.name}" if folder.is_dir() else entry.name
                found[path] = parse_file(path, entry.read_text(encoding="utf-8"))
    return found


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that is written twice: the second would silently win."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"la clave «{key}» está dos veces", node.start_mark)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping


def parse_file(path: str, text: str) -> Any:
    """One YAML file of the lawbook. Raises BadLawbook when it is not YAML or has a key twice."""
    try:
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as wrong:
        raise BadLawbook(where=path, what=" ".join(str(wrong).split())) from None


def build(files: Files) -> Lawbook:
    """A Lawbook from parsed files. Raises BadLawbook; `lint` lists everything that is wrong instead of the first."""
    folders: dict[str, dict[str, Any]] = {}
    for path, content in files.items():
        folder, _, name = path.rpartition("/")
        if folder:
            folders.setdefault(folder, {})[name] = content
    documents = {}
    for folder, inside in folders.items():
        document = _document(folder, inside)
        documents[document.jurisdiction] = document
    if COMMON not in documents:
        raise BadLawbook(where="common/meta.yaml", what="falta el documento COMMON")
    return Lawbook(documents, files.get("sources.yaml", {}).get("sources", {}), content_hash(files))


@lru_cache(maxsize=1)
def lawbook() -> Lawbook:
    """The lawbook shipped in the package, read once."""
    return build(read_files())


def content_hash(files: Files) -> str:
    """sha256 of the canonical content: formatting and comments do not change it, a value does."""
    canonical = json.dumps(files, sort_keys=True, ensure_ascii=False, default=str, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _document(folder: str, inside: Mapping[str, Any]) -> Document:
    try:
        meta = inside["meta.yaml"]
        jurisdiction = meta["jurisdiction"]
        rules: dict[str, Rule] = {}
        for name in sorted(inside):
            for raw in inside[name].get("rules", []) if name != "meta.yaml" else []:
                rules[raw["id"]] = _rule(raw, jurisdiction)
        order = tuple(meta.get("reading_order", []))
        unread = [rule.id for rule in rules.values() if rule.type in DENYING and rule.id not in order]
        if unread or set(order) - set(rules):
            raise BadLawbook(where=f"{folder}/meta.yaml", what=f"reading_order no coincide con las reglas: {unread or sorted(set(order) - set(rules))}")
        return Document(jurisdiction, meta["name"], meta.get("parent"), meta, rules, order)
    except (KeyError, TypeError, AttributeError) as wrong:
        raise BadLawbook(where=folder, what=f"falta o está mal escrito {wrong}") from None


def _rule(raw: Mapping[str, Any], jurisdiction: str) -> Rule:
    source = raw["source"]
    return Rule(
        id=raw["id"],
        type=raw["type"],
        jurisdiction=jurisdiction,
        subdivision=raw.get("subdivision"),
        citation=raw["citation"],
        text_es=raw["text_es"],
        note=raw.get("note", ""),
        confidence=raw["confidence"],
        source=() if source == "pending" else tuple(source),
        values=tuple(raw["values"]),
    )


def reworded(rule: Rule, terms: Terms) -> Rule:
    """The rule in the words of the organisation's change, where one is in force."""
    if not terms.said and not terms.cited:
        return rule
    return replace(rule, text_es=terms.said or rule.text_es, citation=terms.cited or rule.citation)


def _document_in_force(document: Document, day: date, toggles: Mapping[str, str]) -> bool:
    span = {edge: chosen(document.meta["in_force"][edge], toggles) for edge in ("from", "until")}
    return in_force(span, day)
