"""What a layout says, made ready: which column feeds which field, in which formats, into which book. Pure; no models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from recaudo.engine.clean import search_key
from recaudo.intake.adapters import Reading
from recaudo.intake.derive import RULES
from recaudo.intake.fields import BY_NAME, CODES, COMPONENT_FIELDS, fields_for
from recaudo.kernel.problems import Problem

DATE_ORDER: dict[str, str] = {"%d/%m/%Y": "dmy", "%m/%d/%Y": "mdy", "%Y-%m-%d": "ymd", "dmy": "dmy", "mdy": "mdy", "ymd": "ymd"}


class BadLayout(Problem):
    code = "bad_layout"
    message = "El formato no sirve para este archivo: {why}"


@dataclass(frozen=True, slots=True)
class Book:
    """A portfolio as the checks need it."""

    portfolio_id: UUID
    creditor_id: UUID
    code: str
    currency: str
    country: str
    product: str
    kind: str


@dataclass(frozen=True, slots=True)
class Feed:
    """Where a field comes from: a column, a fixed text, or both (the text where the column is empty)."""

    column: str | None
    default: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)
    is_negative_ok: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A layout that fits a file.

    book       where rows without a portfolio of their own go
    currency   of payments that do not say theirs
    whatsapp   the first mobile number of a person is taken as reachable by WhatsApp too
    """

    target: str
    feeds: Mapping[str, Feed]
    extra: tuple[str, ...]
    style: str
    order: str
    id_kind: str | None
    rule: str
    on: date
    books: Mapping[str, Book]
    book: Book | None
    currency: str = ""
    whatsapp: bool = True

    def feeds_any(self, *names: str) -> bool:
        return any(name in self.feeds for name in names)

    @property
    def components(self) -> list[str]:
        """The components of the balance that the file brings, besides principal."""
        return [name for name in COMPONENT_FIELDS if name in self.feeds]

    def title(self, name: str) -> str:
        """The file's own word for a field, to name it in a reason."""
        feed = self.feeds.get(name)
        return feed.column if feed and feed.column else BY_NAME[name].label_es


def make_plan(
    *, target: str, mapping: Mapping[str, Any], options: Mapping[str, Any], reading: Reading, books: Mapping[str, Book], book: Book | None, on: date
) -> Plan:
    """Fit a layout to the titles of a file.

    Raises  BadLayout, naming the column that is missing or comes twice, or the field that has no source
    """
    known = {field.name for field in fields_for(target)}
    titles = {search_key(name): name for name in reversed(reading.columns)}
    _check_columns(mapping, known, titles, reading)
    feeds = {
        name: _feed(name, spec, titles, reading) for name, spec in mapping.items() if name in known and name != "extra"
    }
    _check_required(target, feeds, options)
    style = "comma" if options.get("decimal") == "," else "point"
    order = DATE_ORDER.get(str(options.get("date") or "dmy"))
    if order is None:
        raise BadLayout(why=f"el orden de fecha «{options.get('date')}» no existe; use dmy, mdy o ymd.")
    rule = str(options.get("derive") or "")
    if rule and rule not in RULES:
        raise BadLayout(why=f"la regla «{rule}» no existe; use {', '.join(RULES)}.")
    if target != "payments" and book is None and "portfolio_code" not in feeds:
        raise BadLayout(why="falta decir a qué cartera entran las cuentas: elija una o asigne la columna «Cartera».")
    extra = _extra(mapping.get("extra"), titles, feeds, reading)
    currency = str(options.get("currency") or (book.currency if book else ""))
    is_whatsapp = options.get("whatsapp", "first") != "no"
    return Plan(target, feeds, extra, style, order, options.get("id_kind") or None, rule, on, books, book, currency, is_whatsapp)


def _check_columns(mapping: Mapping[str, Any], known: set[str], titles: Mapping[str, str], reading: Reading) -> None:
    wanted = {name: spec if isinstance(spec, str) else (spec or {}).get("column") for name, spec in mapping.items() if name in known and name != "extra"}
    missing = sorted(f"«{column}» ({BY_NAME[name].label_es})" for name, column in wanted.items() if column and search_key(column) not in titles)
    if missing:
        raise BadLayout(why=f"no vienen las columnas {_listed(missing)}. Columnas recibidas: {_listed(reading.columns)}.")


def _feed(name: str, spec: Any, titles: Mapping[str, str], reading: Reading) -> Feed:
    spec = {"column": spec} if isinstance(spec, str) else dict(spec or {})
    wanted = spec.get("column") or None
    column = titles.get(search_key(wanted)) if wanted else None
    if column in reading.repeated:
        raise BadLayout(why=f"la columna «{column}» viene más de una vez y no se sabe cuál usar. Deje una sola.")
    codes = {**CODES.get(name, {}), **{search_key(str(key)): str(value) for key, value in dict(spec.get("map") or {}).items()}}
    return Feed(column, str(spec.get("default") or ""), codes, spec.get("negative") == "accept")


def _check_required(target: str, feeds: Mapping[str, Feed], options: Mapping[str, Any]) -> None:
    missing = [field.label_es for field in fields_for(target) if field.required and field.name not in feeds]
    if target == "accounts" and not any(name in feeds for name in ("holder_name", "holder_given_names", "holder_first_surname")):
        missing.append("Titular: nombre completo")
    if target == "accounts" and not any(name in feeds for name in ("balance", "invoice_amount")):
        missing.append("Saldo total")
    if options.get("derive") and "month_status_0" not in feeds:
        missing.append(BY_NAME["month_status_0"].label_es)
    if missing:
        raise BadLayout(why=f"falta asignar: {', '.join(missing)}.")


def _extra(spec: Any, titles: Mapping[str, str], feeds: Mapping[str, Feed], reading: Reading) -> tuple[str, ...]:
    wanted = (spec or {}).get("columns") if isinstance(spec, Mapping) else spec
    if not wanted:
        return ()
    if wanted == "*":
        used = {feed.column for feed in feeds.values()}
        return tuple(name for name in reading.columns if name not in used)
    missing = [name for name in wanted if search_key(name) not in titles]
    if missing:
        raise BadLayout(why=f"no viene la columna «{missing[0]}», que se guarda como otro dato.")
    return tuple(titles[search_key(name)] for name in wanted)


def _listed(columns: list[str]) -> str:
    """The first few, so that the message stays one a person reads."""
    return ", ".join(columns[:5]) + (f" y {len(columns) - 5} más" if len(columns) > 5 else "")
