"""DMN 1.2 to 1.5 XML to a Model, by local name, so that every version's namespace reads alike.

The file comes from a person's browser or another vendor: it is untrusted. No DOCTYPE, no entities, no network;
sizes and depths are limited before anything is built. A cell that FEEL cannot read does not stop the reading:
the cell keeps its problem, `check` reports it with its place and nothing with such a cell is run over a portfolio.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from lxml import etree

from recaudo.engine.decide.feel.parser import normal_name, parse_entry, parse_expression, parse_tests
from recaudo.engine.decide.feel.tree import Node
from recaudo.engine.decide.model import (
    BoxedList,
    Cell,
    Conditional,
    Context,
    Decision,
    Entry,
    Expression,
    FunctionDefinition,
    Input,
    InputData,
    Invocation,
    ItemType,
    Knowledge,
    Literal,
    Loop,
    Model,
    Output,
    Relation,
    Rule,
    Service,
    Table,
)  # fmt: skip
from recaudo.engine.decide.problems import FeelSyntax, HostileXml, InvalidModel, TooLarge, UnreadableXml

MAX_BYTES = 20_000_000
MAX_ELEMENTS = 1_000_000
MAX_DEPTH = 60
MAX_RULES = 5_000
MAX_COLUMNS = 100
MAX_NAMES = 5_000

_POLICIES = {
    "UNIQUE": "U",
    "ANY": "A",
    "PRIORITY": "P",
    "FIRST": "F",
    "RULE ORDER": "R",
    "OUTPUT ORDER": "O",
    "COLLECT": "C",
}
_AGGREGATIONS = {"": "", "SUM": "+", "MIN": "<", "MAX": ">", "COUNT": "#"}
_BASIC = {
    "string", "number", "boolean", "date", "time", "date and time", "days and time duration",
    "years and months duration", "Any", "context", "list", "function",
}  # fmt: skip
_TYPE_ALIASES = {
    "dateTime": "date and time", "dayTimeDuration": "days and time duration", "yearMonthDuration":
    "years and months duration", "integer": "number", "long": "number", "double": "number", "decimal": "number",
    "any": "Any", "<Undefined>": "",
}  # fmt: skip


def parse_xml(xml: bytes) -> etree._Element:
    """The root of a document from outside. Raises HostileXml, UnreadableXml, TooLarge."""
    if len(xml) > MAX_BYTES:
        raise TooLarge(what="bytes del archivo", found=len(xml), limit=MAX_BYTES)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=False
    )
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        if b"<!DOCTYPE" in xml[:2000] or "ntit" in str(error):
            raise HostileXml(what="DOCTYPE o entidades") from None
        raise UnreadableXml(what=f"línea {error.lineno or 0}: XML mal formado o demasiado profundo") from None
    except ValueError:
        raise UnreadableXml(what="codificación no admitida") from None
    _refuse_hostile(root)
    return root


def _refuse_hostile(root: etree._Element) -> None:
    info = root.getroottree().docinfo
    if info.doctype or info.internalDTD is not None:
        raise HostileXml(what="DOCTYPE")
    depth, count = 0, 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        count += event == "start"
        if depth > MAX_DEPTH:
            raise TooLarge(what="niveles de anidamiento", found=depth, limit=MAX_DEPTH)
        if count > MAX_ELEMENTS:
            raise TooLarge(what="elementos", found=count, limit=MAX_ELEMENTS)
        if isinstance(element, etree._Entity):
            raise HostileXml(what="entidad")


def read(xml: bytes) -> Model:
    """Read a model.

    xml      the file, at most 20 MB
    Returns  the model; cells that cannot be read are kept with their problem (see `check`)
    Raises   HostileXml, UnreadableXml, TooLarge, InvalidModel
    """
    root = parse_xml(xml)
    if local(root) != "definitions":
        raise UnreadableXml(what="la raíz no es «definitions»")
    return _Reader(root).model(xml)


def local(element: etree._Element) -> str:
    """The name of an element without its namespace; "" for comments and the like."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    """The element children that have one of the local names."""
    return (child for child in element if local(child) in names)


def child(element: etree._Element, name: str) -> etree._Element | None:
    return next(children(element, name), None)


def text_of(element: etree._Element | None) -> str:
    """The text of the `text` child, or ""."""
    if element is None:
        return ""
    inner = child(element, "text")
    return "".join(inner.itertext()).strip() if inner is not None else ""


class _Reader:
    def __init__(self, root: etree._Element) -> None:
        self.root = root
        self.names = self._all_names()
        # A large table has the same few texts again and again: each is parsed once.
        self.parsed: dict[tuple[str, str], Node | FeelSyntax | None] = {}

    def _all_names(self) -> frozenset[str]:
        found = {
            normal_name(element.get("name") or element.get("iteratorVariable") or "")
            for element in self.root.iter(etree.Element)
            if (element.get("name") or element.get("iteratorVariable"))
        }
        found |= {
            normal_name("".join(node.itertext())) for node in self.root.iter(etree.Element) if local(node) == "column"
        }
        if len(found) > MAX_NAMES:
            raise TooLarge(what="nombres", found=len(found), limit=MAX_NAMES)
        return frozenset(name for name in found if 0 < len(name) <= 200)

    def model(self, xml: bytes) -> Model:
        root = self.root
        model = Model(
            xml=xml,
            sha256=hashlib.sha256(xml).hexdigest(),
            name=root.get("name") or "",
            namespace=root.get("namespace") or "",
            types={item.name: item for item in map(self.item, children(root, "itemDefinition"))},
            inputs=tuple(self.input_data(node) for node in children(root, "inputData")),
            decisions=tuple(self.decision(node) for node in children(root, "decision")),
            knowledge=tuple(self.knowledge(node) for node in children(root, "businessKnowledgeModel")),
            services=tuple(self.service(node) for node in children(root, "decisionService")),
            names=self.names,
        )
        _refuse_duplicates(model)
        return model

    # -- the parts of a graph

    def input_data(self, node: etree._Element) -> InputData:
        return InputData(_id(node), normal_name(node.get("name") or ""), self.variable_type(node))

    def decision(self, node: etree._Element) -> Decision:
        return Decision(
            _id(node),
            normal_name(node.get("name") or ""),
            self.variable_type(node),
            self.first(node),
            self.requirements(node),
        )

    def knowledge(self, node: etree._Element) -> Knowledge:
        logic = child(node, "encapsulatedLogic")
        function = FunctionDefinition((), None, False) if logic is None else self.function(logic)
        return Knowledge(
            _id(node), normal_name(node.get("name") or ""), self.variable_type(node), function, self.requirements(node)
        )

    def service(self, node: etree._Element) -> Service:
        def ids(*names: str) -> tuple[str, ...]:
            return tuple(_href(one) for one in children(node, *names))

        return Service(
            _id(node), normal_name(node.get("name") or ""), self.variable_type(node),
            ids("outputDecision"), ids("encapsulatedDecision"), (*ids("inputData"), *ids("inputDecision")),
        )  # fmt: skip

    def requirements(self, node: etree._Element) -> tuple[str, ...]:
        return tuple(
            _href(target)
            for requirement in children(node, "informationRequirement", "knowledgeRequirement")
            for target in children(requirement, "requiredInput", "requiredDecision", "requiredKnowledge")
        )

    def variable_type(self, node: etree._Element) -> str:
        variable = child(node, "variable")
        return type_name(variable.get("typeRef")) if variable is not None else ""

    def item(self, node: etree._Element) -> ItemType:
        base = child(node, "typeRef")
        allowed = child(node, "allowedValues")
        constraint = child(node, "typeConstraint")
        function = child(node, "functionItem")
        name = normal_name(node.get("name") or "")
        return ItemType(
            name=name,
            base="function" if function is not None else type_name(base.text if base is not None else ""),
            is_list=node.get("isCollection") == "true",
            components=tuple(self.item(part) for part in children(node, "itemComponent")),
            allowed=self.cell(constraint if constraint is not None else allowed, parse_tests)
            if allowed is not None or constraint is not None
            else None,
            result=type_name(function.get("outputTypeRef")) if function is not None else "",
        )

    # -- expressions

    def first(self, node: etree._Element) -> Expression | None:
        """The first expression that is a child of the node."""
        for one in node:
            if local(one) in self.EXPRESSIONS:
                return self.EXPRESSIONS[local(one)](self, one)
        return None

    def need(self, node: etree._Element | None) -> Expression:
        found = None if node is None else self.first(node)
        return Literal(Cell("", "null", parse_expression("null"))) if found is None else found

    def cell(self, node: etree._Element | None, parse: Callable[..., Node | None]) -> Cell:
        identity = "" if node is None else node.get("id") or ""
        text = text_of(node)
        key = (parse.__name__, text)
        if key not in self.parsed:
            try:
                self.parsed[key] = parse(text, self.names)
            except FeelSyntax as problem:
                self.parsed[key] = problem
        found = self.parsed[key]
        return Cell(identity, text, None, found) if isinstance(found, FeelSyntax) else Cell(identity, text, found)

    def literal(self, node: etree._Element) -> Expression:
        return Literal(self.cell(node, parse_entry), type_name(node.get("typeRef")))

    def context(self, node: etree._Element) -> Expression:
        entries = []
        for entry in children(node, "contextEntry"):
            variable = child(entry, "variable")
            name = "" if variable is None else normal_name(variable.get("name") or "")
            kind = "" if variable is None else type_name(variable.get("typeRef"))
            entries.append(Entry(name, kind, self.need(entry)))
        return Context(tuple(entries))

    def invocation(self, node: etree._Element) -> Expression:
        bindings = []
        for binding in children(node, "binding"):
            parameter = child(binding, "parameter")
            name = "" if parameter is None else normal_name(parameter.get("name") or "")
            bindings.append((name, self.need(binding)))
        return Invocation(self.need(node), tuple(bindings), type_name(node.get("typeRef")))

    def function(self, node: etree._Element) -> FunctionDefinition:
        params = tuple(
            (normal_name(one.get("name") or ""), type_name(one.get("typeRef")))
            for one in children(node, "formalParameter")
        )
        external = node.get("kind") in ("Java", "PMML")
        return FunctionDefinition(
            params, None if external else self.first(node), external, type_name(node.get("typeRef"))
        )

    def list_of(self, node: etree._Element) -> Expression:
        return BoxedList(
            tuple(self.EXPRESSIONS[local(one)](self, one) for one in node if local(one) in self.EXPRESSIONS)
        )

    def relation(self, node: etree._Element) -> Expression:
        columns = tuple(normal_name(one.get("name") or "") for one in children(node, "column"))
        rows = tuple(
            tuple(self.EXPRESSIONS[local(one)](self, one) for one in row if local(one) in self.EXPRESSIONS)
            for row in children(node, "row")
        )
        return Relation(columns, rows)

    def conditional(self, node: etree._Element) -> Expression:
        return Conditional(*(self.need(child(node, part)) for part in ("if", "then", "else")))

    def loop(self, node: etree._Element) -> Expression:
        kind = local(node)
        variable = normal_name(node.get("iteratorVariable") or "item")
        body = child(node, {"for": "return", "filter": "match"}.get(kind, "satisfies"))
        return Loop(kind, variable, self.need(child(node, "in")), self.need(body))

    # -- tables

    def table(self, node: etree._Element) -> Table:
        policy = (node.get("hitPolicy") or "UNIQUE").upper()
        aggregation = (node.get("aggregation") or "").upper()
        where = f"la tabla «{node.get('id') or ''}»"
        if policy not in _POLICIES or aggregation not in _AGGREGATIONS:
            raise InvalidModel(
                where=where, what=f"política «{policy} {aggregation}»", remedy="Use U, A, P, F, R, O o C."
            )
        _refuse_larger(node, where)
        inputs = tuple(self.input(one) for one in children(node, "input"))
        outputs = tuple(self.output(one) for one in children(node, "output"))
        rules = tuple(self.rule(one, number) for number, one in enumerate(children(node, "rule"), 1))
        names = tuple(one.get("name") or "" for one in children(node, "annotation"))
        table = Table(
            node.get("id") or "", _POLICIES[policy], _AGGREGATIONS[aggregation], inputs, outputs, rules, names
        )
        _refuse_misshapen(table, where)
        return table

    def input(self, node: etree._Element) -> Input:
        expression = child(node, "inputExpression")
        values = child(node, "inputValues")
        kind = type_name(expression.get("typeRef")) if expression is not None else ""
        allowed = self.cell(values, parse_tests) if values is not None else None
        return Input(node.get("id") or "", node.get("label") or "", self.cell(expression, parse_entry), kind, allowed)

    def output(self, node: etree._Element) -> Output:
        values, default = child(node, "outputValues"), child(node, "defaultOutputEntry")
        return Output(
            id=node.get("id") or "",
            name=normal_name(node.get("name") or ""),
            label=node.get("label") or "",
            type=type_name(node.get("typeRef")),
            allowed=self.cell(values, parse_tests) if values is not None else None,
            default=self.cell(default, parse_entry) if default is not None else None,
        )

    def rule(self, node: etree._Element, number: int) -> Rule:
        description = child(node, "description")
        notes = [text_of(one) for one in children(node, "annotationEntry")]
        if not any(notes) and description is not None:
            notes = ["".join(description.itertext()).strip()]
        return Rule(
            id=node.get("id") or f"rule_{number}",
            number=number,
            inputs=tuple(self.cell(one, parse_tests) for one in children(node, "inputEntry")),
            outputs=tuple(self.cell(one, parse_entry) for one in children(node, "outputEntry")),
            annotations=tuple(notes),
        )

    EXPRESSIONS: dict[str, Callable[[_Reader, etree._Element], Expression]] = {
        "decisionTable": table, "literalExpression": literal, "context": context, "invocation": invocation,
        "functionDefinition": function, "list": list_of, "relation": relation, "conditional": conditional,
        "for": loop, "every": loop, "some": loop, "filter": loop,
    }  # fmt: skip


def type_name(text: str | None) -> str:
    """A type reference without its prefix: `feel:number` is `number`; "" when there is none."""
    text = normal_name(text or "")
    bare = text.rpartition(":")[2].strip() if ":" in text else text
    if bare.startswith("tns."):
        bare = bare[4:]
    return _TYPE_ALIASES.get(bare, bare)


def _id(node: etree._Element) -> str:
    return node.get("id") or node.get("name") or ""


def _href(node: etree._Element) -> str:
    return (node.get("href") or "").rpartition("#")[2]


def _refuse_duplicates(model: Model) -> None:
    seen: set[str] = set()
    for node in model.nodes:
        if node.id in seen:
            raise InvalidModel(
                where=f"«{node.name}»", what=f"el identificador «{node.id}» se repite", remedy="Cambie uno."
            )
        seen.add(node.id)


def _refuse_larger(node: etree._Element, where: str) -> None:
    """Before any cell is parsed: what is too large is refused at once."""
    for what, limit, found in (("reglas", MAX_RULES, children(node, "rule")), ("columnas", MAX_COLUMNS, children(node, "input", "output"))):
        count = sum(1 for _ in found)
        if count > limit:
            raise TooLarge(what=f"{what} en {where}", found=count, limit=limit)


def _refuse_misshapen(table: Table, where: str) -> None:
    if not table.outputs:
        raise InvalidModel(where=where, what="no tiene columna de resultado", remedy="Agregue una.")
    ids: set[str] = set()
    for rule in table.rules:
        if len(rule.inputs) != len(table.inputs) or len(rule.outputs) != len(table.outputs):
            place = f"{where}, regla {rule.number}"
            raise InvalidModel(where=place, what="le faltan o sobran celdas", remedy="Complete la fila en el editor.")
        if rule.id in ids:
            raise InvalidModel(
                where=f"{where}, regla {rule.number}", what=f"repite el identificador «{rule.id}»", remedy="Cámbielo."
            )
        ids.add(rule.id)
