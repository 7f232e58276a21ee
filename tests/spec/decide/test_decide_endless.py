"""An expression that somebody typed cannot keep a process busy for ever, nor fill its memory."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from recaudo.engine.decide.feel.evaluator import Evaluator, Scope
from recaudo.engine.decide.feel.parser import parse_expression
from recaudo.engine.decide.feel.values import MAX_TEXT, Value

A = "a" * 40
PATIENCE_SECONDS = 30


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    def enough(*_: Any) -> None:
        raise AssertionError(f"still busy after {PATIENCE_SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, enough)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE_SECONDS)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def value(text: str) -> Value:
    return Evaluator().value(parse_expression(text), Scope({}))


@pytest.mark.parametrize("text", [
    "for a in 1..99999 return count(for b in 1..99999 return b)",
    "for a in 1..9999, b in 1..9999, c in 1..9999 return if a > 10000 then 1 else 2",
    "every a in (for i in 1..9999 return i), b in (for i in 1..9999 return i) satisfies a > 0",
    "{f: function(n) if n < 2 then 1 else f(n - 1) + f(n - 2), r: f(60)}.r",
    'for i in 1..60 return if i = 1 then "aaaaaaaaaa" else partial[-1] + partial[-1]',
    "for i in 1..60 return if i = 1 then [1, 2] else concatenate(partial[-1], partial[-1])",
    'for i in 1..60 return if i = 1 then "aaaa" else string join([partial[-1], partial[-1]], ",")',
    'for i in 1..60 return if i = 1 then "aaaa" else replace(partial[-1], "a", "aa")',
    "distinct values(for i in 1..99999 return i)",
])  # fmt: skip
def test_what_never_ends_ends_without_a_value(text: str) -> None:
    found = value(text)
    assert found is None or (isinstance(found, list) and max(len(one) for one in found if isinstance(one, str | list)) <= MAX_TEXT)


@pytest.mark.parametrize("pattern", [
    "(a|a)*c", "(a|aa)+c", "((a+))+c", "((a)+b?)*c", "(a?){30}c", "(a+|b)*c", "a*a*a*a*a*a*a*a*c", "(a|b|aa){2,30}c", "(a|aa)" * 20 + "c",
    "a?" * 30 + "a{30}c", ".*.*.*.*.*.*x", "(\\w+\\s?)*$c", "([a-z]+)*c", "(a{1,20}){1,20}c",
])  # fmt: skip
def test_a_pattern_that_would_try_for_ever_is_not_tried(pattern: str) -> None:
    assert value(f'matches("{A}b", "{pattern}")') in {None, False}


@pytest.mark.parametrize(("text", "pattern"), [
    ("maria@correo.example", "^[\\w.]+@[\\w.]+\\.[a-z]+$"), ("+525512345678", "^\\+?[0-9]{8,15}$"), ("MX-0012", "^(MX|CL|CO|PE)-[0-9]+$"),
    ("LOMM800101AB1", "^[A-ZÑ&]{3,4}[0-9]{6}[A-Z0-9]{3}$"), ("abab", "^(ab)+$"), ("a" * 5_000, "a+"), ("a" * 5_000, "a"),
])  # fmt: skip
def test_patterns_that_people_write_are_tried(text: str, pattern: str) -> None:
    escaped = pattern.replace("\\", "\\\\")
    assert value(f'matches("{text}", "{escaped}")') is True
