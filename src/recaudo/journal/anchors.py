"""The form of an anchor outside the database: a small signed JSON file, to be kept where the database's owner cannot reach.

A file says which records it covers (first to last), the seal of the last, the root of the tree over their seals, the digest of the
anchor before it, when it was made and by which key; `firma` is the signature over all of that as canonical JSON.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from recaudo.journal import signing
from recaudo.journal.models import Anchor
from recaudo.kernel.problems import Problem

FORM = "recaudo-ancla-1"


class BadAnchor(Problem):
    code = "bad_anchor"
    message = "«{file}» no es un ancla: {why}. Use los archivos que escribe «recaudo journal anchors»."


@dataclass(frozen=True, slots=True)
class Outside:
    """An anchor kept outside. `is_signed` None: it comes from a list without signatures."""

    tenant: str
    number: int
    hash: bytes
    is_signed: bool | None
    file: str = ""


def content(anchor: Anchor) -> dict[str, Any]:
    """What is signed."""
    return {
        "forma": FORM,
        "organizacion": str(anchor.tenant_id),
        "primero": anchor.first_number,
        "ultimo": anchor.chain_number,
        "sello": bytes(anchor.hash).hex(),
        "raiz": bytes(anchor.merkle_root or b"").hex(),
        "anterior": anchor.previous_digest,
        "instante": anchor.created_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "clave": anchor.key_id,
    }


def canonical(says: Mapping[str, Any]) -> bytes:
    return json.dumps(says, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def digest(anchor: Anchor) -> str:
    """What the next anchor says of this one."""
    return hashlib.sha256(canonical(content(anchor))).hexdigest()


def is_signed(anchor: Anchor) -> bool:
    return bool(anchor.signature) and signing.is_signed(canonical(content(anchor)), bytes(anchor.signature))


def as_file(anchor: Anchor) -> bytes:
    """The whole file."""
    says = {**content(anchor), "firma": bytes(anchor.signature or b"").hex()}
    return (json.dumps(says, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def file_name(anchor: Anchor) -> str:
    """Sorted by name is sorted by number."""
    return f"ancla-{anchor.tenant_id}-{anchor.chain_number:012d}.json"


def read(source: Path, *, tenant: str = "") -> list[Outside]:
    """Anchors of a folder of files, of one file, or of a list written by `anchor --export`; none of what is not there. Raises BadAnchor."""
    if not source.exists():
        return []
    files = sorted(source.glob("ancla-*.json")) if source.is_dir() else [source]
    found = [one for file in files for one in _read(file)]
    return [one for one in found if not tenant or one.tenant == tenant]


def compared(outside: Iterable[Outside]) -> dict[int, bytes]:
    """{number: seal} as the verification wants it."""
    return {one.number: one.hash for one in outside}


def unsigned(outside: Iterable[Outside]) -> Outside | None:
    """The first file whose signature is not this installation's."""
    return next((one for one in outside if one.is_signed is False), None)


def _read(file: Path) -> list[Outside]:
    text = file.read_text(encoding="utf-8", errors="replace")
    try:
        says = json.loads(text)
    except ValueError:
        says = None
    if isinstance(says, dict) and says.get("forma") == FORM:
        return [_signed(says, file)]
    try:
        lines = [json.loads(line) for line in text.splitlines() if line.strip()]
        return [Outside(line["tenant"], int(line["chain_number"]), bytes.fromhex(line["hash"]), None, file.name) for line in lines]
    except (ValueError, KeyError, TypeError) as error:
        raise BadAnchor(file=file.name, why="no se puede leer") from error


def _signed(says: dict[str, Any], file: Path) -> Outside:
    try:
        signature = bytes.fromhex(says.pop("firma"))
        good = signing.is_signed(canonical(says), signature)
        return Outside(str(says["organizacion"]), int(says["ultimo"]), bytes.fromhex(says["sello"]), good, file.name)
    except (ValueError, KeyError, TypeError) as error:
        raise BadAnchor(file=file.name, why="le faltan datos") from error
