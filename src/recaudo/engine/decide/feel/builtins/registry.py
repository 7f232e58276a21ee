"""How built-in functions are declared and called: by position or by name, with kinds checked; else null.

A signature is text such as `string:s, start position:n, length?:n`. Kinds: s string, n number, b boolean, d date,
D date and time, t time, x either duration, l list (a single value becomes a list of one), c context, r range,
f function, a anything but null, v anything. `?` marks an optional parameter; a last `*name:kind` takes the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from recaudo.engine.decide.feel.temporal import Date, DateTime, Months, Seconds, Time
from recaudo.engine.decide.feel.values import Function, Range, Value

F = TypeVar("F", bound=Callable[..., Value])

_PYTHON: dict[str, tuple[type, ...]] = {
    "s": (str,), "n": (Decimal,), "b": (bool,), "d": (Date,), "D": (DateTime,), "t": (Time,), "x": (Seconds, Months),
    "m": (Months,), "c": (dict,), "r": (Range,), "f": (Function,),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Param:
    name: str
    kind: str
    optional: bool
    rest: bool


@dataclass(frozen=True, slots=True)
class Signature:
    params: tuple[Param, ...]
    run: Callable[..., Value]


BUILTINS: dict[str, list[Signature]] = {}


def builtin(name: str, signature: str) -> Callable[[F], F]:
    """Declare one signature of a built-in; the same name may have several, the first that fits is used."""
    params = tuple(_param(text) for text in signature.split(",") if text.strip())

    def register(run: F) -> F:
        BUILTINS.setdefault(name, []).append(Signature(params, run))
        return run

    return register


def _param(text: str) -> Param:
    name, _, code = text.strip().partition(":")
    return Param(name.strip("?*"), code, name.endswith("?"), name.startswith("*"))


class _Misfit(Exception):
    pass


def call(name: str, args: Sequence[Value], named: Sequence[tuple[str, Value]] = ()) -> Value:
    """Run a built-in; null when no signature fits."""
    for signature in BUILTINS[name]:
        try:
            values = _bind(signature, args, dict(named)) if named else _place(signature, args)
        except _Misfit:
            continue
        return signature.run(*values)
    return None


def _bind(signature: Signature, args: Sequence[Value], named: dict[str, Value]) -> list[Value]:
    known = {param.name for param in signature.params}
    if args or not named.keys() <= known:
        raise _Misfit
    values = []
    for param in signature.params:
        if param.name in named:
            value = named[param.name]
            values.append(_fit(Param(param.name, "l", False, False), value) if param.rest else _fit(param, value))
        elif not param.optional:
            raise _Misfit
        else:
            values.append(None)
    return values


def _place(signature: Signature, args: Sequence[Value]) -> list[Value]:
    params = signature.params
    if params and params[-1].rest:
        fixed = len(params) - 1
        if len(args) <= fixed:
            raise _Misfit
        head = [_fit(param, arg) for param, arg in zip(params, args[:fixed], strict=False)]
        return [*head, [_fit(params[-1], arg) for arg in args[fixed:]]]
    if len(args) > len(params) or any(not param.optional for param in params[len(args) :]):
        raise _Misfit
    values = [_fit(param, arg) for param, arg in zip(params, args, strict=False)]
    return values + [None] * (len(params) - len(args))


def _fit(param: Param, value: Value) -> Value:
    if param.kind == "v":
        return value
    if value is None:
        if param.optional and param.kind.endswith("0"):
            return None
        raise _Misfit
    if param.kind == "a":
        return value
    if param.kind == "l":
        return value if isinstance(value, list) else [value]
    return _typed(param, value)


def _typed(param: Param, value: Any) -> Value:
    kinds = tuple(python for code in param.kind.rstrip("0") for python in _PYTHON[code])
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if type(value) in kinds:
        return value
    if "D" in param.kind and isinstance(value, Date):
        return DateTime(value, Time(0, 0, 0))
    raise _Misfit
