"""FEEL as an analyst would read it: an expression and what it gives."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recaudo.engine.decide.feel.evaluator import Evaluator, Scope
from recaudo.engine.decide.feel.parser import parse_expression, parse_tests
from recaudo.engine.decide.feel.values import to_python, to_text
from recaudo.engine.decide.problems import FeelSyntax

NAMES = {"Monthly Salary": Decimal(100), "a": Decimal(1), "a-b": Decimal(7), "b": Decimal(5), "nada": None}


def value(text: str) -> object:
    return to_python(Evaluator().value(parse_expression(text, NAMES), Scope(NAMES)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Monthly Salary * 12", 1200),
        ("Monthly   Salary + 1", 101),
        ("a-b", 7),
        ("b - a", 4),
        ("0.1 + 0.2 = 0.3", True),
        ("1 / 0", None),
        ("nada + 1", None),
        ("nada = null", True),
        ("nada > 3", None),
        ("false and nada > 3", False),
        ("true or nada > 3", True),
        ('1 = "1"', None),
        ("-2 ** 2", 4),
        ("5 in (< 3, [4..6))", True),
        ("6 in [4..6)", False),
        ("if nada then 1 else 2", 2),
        ("[1, 2, 3][item > 1]", [2, 3]),
        ("[1, 2, 3][-1]", 3),
        ("for i in 1..3 return i * i", [1, 4, 9]),
        ("some i in [1, 2] satisfies i > 1", True),
        ("every i in [1, 2] satisfies i > 1", False),
        ("{a b: 2, c: a b * 3}.c", 6),
        ('date("2024-02-29") + duration("P1Y")', None),
        ('string(date("2024-01-31") + duration("P1M"))', "2024-02-29"),
        ('string(date("2024-03-31") - date("2024-03-01"))', "P30D"),
        ('duration("P30D") = duration("P1M")', None),
        ("decimal(2.5, 0)", 2),
        ("round half up(2.5, 0)", 3),
        ("modulo(-7, 3)", 2),
        ('substring("cobranza", -3)', "nza"),
        ('replace("abracadabra", "(a)", "<$1>")', "<a>br<a>c<a>d<a>br<a>"),
        ('matches("abc", "[")', None),
        ('string length("añ🐎")', 3),
        ("min([])", None),
        ("sum(1, 2, 3)", 6),
    ],
)
def test_an_expression_gives(text: str, expected: object) -> None:
    if text.startswith('date("2024-02-29")'):
        expected = value('date("2025-02-28")')
    assert value(text) == expected


@pytest.mark.parametrize(
    ("cell", "given", "accepted"),
    [
        ("-", None, True),
        ("", 3, True),
        ("< 5", None, None),
        ("not(< 5)", None, None),
        ('not("A", "B")', None, True),
        ('"A", "B"', "B", True),
        ("null", None, True),
        ("null, >= 3", None, True),
        ("[30..60)", 60, False),
        ("(30..60]", 60, True),
        ("modulo(?, 2) = 0", 4, True),
        ("? > 1 and ? < 3", 2, True),
        ("b", 5, True),
        ("1, 2, 3", 2, True),
    ],
)
def test_a_cell_accepts(cell: str, given: object, accepted: object) -> None:
    given = Decimal(given) if isinstance(given, int) else given
    assert Evaluator().accepts(parse_tests(cell, NAMES), given, Scope(NAMES)) is accepted


@pytest.mark.parametrize(
    ("text", "position"), [("1 +", 3), ('"abc', 0), ("(1", 2), ("[1..", 4), ("a b", 2), ("if 1 then 2", 11)]
)
def test_a_text_that_is_not_feel_says_where(text: str, position: int) -> None:
    with pytest.raises(FeelSyntax) as caught:
        parse_expression(text)
    assert caught.value.data["position"] == position


@pytest.mark.parametrize(
    "text", ["(" * 5000 + "1", "1" + "+1" * 5000, "[" * 5000, "not(" * 3000, "-" * 15000 + "1", "9" * 30000]
)
def test_an_absurd_text_is_refused_and_does_not_overflow(text: str) -> None:
    with pytest.raises(FeelSyntax):
        parse_expression(text)


def test_numbers_are_written_without_exponent() -> None:
    assert to_text(Decimal("1E+3")) == "1000"
    assert to_text(Decimal("1.50")) == "1.5"
