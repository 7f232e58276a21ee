"""A decision table as layers: masks per column, their AND, the rules that fire, the outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

from recaudo.engine.decide.feel.tree import Tests
from recaudo.engine.decide.model import Cell, Input, Rule, Table
from recaudo.engine.decide.sql import bins
from recaudo.engine.decide.sql.dialects import op
from recaudo.engine.decide.sql.expressions import Env, Translator, unify
from recaudo.engine.decide.sql.layers import Layers, Picked
from recaudo.engine.decide.sql.terms import Known, Refused, Rows, Sql, Struct, Term, lift
from recaudo.engine.decide.tables import allowed_values, rank_of

MAX_PICKED = 1_000  # rules: beyond, the lists by rule number are longer than what they spare


class Place(Protocol):
    """Says where in the model the compiler is, for its refusals."""

    def at(self, place: str) -> None: ...


@dataclass(frozen=True)
class Compiled:
    """term: the result; rule: the number of the rule that fired, or the list of them."""

    term: Term
    rule: Sql | Rows


class TableCompiler:
    def __init__(self, table: Table, translator: Translator, layers: Layers, env: Env, place: Place) -> None:
        self.table = table
        self.translator = translator
        self.layers = layers
        self.env = env
        self.place = place

    def compile(self) -> Compiled:
        """Raises Refused."""
        outputs = [[self.output(cell, rule) for rule in self.table.rules] for cell in range(len(self.table.outputs))]
        order = self.order(outputs)
        words = self.masks([self.table.rules[place] for place in order])
        numbers = [self.table.rules[place].number for place in order]
        if self.table.is_single_hit:
            return self.single(outputs, order, numbers, words)
        return self.many(outputs, order, numbers, words)

    def output(self, cell: int, rule: Rule) -> Term:
        self.place.at(f"regla {rule.number}, resultado {cell + 1}")
        return self.expression(rule.outputs[cell])

    def expression(self, cell: Cell) -> Term:
        if cell.broken:
            raise Refused(f"la celda «{cell.text}», que no se entiende ({cell.broken.data['what']})", "Corríjala.")
        return Known(None) if cell.tree is None else self.translator.term(cell.tree, self.env)

    def order(self, outputs: list[list[Term]]) -> list[int]:
        """Places of the rules in the order in which they win."""
        places = list(range(len(self.table.rules)))
        if self.table.policy not in "PO":
            return places
        ranks = []
        for output, terms in zip(self.table.outputs, outputs, strict=True):
            if not all(isinstance(term, Known) for term in terms):
                raise Refused(
                    "una tabla con prioridad y resultados calculados", "Use la política F (primera) o resultados fijos."
                )
            allowed = allowed_values(output.allowed)
            ranks.append([rank_of(term.value, allowed) for term in terms if isinstance(term, Known)])
        return sorted(places, key=lambda place: [rank[place] for rank in ranks])

    # -- masks

    def masks(self, rules: Sequence[Rule]) -> list[str]:
        """One BIGINT column name per 62 rules."""
        count = max(1, -(-len(rules) // bins.WORD))
        parts: list[list[str]] = [[] for _ in range(count)]
        every = (1 << len(rules)) - 1
        for place, column in enumerate(self.table.inputs):
            cells = [self.tests(rule, place) for rule in rules]
            if any(cell.tests for cell in cells):
                built = self.column(column, place, cells)
                if isinstance(built, int):
                    every &= built
                else:
                    for word, mask in enumerate(self.words_of(built, count)):
                        parts[word].append(mask)
        names = [self.layers.alias("w") for _ in range(count)]
        columns = [
            (name, " & ".join([*part, f"CAST({bins.word_of(every, word)} AS BIGINT)"]))
            for word, (name, part) in enumerate(zip(names, parts, strict=True))
        ]
        self.layers.add(columns)
        return names

    def words_of(self, column: bins.Column, count: int) -> list[str]:
        """The masks of a column, word by word; for several words the piece is looked up once."""
        if count == 1:
            return [bins.mask_sql(column, 0)]
        index = self.layers.alias("b")
        self.layers.add([(index, bins.index_sql(column))])
        return [bins.indexed_mask_sql(column, index, word) for word in range(count)]

    def tests(self, rule: Rule, place: int) -> Tests:
        cell = rule.inputs[place]
        self.place.at(f"regla {rule.number}, condición {place + 1}")
        if cell.tests is None:
            why = cell.broken.data["what"] if cell.broken else "vacía"
            raise Refused(f"la celda «{cell.text}», que no se entiende ({why})", "Corríjala.")
        return cell.tests

    def column(self, column: Input, place: int, cells: list[Tests]) -> bins.Column | int:
        self.place.at(f"condición {place + 1} «{column.label or column.expression.text}»")
        value = self.expression(column.expression)
        if isinstance(value, Known):
            return self.fixed(value, cells)
        if not isinstance(value, Sql):
            raise Refused("una condición sobre una lista o estructura", "Use un dato simple por columna.")
        if value.kind == "null":
            return self.fixed(Known(None), cells)
        value = self.layers.column("i", value)
        return bins.build(value, cells, self.translator, self.env, self.layers.picked.get(value.text))

    def fixed(self, value: Known, cells: list[Tests]) -> bins.Column | int:
        """A column whose value does not vary: a constant mask, or conditions that compare it with facts."""
        found = [self.translator.accepts(cell, value, self.env) for cell in cells]
        mask = sum(1 << bit for bit, term in enumerate(found) if not isinstance(term, Known) or term.value is True)
        odd = tuple((1 << bit, lift(term)) for bit, term in enumerate(found) if not isinstance(term, Known))
        return bins.Column(Sql("boolean", "TRUE"), (bins.Piece(mask),), mask, odd) if odd else mask

    # -- one result

    def single(self, outputs: list[list[Term]], order: list[int], numbers: list[int], words: list[str]) -> Compiled:
        """rank: the place in `order` of the rule that fired, from 1; 0 none; NULL a violation of U or A."""
        rank = self.layers.alias("r")
        first = "CASE" + "".join(
            f" WHEN {word} <> 0 THEN CAST(bit_count(({word} & -{word}) - 1) AS INTEGER) + {1 + bins.WORD * place}"
            for place, word in enumerate(words)
        )
        first += " ELSE 0 END"
        if self.table.policy == "U":
            hits = " + ".join(f"CAST(bit_count({word}) AS INTEGER)" for word in words)
            first = f"CASE WHEN {hits} <= 1 THEN {first} END"
        self.layers.add([(rank, first)])
        terms = [self.pick(rank, [column[place] for place in order]) for column in outputs]
        if self.table.policy == "A":
            rank = self.agreed(rank, outputs, order, words)
            terms = [self.pick(rank, [column[place] for place in order]) for column in outputs]
        terms = self.defaults(rank, terms)
        number = (
            f"NULLIF({rank}, 0)"
            if numbers == list(range(1, len(numbers) + 1))
            else op("pick", rank, *numbers)
        )
        term = self.shape(terms)
        self.remember(rank, term, [[column[place] for place in order] for column in outputs])
        return Compiled(term, self.layers.column("n", Sql("number", f"CAST({number} AS INTEGER)", (9, 0))))

    def remember(self, rank: str, term: Term, columns: list[list[Term]]) -> None:
        """Results that are all constants: a later table can look them up by the number of the rule instead of comparing values."""
        if len(self.table.rules) > MAX_PICKED:
            return
        kept = [value for _, value in term.entries] if isinstance(term, Struct) else [term]
        for output, value, rows in zip(self.table.outputs, kept, columns, strict=True):
            default = self.expression(output.default) if output.default else Known(None)
            found = tuple(one.value for one in (default, *rows) if isinstance(one, Known))
            if isinstance(value, Sql) and value.is_plain and len(found) == len(rows) + 1:
                self.layers.picked[value.text] = Picked(rank, found)

    def agreed(self, rank: str, outputs: list[list[Term]], order: list[int], words: list[str]) -> str:
        """A: all rules that match must say the same. Rules are grouped by equal outputs; any match outside the group is a violation."""
        rows = [[column[place] for column in outputs] for place in order]
        if not all(isinstance(term, Known) for row in rows for term in row):
            raise Refused(
                "una tabla con política A y resultados calculados", "Use la política F (primera) o resultados fijos."
            )
        groups = []
        for row in rows:
            mask = sum(1 << bit for bit, other in enumerate(rows) if other == row)
            groups.append(mask)
        tests = []
        for place, word in enumerate(words):
            allowed = op("pick", rank, *(f"CAST({bins.word_of(mask, place)} AS BIGINT)" for mask in groups))
            tests.append(f"({word} & ~({allowed})) = 0")
        name = self.layers.alias("r")
        self.layers.add([(name, f"CASE WHEN {rank} = 0 OR ({' AND '.join(tests)}) THEN {rank} END")])
        return name

    def pick(self, rank: str, terms: list[Term]) -> Term:
        """The output of the rule that fired."""
        if not terms:
            return Known(None)
        if all(isinstance(term, Struct) for term in terms):
            raise Refused("un resultado que es una estructura", "Use una columna de resultado por dato.")
        parts = [lift(term) for term in terms]
        texts, out = unify(parts)
        if out.kind == "null":
            return Known(None)
        if out.over is not None:
            raise Refused("una división como resultado de una regla", "Redondéela con decimal(x, n).")
        if all(isinstance(term, Known) for term in terms):
            text = op("pick", rank, *texts)
        else:
            text = f"CASE {rank}" + "".join(f" WHEN {place} THEN {one}" for place, one in enumerate(texts, 1)) + " END"
        return replace(out, text=text)

    def defaults(self, rank: str, terms: list[Term]) -> list[Term]:
        if all(output.default is None for output in self.table.outputs):
            return terms
        out: list[Term] = []
        for output, term in zip(self.table.outputs, terms, strict=True):
            self.place.at(f"valor por defecto de «{output.name}»")
            default = lift(self.expression(output.default)) if output.default else Sql("null", "NULL")
            texts, kind = unify([default, lift(term)])
            text = f"CASE WHEN {rank} = 0 THEN {texts[0]} ELSE {texts[1]} END"
            out.append(Known(None) if kind.kind == "null" else replace(kind, text=text))
        return out

    def shape(self, terms: list[Term]) -> Term:
        kept = [self.layers.keep(term, "o") for term in terms]
        if len(kept) == 1:
            return kept[0]
        names = [output.name or output.label for output in self.table.outputs]
        return Struct(tuple(zip(names, kept, strict=True)))

    # -- many results

    def many(self, outputs: list[list[Term]], order: list[int], numbers: list[int], words: list[str]) -> Compiled:
        ranks = self.layers.alias("r")
        outputs, fallback = self.fallback(outputs, len(order))
        lists = []
        for place, word in enumerate(words):
            here = range(place * bins.WORD, min(len(order), (place + 1) * bins.WORD))
            lists.append(op("ranks", word, 1 + place * bins.WORD, *(rank + 1 for rank in here)))
        text = lists[0] if len(lists) == 1 else op("joined", *lists)
        self.layers.add(
            [(ranks, f"CASE WHEN {' AND '.join(f'{word} = 0' for word in words)} THEN {fallback} ELSE {text} END")]
        )
        if self.table.aggregation == "+" and fallback == "NULL" and (total := self.scorecard(outputs[0], order, words)):
            return Compiled(total, self.numbers_list(ranks, numbers, len(order), fallback))
        columns = [self.rows(ranks, [*(column[place] for place in order), *column[len(order) :]]) for column in outputs]
        if self.table.aggregation:
            term = self.aggregate(ranks, columns)
        elif len(columns) == 1:
            term = columns[0]
        else:
            names = [output.name or output.label for output in self.table.outputs]
            term = Rows("context", ranks, columns=tuple(zip(names, columns, strict=True)))
        rule = self.numbers_list(ranks, numbers, len(order), fallback)
        return Compiled(term, rule)

    def numbers_list(self, ranks: str, numbers: list[int], count: int, fallback: str) -> Rows:
        """The numbers of the rules that fired, in order."""
        text = ranks
        if numbers != list(range(1, count + 1)):
            text = op("mapped_whole", ranks, *numbers)
        if fallback != "NULL":
            text = f"CASE WHEN {op('first', ranks)} <= {count} THEN {text} END"
        rule = self.layers.keep(Rows("number", text, (9, 0)), "n")
        assert isinstance(rule, Rows)
        return rule

    def scorecard(self, terms: list[Term], order: list[int], words: list[str]) -> Term | None:
        """C+ of whole constants: a sum over the bits, without lists. None when the outputs are not that."""
        found = [_whole(terms[place]) for place in order]
        points = [point for point in found if point is not None]
        if len(self.table.outputs) != 1 or len(points) < len(found) or sum(map(abs, points)) >= 10**15:
            return None
        bits = (
            f"{op('bit', words[rank // bins.WORD], rank % bins.WORD)} * {point}"
            for rank, point in enumerate(points)
            if point
        )
        none = " AND ".join(f"{word} = 0" for word in words)
        text = f"CASE WHEN NOT ({none}) THEN {' + '.join(bits) or '0'} END"
        return self.layers.column("o", Sql("number", f"CAST({text} AS BIGINT)", (16, 0)))

    def fallback(self, outputs: list[list[Term]], count: int) -> tuple[list[list[Term]], str]:
        """Default outputs as one more row, and the list of ranks that means it."""
        if all(output.default is None for output in self.table.outputs):
            return outputs, "NULL"
        if self.table.aggregation:
            raise Refused("un valor por defecto en una tabla que agrega", "Agregue una última regla con «-».")
        more = [self.expression(output.default) if output.default else Known(None) for output in self.table.outputs]
        return [[*column, term] for column, term in zip(outputs, more, strict=True)], op("one_rank", count + 1)

    def rows(self, ranks: str, terms: list[Term]) -> Rows:
        texts, out = unify([lift(term) for term in terms]) if terms else (["NULL"], Sql("null", "NULL"))
        if out.over is not None:
            raise Refused("una división como resultado de una regla", "Redondéela con decimal(x, n).")
        text = op("mapped", ranks, *texts)
        kept = self.layers.keep(Rows(out.kind, text, out.digits, domain=out.domain), "l")
        assert isinstance(kept, Rows)
        return kept

    def aggregate(self, ranks: str, columns: list[Rows]) -> Term:
        if len(columns) != 1:
            raise Refused("C+ C< C> C# con varias columnas de resultado", "Deje una sola columna.")
        rows, kind = columns[0], self.table.aggregation
        if kind == "#":
            return self.layers.column("o", Sql("number", op("size", ranks), (9, 0)))
        if rows.kind not in ("number", "string", "date") or (kind == "+" and rows.kind != "number"):
            raise Refused(f"C{kind} sobre valores que no son números")
        digits = rows.digits
        if kind == "+" and digits:
            grown = min(digits[0] + len(str(len(self.table.rules))), 38)
            digits = (grown, digits[1])
        value = f"CASE WHEN {op('has_no_null', rows.text)} THEN {op('folded', kind, rows.text, *(digits or ()))} END"
        if rows.kind == "number" and digits:
            value = f"CAST({value} AS DECIMAL({digits[0]},{digits[1]}))"
        return self.layers.column("o", Sql(rows.kind, value, digits))


def _whole(term: Term) -> int | None:
    if isinstance(term, Known) and isinstance(term.value, Decimal) and term.value == int(term.value):
        return int(term.value)
    return None
