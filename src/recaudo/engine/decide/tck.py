"""Runs a folder of the DMN TCK layout (`NNNN-name/NNNN-name.dmn`, `NNNN-name-test-01.xml`) on either evaluator.

Cases that expect null are counted apart: an engine that answers null to everything passes nearly half of level 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from lxml import etree

from recaudo.engine.decide.feel import temporal, values
from recaudo.engine.decide.feel.parser import normal_name
from recaudo.engine.decide.feel.values import Function, Value
from recaudo.engine.decide.model import Knowledge, Model, Service
from recaudo.engine.decide.problems import InvalidModel, NotCompilable
from recaudo.engine.decide.reader import child, children, local, parse_xml, read
from recaudo.engine.decide.reference import Interpreter
from recaudo.kernel.problems import Problem

ENGINES = ("reference", "compiled")
_TOLERANCE = Decimal("1e-8")


@dataclass
class Score:
    passed: int = 0
    refused: int = 0
    wrong: int = 0

    @property
    def total(self) -> int:
        return self.passed + self.refused + self.wrong


@dataclass
class Level:
    """null: cases that expect null; other: the rest."""

    null: Score = field(default_factory=Score)
    other: Score = field(default_factory=Score)


@dataclass(frozen=True)
class WrongCase:
    folder: str
    case: str
    node: str
    expected: str
    found: str


@dataclass
class Report:
    engine: str
    levels: dict[str, Level] = field(default_factory=dict)
    wrong_cases: list[WrongCase] = field(default_factory=list)

    @property
    def total(self) -> Score:
        parts = [score for level in self.levels.values() for score in (level.null, level.other)]
        return Score(sum(p.passed for p in parts), sum(p.refused for p in parts), sum(p.wrong for p in parts))

    def as_dict(self) -> dict[str, Any]:
        """For `--json`: total, levels, wrong_cases."""
        levels = {
            name: {"null": asdict(level.null), "other": asdict(level.other)} for name, level in self.levels.items()
        }
        return {"engine": self.engine, "total": asdict(self.total), "levels": levels,
                "wrong_cases": [asdict(case) for case in self.wrong_cases]}  # fmt: skip

    def as_text(self) -> str:
        """A table per level, in Spanish."""
        lines = [f"Motor: {self.engine}", f"{'Nivel':<8}{'Casos':<12}{'Bien':>8}{'Rechazados':>12}{'Mal':>8}"]
        for name, level in sorted(self.levels.items()):
            for label, score in (("otros", level.other), ("nulos", level.null)):
                lines.append(f"{name:<8}{label:<12}{score.passed:>8}{score.refused:>12}{score.wrong:>8}")
        total = self.total
        lines.append(f"{'Total':<8}{total.total:<12}{total.passed:>8}{total.refused:>12}{total.wrong:>8}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Case:
    """One result node of one test case. kind: decision, bkm, decisionService"""

    id: str
    kind: str
    node: str
    given: dict[str, Value]
    expected: Value


def run_folder(path: Path | str, engine: str = "reference") -> Report:
    """Run every test below a folder.

    path     a folder anywhere above the test folders; the level is read from `compliance-level-N` in the path
    engine   reference or compiled
    Returns  the report; nothing is printed
    Raises   InvalidModel for an unknown engine
    """
    if engine not in ENGINES:
        raise InvalidModel(where="la orden", what=f"motor «{engine}»", remedy="Use reference o compiled.")
    report = Report(engine)
    for tests in sorted(Path(path).rglob("*-test-*.xml")):
        _run_file(tests, report)
    return report


def _run_file(tests: Path, report: Report) -> None:
    level = report.levels.setdefault(_level(tests), Level())
    root = parse_xml(tests.read_bytes())
    name = child(root, "modelName")
    model = _model(tests, (name.text or "") if name is not None else "")
    for case in cases(root):
        score = level.null if case.expected is None else level.other
        try:
            if isinstance(model, Problem):
                raise model
            found = _answer(model, case, report.engine)
        except Problem as problem:
            if case.expected is None and report.engine == "reference":
                score.passed += 1
            elif isinstance(problem, NotCompilable) or report.engine == "reference":
                score.refused += 1
            else:
                score.wrong += 1
                report.wrong_cases.append(_wrong(tests, case, problem.text))
            continue
        if matches(found, case.expected):
            score.passed += 1
        else:
            score.wrong += 1
            report.wrong_cases.append(_wrong(tests, case, values.to_text(found)))


def _wrong(tests: Path, case: Case, found: str) -> WrongCase:
    return WrongCase(tests.parent.name, case.id, case.node, values.to_text(case.expected), found[:300])


def _level(tests: Path) -> str:
    found = re.search(r"compliance-level-(\d)", str(tests))
    return found.group(1) if found else "?"


def _model(tests: Path, name: str) -> Model | Problem:
    try:
        return read((tests.parent / Path(name).name).read_bytes())
    except Problem as problem:
        return problem


def _answer(model: Model, case: Case, engine: str) -> Value:
    if engine == "compiled":
        from recaudo.engine.decide.sql.single import answer  # the compiler is not needed by the reference

        return answer(model, case.node, case.kind, case.given)
    run = Interpreter(model, case.given)
    if case.kind == "decision":
        return run.decision(model.decision(case.node))
    node = next(one for one in model.nodes if isinstance(one, Knowledge | Service) and one.name == case.node)
    function = run.service(node) if isinstance(node, Service) else run.knowledge(node)
    return function.call([case.given.get(name) for name in function.params])


def cases(root: etree._Element) -> Iterator[Case]:
    """The result nodes of a test file."""
    for test in children(root, "testCase"):
        given = {normal_name(node.get("name") or ""): _value(node) for node in children(test, "inputNode")}
        kind = test.get("type") or "decision"
        for node in children(test, "resultNode"):
            expected = child(node, "expected")
            name = normal_name((kind != "decision" and test.get("invocableName")) or node.get("name") or "")
            value = None if expected is None else _value(expected)
            yield Case(test.get("id") or "", kind, name, given, value)


def _value(node: etree._Element) -> Value:
    parts = {normal_name(one.get("name") or ""): _value(one) for one in children(node, "component")}
    if parts:
        return parts
    for one in node:
        if local(one) == "list":
            return [_value(item) for item in children(one, "item")]
        if local(one) == "value":
            return _scalar(one)
    return None


def _scalar(node: etree._Element) -> Value:
    attributes = {key.rpartition("}")[2]: value for key, value in node.attrib.items()}
    text = node.text or ""
    if attributes.get("nil") == "true":
        return None
    kind = str(attributes.get("type", "string")).rpartition(":")[2]
    if kind in ("decimal", "double", "integer", "int", "float", "long"):
        return Decimal(text.strip())
    if kind == "boolean":
        return text.strip() in ("true", "1")
    parse = {"date": temporal.parse_date, "time": temporal.parse_time, "dateTime": temporal.parse_date_time,
             "duration": temporal.parse_duration}.get(kind)  # fmt: skip
    return parse(text.strip()) if parse else text


def matches(found: Value, expected: Value) -> bool:
    """Equal, numbers within one part in 10^8."""
    if isinstance(found, Decimal) and isinstance(expected, Decimal):
        return abs(found - expected) <= _TOLERANCE * max(abs(expected), Decimal(1) if expected == 0 else Decimal(0))
    if isinstance(found, list) and isinstance(expected, list):
        return len(found) == len(expected) and all(map(matches, found, expected))
    if isinstance(found, dict) and isinstance(expected, dict):
        return found.keys() == expected.keys() and all(matches(found[key], expected[key]) for key in found)
    if isinstance(found, Function):
        return False
    return found is None if expected is None else values.equal(found, expected) is True
