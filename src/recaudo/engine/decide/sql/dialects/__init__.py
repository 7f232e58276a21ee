"""The plan of a model is SQL that every engine reads, with *words* where the engines part; a *dialect* spells the words out.

A word stands in the text as `op(name, *arguments)` writes it: between control characters that no model can bring in, since
texts and names of columns travel as words of their own, in hexadecimal. Arguments are SQL and may hold words again.

A dialect that cannot say a word with exactly the same result for every value refuses it (`Refused`): never slightly different.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_OPEN, _NEXT, _CLOSE = "\x02", "\x1f", "\x03"
_MARK = re.compile(f"[{_OPEN}{_NEXT}{_CLOSE}]")

Word = Callable[..., str]


class Refused(Exception):
    """An expression cannot become SQL: `what`, and the `remedy`. The graph adds the place and raises NotCompilable."""

    def __init__(
        self, what: str, remedy: str = "Simplifique la expresión o traiga el resultado como un dato de la cuenta."
    ) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


def op(name: str, *arguments: object) -> str:
    """A word of the plan. The arguments are SQL, or figures that the dialect needs (digits, places)."""
    return _OPEN + _NEXT.join([name, *map(str, arguments)]) + _CLOSE


def coded(value: str) -> str:
    """A text as an argument that no dialect has to escape."""
    return value.encode("utf-8", "surrogatepass").hex()


def decoded(argument: str) -> str:
    return bytes.fromhex(argument).decode("utf-8", "surrogatepass")


@dataclass(frozen=True)
class Dialect:
    """name: of the engine, as a person says it; words: how it spells each, from the arguments that `op` was given."""

    name: str
    words: Mapping[str, Word]

    def spell(self, plan: str) -> str:
        """The text of a plan in this dialect. Raises Refused for what the engine cannot say identically."""
        if _OPEN not in plan:
            return plan
        begun: list[list[str]] = [[""]]  # words that are not closed yet: name and arguments so far
        start = 0
        for mark in _MARK.finditer(plan):
            begun[-1][-1] += plan[start : mark.start()]
            start = mark.end()
            if mark.group() == _OPEN:
                begun.append([""])
            elif mark.group() == _NEXT:
                begun[-1].append("")
            else:
                name, *arguments = begun.pop()
                begun[-1][-1] += self.words[name](*arguments)
        return begun[0][0] + plan[start:]
