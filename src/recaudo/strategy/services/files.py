"""A DMN file from outside becomes a draft. Pieces without an id get one, so that rows keep their identity through edits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from lxml import etree

from recaudo.engine import decide
from recaudo.engine.decide.reader import child, children, local, parse_xml, text_of
from recaudo.kernel.problems import Problem
from recaudo.strategy.models import Strategy, StrategyVersion
from recaudo.strategy.services.versions import draft_of, edit, sound


class NotText(Problem):
    code = "strategy_not_text"
    message = "El archivo no está en UTF-8 y no se puede guardar tal cual. Expórtelo de nuevo desde el editor."


class StaleEdit(Problem):
    code = "strategy_stale_edit"
    message = "El borrador cambió en otra ventana desde que lo abrió. Descargue lo suyo o recargue la página para seguir sobre lo último."
    status = 409


@transaction.atomic
def upload(strategy: Strategy, *, xml: bytes, note: str, by: Any, at: datetime, base: StrategyVersion | None = None) -> StrategyVersion:
    """A new draft with the content of a file, compared later with `base`.

    Raises   HostileXml, UnreadableXml, TooLarge, InvalidModel; StrategyNotSound with what is wrong and where
    """
    prepared = identified(xml)
    sound(prepared, is_finished=False)
    return draft_of(strategy, prepared, base, note, by, at)


def for_editor(xml: bytes) -> bytes:
    """The file as the editor of the browser shows it: it keeps the reason of a row in its description."""
    root = parse_xml(xml)
    for rule in (one for one in root.iter(etree.Element) if local(one) == "rule"):
        reason = text_of(next(children(rule, "annotationEntry"), None))
        for old in list(children(rule, "description")):
            rule.remove(old)
        if reason:
            description = etree.Element(_tag(rule, "description"))
            description.text = reason
            rule.insert(0, description)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def from_editor(xml: bytes) -> bytes:
    """The file as it is kept: reasons are annotations again, and every piece has an id."""
    root = parse_xml(xml)
    for table in (one for one in root.iter(etree.Element) if local(one) == "decisionTable"):
        has_reasons = any(True for _ in children(table, "annotation"))
        for rule in children(table, "rule"):
            told = child(rule, "description")
            if not has_reasons:
                continue
            entry = child(rule, "annotationEntry")
            if entry is None:
                _entry(rule, table, "")
                entry = child(rule, "annotationEntry")
            assert entry is not None
            _put(entry, table, "" if told is None else "".join(told.itertext()).strip())
            if told is not None:
                rule.remove(told)
    return identified(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _put(entry: etree._Element, table: etree._Element, text: str) -> None:
    inner = child(entry, "text")
    if inner is None:
        inner = etree.SubElement(entry, _tag(table, "text"))
    inner.text = text


@transaction.atomic
def save_edited(version: StrategyVersion, *, xml: bytes, base_sha256: str, by: Any, at: datetime) -> StrategyVersion:
    """Keep what the editor made of a draft.

    base_sha256   what the editor had opened or last saved
    Raises        StaleEdit; NotADraft; SomeoneElsesDraft; StrategyNotSound; what reading a file raises
    """
    model = decide.read(from_editor(xml))

    def replaced(before: decide.Model) -> decide.Model:
        if before.sha256 != base_sha256:
            raise StaleEdit()
        return model

    return edit(version, replaced, by=by, at=at, what="editor")


def identified(xml: bytes) -> bytes:
    """The file in UTF-8 with an id on every column and row, and a column for the reason. Unchanged when it has them."""
    model = decide.read(xml)
    root = parse_xml(model.xml)
    taken = {node.get("id") for node in root.iter() if isinstance(node.tag, str) and node.get("id")}
    is_changed = False
    for decision in children(root, "decision"):
        table = child(decision, "decisionTable")
        if table is not None and len(table):
            is_changed |= _name_pieces(table, decision.get("id") or "d", taken) | _add_reasons(table)
    if not is_changed and _is_utf8(xml):
        return xml
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _name_pieces(table: etree._Element, prefix: str, taken: set[str | None]) -> bool:
    is_changed = False
    for kind in ("input", "output", "rule"):
        for number, node in enumerate(children(table, kind), 1):
            if not node.get("id"):
                name = f"{prefix}_{kind}{number}"
                while name in taken:
                    name += "_"
                node.set("id", name)
                taken.add(name)
                is_changed = True
    return is_changed


def _add_reasons(table: etree._Element) -> bool:
    """A column for the reason where there is none; descriptions of rows move into it. Short rows get their empty cells."""
    names = list(children(table, "annotation"))
    rules = list(children(table, "rule"))
    if not names:
        last = list(children(table, "output"))[-1]
        reason = etree.Element(_tag(table, "annotation"), name="Motivo")
        last.addnext(reason)
        names = [reason]
        for rule in rules:
            description = child(rule, "description")
            if description is not None and not list(children(rule, "annotationEntry")):
                _entry(rule, table, "".join(description.itertext()).strip())
        is_changed = True
    else:
        is_changed = False
    for rule in rules:
        for _ in range(len(names) - len(list(children(rule, "annotationEntry")))):
            _entry(rule, table, "")
            is_changed = True
    return is_changed


def _entry(rule: etree._Element, table: etree._Element, text: str) -> None:
    entry = etree.SubElement(rule, _tag(table, "annotationEntry"))
    etree.SubElement(entry, _tag(table, "text")).text = text


def _tag(like: etree._Element, name: str) -> str:
    space = etree.QName(like).namespace
    return f"{{{space}}}{name}" if space else name


def _is_utf8(xml: bytes) -> bool:
    try:
        xml.decode()
    except UnicodeDecodeError:
        return False
    return b"utf-8" in xml[:200].lower() or b"encoding" not in xml[:200]
