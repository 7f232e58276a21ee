"""Reading the house: what import-linter cannot see. Each rule is a function over source text, so that a planted fault can be tried."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "recaudo"
FLOORS = (
    ("kernel", "lawbook"), ("engine",), ("store", "ui"), ("journal",), ("workforce",), ("portfolio",), ("law",), ("intake", "strategy"),
    ("agreements",), ("casework",), ("messaging",), ("desk",), ("analytics",), ("flow",), ("demo",), ("project",),
)  # fmt: skip
CONTEXTS = ("journal", "workforce", "portfolio", "law", "intake", "strategy", "agreements", "casework", "messaging", "desk", "analytics", "flow")
# What another context may import. `permit` and `catalogue` are casework's public words, `words` the Spanish names of codes.
FACE = {"models", "queries", "services", "permit", "catalogue", "words", "fields"}
WRITES = {"create", "bulk_create", "update", "bulk_update", "delete", "get_or_create", "update_or_create", "save"}


def floor_of(context: str) -> int:
    return next(number for number, names in enumerate(FLOORS) if context in names)


def modules(root: Path = SOURCE) -> Iterator[tuple[str, str, ast.Module]]:
    """(context, path, tree) of every module of a context, migrations aside."""
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).parts
        if len(parts) > 1 and "migrations" not in parts:
            yield parts[0], "/".join(parts), ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> Iterator[tuple[str, str, str]]:
    """(context, rest of the module, name) of everything imported from a context of recaudo."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("recaudo."):
            parts = node.module.split(".")[1:]
            for alias in node.names:
                yield parts[0], ".".join(parts[1:]) or alias.name, alias.name


def past_the_face(context: str, tree: ast.Module) -> list[str]:
    """Imports of another context's rooms instead of its public face."""
    found = []
    for other, rest, name in imports(tree):
        if other in CONTEXTS and other != context and rest.split(".")[0] not in FACE:
            found.append(f"{other}.{rest} ({name})")
        elif other in CONTEXTS and other != context and rest.startswith("services.") and context != "demo":
            found.append(f"{other}.{rest} ({name}): import the face, recaudo.{other}.services")
    return found


def keys_that_point_up(context: str, tree: ast.Module) -> list[str]:
    """String foreign keys ("app.Model") to a context on a higher floor."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"ForeignKey", "OneToOneField", "ManyToManyField"}:
            target = node.args[0] if node.args else None
            if isinstance(target, ast.Constant) and isinstance(target.value, str) and "." in target.value:
                app = target.value.split(".")[0]
                if app in CONTEXTS and floor_of(app) > floor_of(context):
                    found.append(target.value)
    return found


def writes_elsewhere(context: str, tree: ast.Module) -> list[str]:
    """Writes to another context's tables: `Model.objects...create(...)` on a model that was imported from elsewhere."""
    theirs = {name: other for other, rest, name in imports(tree) if rest.split(".")[0] == "models" and other != context and other in CONTEXTS}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
            base: ast.expr = node.func.value
            while isinstance(base, ast.Call | ast.Attribute):
                base = base.func if isinstance(base, ast.Call) else base.value
            if isinstance(base, ast.Name) and base.id in theirs:
                found.append(f"{theirs[base.id]}.{base.id}.{node.func.attr} (line {node.lineno})")
    return found


CLOCKS = {("timezone", "now"), ("datetime", "now"), ("date", "today"), ("time", "time"), ("datetime", "utcnow")}


def reads_the_clock(tree: ast.Module) -> list[str]:
    """`timezone.now()`, `datetime.now()`, `date.today()`, `time.time()` where the instant must come in as an argument."""
    found = []
    for node in ast.walk(tree):
        is_method = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
        if is_method and (node.func.value.id, node.func.attr) in CLOCKS:
            found.append(f"line {node.lineno}")
    return found


def loops_over_accounts(tree: ast.Module) -> list[str]:
    """A `for` in the daily job."""
    return [f"line {node.lineno}" for node in ast.walk(tree) if isinstance(node, ast.For | ast.While)]


def makes_permits(path: str, tree: ast.Module) -> list[str]:
    """`Permit(...)` anywhere but in the gate."""
    if path == "casework/services/gate.py":
        return []
    return [f"line {node.lineno}" for node in ast.walk(tree)
            if isinstance(node, ast.Call) and (getattr(node.func, "id", "") == "Permit" or getattr(node.func, "attr", "") == "Permit")]  # fmt: skip
