"""Declared types: does a value have a type, and what becomes of a value that goes into a typed place.

A value that does not fit becomes null. A list of one fits where its member does; a single value fits where a list does.
"""

from __future__ import annotations

from recaudo.engine.decide.feel import values
from recaudo.engine.decide.feel.evaluator import Evaluator, Scope
from recaudo.engine.decide.feel.temporal import Date, DateTime, Time
from recaudo.engine.decide.feel.values import Function, Range, Value
from recaudo.engine.decide.model import ItemType, Model

_SIMPLE = frozenset(
    {
        "string",
        "number",
        "boolean",
        "date",
        "time",
        "date and time",
        "days and time duration",
        "years and months duration",
    }
)


class Types:
    """The types of one model. `evaluator` reads the constraints."""

    def __init__(self, model: Model) -> None:
        self.types = model.types
        self.evaluator = Evaluator(self.is_instance)

    def is_instance(self, value: Value, name: str) -> bool:
        """FEEL `instance of`: null has no type but Null."""
        name = name.strip()
        if name in ("Null", "null"):
            return value is None
        if value is None:
            return False
        if name == "Any" or not name:
            return True
        generic, _, inner = name.partition("<")
        if inner and not name.startswith("function"):
            return self._is_generic(value, generic.strip(), inner.rstrip()[:-1])
        if name.startswith("function"):
            return isinstance(value, Function) and self._is_function(value, name)
        if name in self.types:
            return self._fits(value, self.types[name])
        if name in ("list", "context", "range"):
            return values.kind(value) == name
        return values.kind(value) == name

    def _is_generic(self, value: Value, generic: str, inner: str) -> bool:
        if generic == "list":
            return isinstance(value, list) and all(item is None or self.is_instance(item, inner) for item in value)
        if generic == "range":
            ends = [end for end in (value.low, value.high) if end is not None] if isinstance(value, Range) else [None]
            return all(self.is_instance(end, inner) for end in ends)
        if generic == "context" and isinstance(value, dict):
            members = (part.partition(":") for part in split_types(inner))
            return all(
                key.strip() in value and (value[key.strip()] is None or self.is_instance(value[key.strip()], kind))
                for key, _, kind in members
            )
        return False

    def _is_function(self, value: Function, name: str) -> bool:
        if "<" not in name:
            return True
        params = split_types(
            name[name.index("<") + 1 : name.rindex(">", 0, name.rfind("->") if "->" in name else None)]
        )
        wanted = [param for param in params if param]
        pairs = zip(value.types, wanted, strict=False)
        return len(wanted) == len(value.types) and all(not own or own == other for own, other in pairs)

    def _fits(self, value: Value, kind: ItemType) -> bool:
        if kind.is_list:
            return isinstance(value, list) and all(item is None or self._fits_one(item, kind) for item in value)
        return self._fits_one(value, kind)

    def _fits_one(self, value: Value, kind: ItemType) -> bool:
        if kind.components:
            return isinstance(value, dict) and all(
                part.name in value and (value[part.name] is None or self._fits(value[part.name], part))
                for part in kind.components
            )
        if kind.base and not self.is_instance(value, kind.base):
            return False
        return self.is_allowed(value, kind)

    def is_allowed(self, value: Value, kind: ItemType) -> bool:
        tests = kind.allowed.tests if kind.allowed else None
        return tests is None or self.evaluator.accepts(tests, value, Scope({})) is True

    def result_of(self, name: str) -> str:
        """What the result of a function of this type has to be: its output type, or the type itself."""
        return self.types[name].result if name in self.types and self.types[name].base == "function" else name

    def conform(self, value: Value, name: str) -> Value:
        """The value as the declared type wants it, or null."""
        if value is None or not name or name in ("Any", "Undefined"):
            return value
        if name in self.types:
            return self._conform_item(value, self.types[name])
        if name not in _SIMPLE:
            return value if name not in ("list", "context") or values.kind(value) == name or name == "list" else None
        return _conform_simple(value, name)

    def _conform_item(self, value: Value, kind: ItemType) -> Value:
        if kind.is_list:
            items = value if isinstance(value, list) else [value]
            fitted = [self._conform_one(item, kind) for item in items]
            broken = any(item is not None and fit is None for item, fit in zip(items, fitted, strict=True))
            return None if broken else fitted
        return self._conform_one(value, kind)

    def _conform_one(self, value: Value, kind: ItemType) -> Value:
        if kind.components:
            return self._conform_context(value, kind)
        fitted = self.conform(value, kind.base)
        if fitted is None or self._is_allowed_or_list(fitted, kind):
            return fitted
        return None

    def _is_allowed_or_list(self, value: Value, kind: ItemType) -> bool:
        if isinstance(value, list):
            return all(self.is_allowed(item, kind) for item in value)
        return self.is_allowed(value, kind)

    def _conform_context(self, value: Value, kind: ItemType) -> Value:
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if not isinstance(value, dict):
            return None
        out = dict(value)
        for part in kind.components:
            if part.name not in value:
                return None
            given = value[part.name]
            out[part.name] = self._conform_item(given, part) if given is not None else None
            if given is not None and out[part.name] is None:
                return None
        return out


def _conform_simple(value: Value, name: str) -> Value:
    if values.kind(value) == name:
        return value
    if isinstance(value, list) and len(value) == 1:
        return None if isinstance(value[0], list) else _conform_simple(value[0], name)
    if name == "date and time" and isinstance(value, Date):
        return DateTime(value, Time(0, 0, 0, 0, 0))
    return None


def split_types(text: str) -> list[str]:
    """`a, list<b, c>` at its outer commas."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        if letter == "<":
            depth += 1
        elif letter == ">" and text[place - 1] != "-":
            depth -= 1
        elif letter == "," and depth == 0:
            parts.append(text[start:place].strip())
            start = place + 1
    return [*parts, text[start:].strip()]
