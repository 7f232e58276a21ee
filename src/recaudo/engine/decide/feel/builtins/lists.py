"""Built-in functions on lists, booleans and contexts."""

from __future__ import annotations

import functools
from collections.abc import Callable
from decimal import Decimal

from recaudo.engine.decide.feel.builtins.registry import builtin
from recaudo.engine.decide.feel.values import (
    CONTEXT,
    Function,
    Value,
    arithmetic,
    compare,
    equal,
    finite,
    inverse,
    number,
)  # fmt: skip

MAX_ITEMS = 100_000
MAX_COMPARED = 2_000  # each with each


@builtin("not", "negand:v")
def negation(value: Value) -> bool | None:
    return inverse(value)


@builtin("is defined", "value:v")
def is_defined(value: Value) -> bool:
    return value is not None


@builtin("is", "value1:v, value2:v")
def same(left: Value, right: Value) -> bool:
    return type(left) is type(right) and bool(left == right)


Aggregate = Callable[[list[Value]], Value]


def aggregate(name: str) -> Callable[[Aggregate], Aggregate]:
    """A function of one list, or of its members as arguments."""

    def register(run: Aggregate) -> Aggregate:
        builtin(name, "list:l")(run)
        builtin(name, "*list:v")(run)
        return run

    return register


@aggregate("min")
def minimum(items: list[Value]) -> Value:
    return _extreme(items, "<")


@aggregate("max")
def maximum(items: list[Value]) -> Value:
    return _extreme(items, ">")


def _extreme(items: list[Value], op: str) -> Value:
    best: Value = None
    for place, item in enumerate(items):
        if place == 0:
            if compare("<=", item, item) is not True:
                return None
            best = item
            continue
        better = compare(op, item, best)
        if better is None:
            return None
        best = item if better else best
    return best


@aggregate("sum")
def total(items: list[Value]) -> Value:
    return functools.reduce(lambda left, right: arithmetic("+", left, right), items) if _addable(items) else None


def _addable(items: list[Value]) -> bool:
    return bool(items) and not any(isinstance(item, str) or item is None for item in items)


@aggregate("mean")
def mean(items: list[Value]) -> Value:
    return arithmetic("/", total(items), number(len(items))) if items else None


@aggregate("product")
def product(items: list[Value]) -> Value:
    if not items or not _numbers(items):
        return None
    return functools.reduce(lambda left, right: arithmetic("*", left, right), items)


@aggregate("median")
def median(items: list[Value]) -> Value:
    if not items or not _numbers(items):
        return None
    ordered, middle = sorted(items), len(items) // 2
    if len(items) % 2:
        middle_item: Value = ordered[middle]
        return middle_item
    return arithmetic("/", arithmetic("+", ordered[middle - 1], ordered[middle]), Decimal(2))


@aggregate("stddev")
def standard_deviation(items: list[Value]) -> Value:
    if len(items) < 2 or not _numbers(items):
        return None
    centre = mean(items)
    squares = sum(CONTEXT.power(CONTEXT.subtract(item, centre), Decimal(2)) for item in items)
    return finite(CONTEXT.sqrt(CONTEXT.divide(Decimal(squares), Decimal(len(items) - 1))))


@aggregate("mode")
def mode(items: list[Value]) -> Value:
    if not _numbers(items):
        return None
    counts = {item: items.count(item) for item in items}
    return sorted(item for item, count in counts.items() if count == max(counts.values())) if items else []


def _numbers(items: list[Value]) -> bool:
    return all(isinstance(item, Decimal) for item in items)


@builtin("count", "list:l")
def count(items: list[Value]) -> Decimal:
    return Decimal(len(items))


builtin("count", "*list:v")(count)


@aggregate("all")
def every(items: list[Value]) -> bool | None:
    if False in [item for item in items if isinstance(item, bool)]:
        return False
    return True if all(item is True for item in items) else None


@aggregate("any")
def some(items: list[Value]) -> bool | None:
    if any(item is True for item in items):
        return True
    return False if all(item is False for item in items) else None


@builtin("list contains", "list:l, element:v")
def list_contains(items: list[Value], element: Value) -> bool:
    return any(equal(item, element) is True for item in items)


@builtin("append", "list:l, *item:v")
def append(items: list[Value], more: list[Value]) -> list[Value] | None:
    return [*items, *more] if len(items) + len(more) <= MAX_ITEMS else None


@builtin("concatenate", "*list:l")
def concatenate(lists: list[list[Value]]) -> list[Value] | None:
    return [item for one in lists for item in one] if sum(map(len, lists)) <= MAX_ITEMS else None


@builtin("insert before", "list:l, position:n, newItem:v")
def insert_before(items: list[Value], position: Decimal, item: Value) -> list[Value] | None:
    place = _place(items, position)
    return None if place is None else [*items[:place], item, *items[place:]]


@builtin("remove", "list:l, position:n")
def remove(items: list[Value], position: Decimal) -> list[Value] | None:
    place = _place(items, position)
    return None if place is None else [*items[:place], *items[place + 1 :]]


@builtin("list replace", "list:l, position:n, newItem:v")
def list_replace(items: list[Value], position: Decimal, item: Value) -> list[Value] | None:
    place = _place(items, position)
    return None if place is None else [*items[:place], item, *items[place + 1 :]]


@builtin("list replace", "list:l, match:f, newItem:v")
def list_replace_matching(items: list[Value], match: Function, new: Value) -> list[Value] | None:
    """match takes an item and the new one, and says whether to replace it."""
    if len(match.params) != 2:
        return None
    found = [match.call([item, new]) for item in items]
    if not all(isinstance(one, bool) for one in found):
        return None
    return [new if one else item for item, one in zip(items, found, strict=True)]


def _place(items: list[Value], position: Decimal) -> int | None:
    place = int(position)
    if place == 0 or abs(place) > len(items):
        return None
    return place - 1 if place > 0 else len(items) + place


@builtin("sublist", "list:l, start position:n, length?:n")
def sublist(items: list[Value], start: Decimal, length: Decimal | None) -> list[Value] | None:
    place = _place(items, start)
    if place is None:
        return None
    return items[place:] if length is None else items[place : place + int(length)]


@builtin("reverse", "list:l")
def reverse(items: list[Value]) -> list[Value]:
    return items[::-1]


@builtin("index of", "list:l, match:v")
def index_of(items: list[Value], match: Value) -> list[Value]:
    return [Decimal(place) for place, item in enumerate(items, 1) if equal(item, match) is True]


@builtin("union", "*list:l")
def union(lists: list[list[Value]]) -> list[Value] | None:
    together = concatenate(lists)
    return None if together is None else distinct_values(together)


@builtin("distinct values", "list:l")
def distinct_values(items: list[Value]) -> list[Value] | None:
    if len(items) > MAX_COMPARED:
        return None
    found: list[Value] = []
    for item in items:
        if not list_contains(found, item):
            found.append(item)
    return found


@builtin("flatten", "list:l")
def flatten(items: list[Value]) -> list[Value]:
    return [leaf for item in items for leaf in (flatten(item) if isinstance(item, list) else [item])]


@builtin("sort", "list:l, precedes?:f")
def sort(items: list[Value], precedes: Function | None) -> list[Value] | None:
    def before(left: Value, right: Value) -> Value:
        return compare("<", left, right) if precedes is None else precedes.call([left, right])

    key = functools.cmp_to_key(lambda a, b: -1 if before(a, b) is True else 1)
    ordered: list[Value] = sorted(items, key=key)
    return ordered


@builtin("get value", "m:c, key:s")
def get_value(context: dict[str, Value], key: str) -> Value:
    return context.get(key)


@builtin("get entries", "m:c")
def get_entries(context: dict[str, Value]) -> list[Value]:
    return [{"key": key, "value": value} for key, value in context.items()]


@builtin("context", "entries:l")
def context_of(entries: list[Value]) -> Value:
    out: dict[str, Value] = {}
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("key"), str) or "value" not in entry:
            return None
        if entry["key"] in out:
            return None
        out[entry["key"]] = entry["value"]
    return out


@builtin("context put", "context:c, key:s, value:v")
def context_put(context: dict[str, Value], key: str, value: Value) -> dict[str, Value]:
    return {**context, key: value}


@builtin("context put", "context:c, keys:l, value:v")
def context_put_deep(context: dict[str, Value], keys: list[Value], value: Value) -> Value:
    """keys: the path to the entry; contexts on the way must exist."""
    if not keys or not all(isinstance(key, str) for key in keys):
        return None
    if len(keys) == 1:
        return {**context, keys[0]: value}
    inner = context.get(keys[0])
    changed = context_put_deep(inner, keys[1:], value) if isinstance(inner, dict) else None
    return None if changed is None else {**context, keys[0]: changed}


@builtin("context merge", "contexts:l")
def context_merge(contexts: list[Value]) -> Value:
    if not all(isinstance(one, dict) for one in contexts):
        return None
    return {key: value for one in contexts for key, value in one.items()}
