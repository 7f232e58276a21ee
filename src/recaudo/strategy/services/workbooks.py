"""A workbook of tables becomes a proposal: either a whole new model, or what is wrong, cell by cell. Nothing in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from recaudo.engine import decide
from recaudo.engine.decide.model import Decision, Rule
from recaudo.kernel.problems import Problem
from recaudo.strategy.adapters import xlsx
from recaudo.strategy.models import StrategyVersion
from recaudo.strategy.queries.findings import UNFINISHED, Finding, findings
from recaudo.strategy.queries.lenient import Unclear, Words, feel_of, folded, shown
from recaudo.strategy.queries.sheets import sheet_of, table_names, table_of
from recaudo.strategy.queries.tables import columns_of, reason_label, words_of
from recaudo.strategy.queries.versions import model_of
from recaudo.strategy.services.versions import draft_of, edit, sound
from recaudo.strategy.words import decision_es

MAX_ERRORS = 200
MAX_TEXT = 2000
_BROKEN = ("#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#N/D", "#¡REF!", "#¿NOMBRE?", "#¡VALOR!", "#¡DIV/0!", "#¡NUM!", "#¡NULO!")


class StaleProposal(Problem):
    code = "strategy_stale_proposal"
    message = "El borrador cambió después de leer el libro. Vuelva a cargarlo: así se ve qué cambia de verdad."
    status = 409


class NothingChanged(Problem):
    code = "strategy_nothing_changed"
    message = "El libro dice lo mismo que la versión {number}: no hay nada que guardar."
    status = 409


@dataclass(frozen=True, slots=True)
class CellError:
    """cell: as people name it, C7; "" when it is of the whole sheet."""

    sheet: str
    cell: str
    what: str
    remedy: str


@dataclass(frozen=True)
class Proposal:
    """model: what the workbook says, None when something is wrong; untouched: tables that it does not bring; remarks: findings that are new."""

    model: decide.Model | None
    errors: list[CellError] = field(default_factory=list)
    untouched: list[str] = field(default_factory=list)
    remarks: list[Finding] = field(default_factory=list)


def propose_workbook(version: StrategyVersion, content: bytes) -> Proposal:
    """What a workbook makes of a version. Writes nothing. Raises BadWorkbook."""
    base = model_of(version)
    sheets = xlsx.read(content)
    reader = _Reader(base)
    reader.read(sheets)
    names = table_names(base)
    if not reader.done and not reader.errors:
        reader.errors.append(CellError("", "", "El libro no trae ninguna hoja de tabla.", "Descargue la estrategia en Excel y cambie ese archivo."))
    if reader.errors:
        return Proposal(None, reader.errors[:MAX_ERRORS])
    before, after = findings(base), findings(reader.model)
    wrong = [one for one in after if one.severity == "error" and one.code not in UNFINISHED]
    known = {(one.code, one.rule_id, one.column, one.message) for one in before}
    errors = [reader.at(one) for one in wrong if (one.code, one.rule_id, one.column, one.message) not in known]
    if errors:
        return Proposal(None, errors[:MAX_ERRORS])
    said = {one.message for one in before}
    untouched = [decision_es(name) for name in names if name not in reader.done]
    return Proposal(reader.model, [], untouched, [one for one in after if one.message not in said])


def keep_workbook(version: StrategyVersion, *, xml: bytes, base_sha256: str, note: str, by: Any, at: datetime) -> StrategyVersion:
    """Keep a proposal that was looked at: in the draft itself when it is one's own, else as a new draft based on the version.

    base_sha256   what the proposal was compared with
    Raises        StaleProposal, NothingChanged, StrategyNotSound, what reading a file raises
    """
    model = sound(xml, is_finished=False)
    if version.sha256 != base_sha256:
        raise StaleProposal()
    if not decide.diff(model_of(version), model):
        raise NothingChanged(number=version.number)
    if version.status == "draft" and version.created_by_id in (None, by.id):
        return edit(version, lambda before: _unless_stale(before, model, base_sha256), by=by, at=at, what="workbook")
    return draft_of(version.strategy, model.xml, version, note, by, at)


def _unless_stale(before: decide.Model, after: decide.Model, base_sha256: str) -> decide.Model:
    if before.sha256 != base_sha256:
        raise StaleProposal()
    return after


class _Reader:
    """Reads the sheets in the order in which the tables decide: a later table knows the values of an earlier one."""

    def __init__(self, base: decide.Model) -> None:
        self.base = self.model = base
        self.errors: list[CellError] = []
        self.done: dict[str, xlsx.ReadSheet] = {}
        self.places: dict[tuple[str, str], int] = {}  # decision, rule -> row of the sheet
        self.columns: dict[str, list[str]] = {}

    def read(self, sheets: Sequence[xlsx.ReadSheet]) -> None:
        names = table_names(self.base)
        by_key: dict[str, xlsx.ReadSheet] = {}
        for sheet in sheets:
            if sheet.key not in names:
                self.wrong(sheet, "B2", f"«{sheet.key}» no es una tabla de esta estrategia.", "No cambie la segunda fila de la hoja.")
            elif sheet.key in by_key:
                self.wrong(sheet, "B2", f"La tabla «{decision_es(sheet.key)}» viene en dos hojas.", "Deje una.")
            else:
                by_key[sheet.key] = sheet
        for name in names:
            if name in by_key:
                self.table(name, by_key[name])

    def wrong(self, sheet: xlsx.ReadSheet, cell: str, what: str, remedy: str) -> None:
        self.errors.append(CellError(sheet.name, cell, what, remedy))

    def table(self, name: str, sheet: xlsx.ReadSheet) -> None:
        self.done[name] = sheet
        decision, table = table_of(self.model, name)
        if sheet.policy != table.policy + table.aggregation:
            self.wrong(sheet, "D2", "La política de la tabla no se cambia en el libro.", "Cámbiela en el editor de tablas.")
        columns = columns_of(table, name)
        words = [words_of(self.model, decision, column) for column in columns]
        places = self.heads(sheet, [*(column.label for column in columns), reason_label(table)])
        if places is None:
            return
        rules = self.rules(name, sheet, decision, words, places)
        if not rules and not self.errors:
            self.wrong(sheet, f"A{xlsx.FIRST_ROW}", "La tabla se quedó sin filas.", "Deje al menos una.")
        if not self.errors:
            self.model = decide.replace_rules(self.model, name, rules)
            for rule, place in zip(self.model.decision(name).table.rules, self.rows, strict=True):  # type: ignore[union-attr]
                self.places[name, rule.id] = place

    def heads(self, sheet: xlsx.ReadSheet, labels: list[str]) -> list[int] | None:
        """The column of the sheet of each label; in any order."""
        found: dict[str, list[int]] = {}
        for place, cell in enumerate(sheet.names):
            found.setdefault(folded(xlsx.text_of(cell.value)), []).append(place)
        places: list[int] = []
        for label in labels:
            waiting = found.get(folded(label), [])
            if not waiting:
                self.wrong(sheet, "4", f"Falta la columna «{label}».", "No quite ni renombre columnas; vacías aceptan cualquier valor.")
                return None
            places.append(waiting.pop(0))
        spare = [text for text, waiting in found.items() if waiting and text and not text.startswith("clave")]
        if spare:
            self.wrong(sheet, "4", f"Sobra la columna «{spare[0]}».", "Una columna nueva se agrega en el editor de tablas.")
            return None
        return places

    def rules(self, name: str, sheet: xlsx.ReadSheet, decision: Decision, words: list[Words], places: list[int]) -> list[decide.RuleTexts]:
        table = decision.table
        assert table is not None
        before = {rule.id: rule for rule in table.rules}
        base_words = [words_of(self.base, self.base.decision(name), column) for column in columns_of(table, name)]
        out: list[decide.RuleTexts] = []
        seen: dict[str, str] = {}
        self.rows: list[int] = []
        for number, cells in sheet.rows:
            key = xlsx.text_of(cells[0].value) if cells else ""
            chosen = [cells[place] if place < len(cells) else xlsx.ReadCell(f"?{number}", None) for place in places]
            if not any(xlsx.text_of(cell.value) for cell in chosen):
                if key:
                    self.wrong(sheet, f"A{number}", "La fila tiene clave pero ninguna celda.", "Para quitarla, borre la fila entera.")
                continue
            if key and key not in before:
                self.wrong(sheet, f"A{number}", f"La clave «{key[:40]}» no es de esta tabla.", "Deje vacía la clave de una fila nueva.")
            if key in seen and key:
                self.wrong(sheet, f"A{number}", f"La clave se repite: ya está en {seen[key]}.", "Deje vacía la de la copia.")
            seen[key] = f"A{number}"
            out.append(self.rule(sheet, before.get(key), key, words, base_words, chosen, len(table.inputs)))
            self.rows.append(number)
        return out

    def rule(
        self, sheet: xlsx.ReadSheet, old: Rule | None, key: str, words: list[Words], base_words: list[Words], cells: list[xlsx.ReadCell], inputs: int
    ) -> decide.RuleTexts:
        olds = [cell.text for cell in (*old.inputs, *old.outputs)] if old else [None] * len(words)
        feel = [self.cell(sheet, cell, one, base, was) for cell, one, base, was in zip(cells[:-1], words, base_words, olds, strict=True)]
        reason = xlsx.text_of(cells[-1].value)
        if len(reason) > MAX_TEXT:
            self.wrong(sheet, cells[-1].address, f"El motivo pasa de {MAX_TEXT} letras.", "Acórtelo.")
        return decide.RuleTexts(key, tuple(feel[:inputs]), tuple(feel[inputs:]), reason)

    def cell(self, sheet: xlsx.ReadSheet, cell: xlsx.ReadCell, words: Words, base: Words, was: str | None) -> str:
        text = xlsx.text_of(cell.value)
        if was is not None and text == shown(base, was):
            return was  # as it went out: the file stays as it was written
        try:
            if text in _BROKEN:
                raise Unclear(what=f"La celda tiene un error de Excel ({text}).", remedy="Escriba el valor.")
            if isinstance(cell.value, date) and words.kind not in ("date", "date and time"):
                raise Unclear(what="Excel convirtió la celda en una fecha.", remedy="Dele formato de texto y escriba de nuevo el valor, por ejemplo 1-5.")
            if len(text) > MAX_TEXT:
                raise Unclear(what=f"El texto pasa de {MAX_TEXT} letras.", remedy="Divídalo en varias filas.")
            return feel_of(words, text, is_sheet=True)
        except Unclear as problem:
            self.wrong(sheet, cell.address, str(problem.data["what"]), str(problem.data["remedy"]))
            return text

    def at(self, one: Finding) -> CellError:
        """A finding as an error of a cell of the workbook."""
        sheet = self.done.get(one.decision)
        if sheet is None:
            return CellError(decision_es(one.decision) if one.decision else "", "", one.message, one.remedy)
        row = self.places.get((one.decision, one.rule_id))
        heads = sheet_of(self.base, self.base.decision(one.decision)).columns
        labels = [folded(xlsx.text_of(cell.value)) for cell in sheet.names]
        wanted = next((head.label for head in heads if folded(head.label) == folded(one.column)), one.column)
        column = labels.index(folded(wanted)) if folded(wanted) in labels else 0
        letter = sheet.names[column].address.rstrip("0123456789") if sheet.names else "A"
        return CellError(sheet.name, f"{letter}{row}" if row else "", one.message, one.remedy)
