"""Reading the house: what import-linter cannot see. Each rule is a function over source text, so that a planted fault can be tried."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "recaudo"
FLOORS = (
    ("kernel", "lawbook"), ("engine",), ("store", "ui"), ("journal",), ("workforce",), ("portfolio",), ("law",), ("intake", "strategy"),
    ("agreements",), ("casework",), ("messaging",), ("desk",), ("analytics",), ("compliance",), ("flow",), ("demo",), ("project",),
)  # fmt: skip
CONTEXTS = ("journal", "workforce", "portfolio", "law", "intake", "strategy", "agreements", "casework", "messaging", "desk", "analytics", "compliance", "flow")
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


# Ways out of the house. Only the adapters know them; `workforce/mail.py` writes to the staff, never to a debtor.
WIRES = {"smtplib", "http.client", "urllib.request", "socket", "ssl", "httpx", "requests", "aiohttp", "django.core.mail", "telnetlib", "ftplib"}
HANDS_OVER = {"send", "send_message", "sendmail", "send_messages", "dial", "originate", "place_call"}


def opens_a_wire(path: str, tree: ast.Module) -> list[str]:
    """Imports of what reaches the outside, in a context, anywhere but in messaging's adapters and the mail to the staff."""
    if path.startswith("messaging/adapters/") or path == "workforce/mail.py":
        return []
    found = []
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        found += [f"{name} (line {node.lineno})" for name in names if name in WIRES or name.split(".")[0] in WIRES]
    return found


def takes_a_transport(path: str, tree: ast.Module) -> list[str]:
    """Imports of an adapter, or of what opens one, anywhere but in the outbox. Its plain values may be named elsewhere."""
    if path.startswith("messaging/adapters/") or path == "messaging/services/outbox.py":
        return []
    return [
        f"{rest}.{name}" for other, rest, name in imports(tree)
        if other == "messaging" and rest.split(".")[0] == "adapters" and (rest != "adapters" or name == "transport")
    ]  # fmt: skip


def emits_without_a_permit(path: str, tree: ast.Module) -> list[str]:
    """Calls that hand something over (`x.send(...)`) in a function that was given no Permit.

    Given: an argument annotated Permit, or one of a class of this module with a field annotated Permit.
    """
    if path.startswith("messaging/adapters/"):
        return []
    carriers = {
        node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
        and any(isinstance(one, ast.AnnAssign) and _says(one.annotation) == "Permit" and one.value is None for one in node.body)
    }  # fmt: skip
    found = []
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        holds = any(_says(one.annotation) in {"Permit", *carriers} for one in arguments)
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in HANDS_OVER and not holds:
                found.append(f"{function.name} (line {node.lineno})")
    inside = {id(node) for function in ast.walk(tree) if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in HANDS_OVER and id(node) not in inside:
            found.append(f"module (line {node.lineno})")
    return found


def _says(annotation: ast.expr | None) -> str:
    """The plain name of an annotation; `Permit | None` promises nothing."""
    if isinstance(annotation, ast.Constant):
        return str(annotation.value)
    return annotation.id if isinstance(annotation, ast.Name) else annotation.attr if isinstance(annotation, ast.Attribute) else ""


def starts_without_the_gate(path: str, tree: ast.Module) -> list[str]:
    """Actions put in progress, or messages put in flight, anywhere but in the gate and the outbox: a way around the Permit."""
    allowed = {"casework/services/gate.py": {"in_progress"}, "messaging/services/outbox.py": {"in_flight", "sent"},
               "messaging/services/inbox.py": {"sent"}, "casework/services/actions.py": {"in_progress"}}.get(path, set())  # fmt: skip
    guarded = {"in_progress", "in_flight", "sent"} - allowed
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"update", "create", "bulk_create", "get_or_create"}:
            base: ast.expr = node.func.value
            while isinstance(base, ast.Call | ast.Attribute):
                base = base.func if isinstance(base, ast.Call) else base.value
            wants = [one for one in node.keywords if one.arg == "status" and isinstance(one.value, ast.Constant) and one.value.value in guarded]
            if isinstance(base, ast.Name) and base.id in {"Action", "Message"} and wants:
                found.append(f"{base.id} (line {node.lineno})")
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and node.value.value in guarded:
            named = [one for one in node.targets if isinstance(one, ast.Attribute) and one.attr == "status" and getattr(one.value, "id", "") in {"action", "message", "fresh"}]
            if named and path.split("/")[0] in {"casework", "messaging", "desk", "flow"}:
                found.append(f"status (line {node.lineno})")
    return found
