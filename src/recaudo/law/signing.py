"""The signature of each act over the law's values: what is signed, how it is chained, and how an altered row is found.

    content   canonical JSON of the row, without the three columns below
    hash      sha256(previous hash + content)
    signature HMAC-SHA256 of the hash under the installation's key, which is outside the database

Altering, inserting or removing an act in the middle breaks the chain; whoever can only write to the database cannot sign
another one. Removing the newest acts is found by comparing with the journal (`recaudo doctor`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from datetime import UTC
from uuid import UUID

from recaudo.law.models import LawChange, LawDecision
from recaudo.store.fields import blind_index

GENESIS = b"\0" * 32


def content_of(row: LawChange) -> bytes:
    """What is signed of an act."""
    said = {
        "tenant": str(row.tenant_id), "id": str(row.id), "number": row.number, "act": row.act, "subject": str(row.subject_id),
        "content": row.content, "reason": row.reason, "by": str(row.by_id), "at": row.created_at.astimezone(UTC).isoformat(timespec="microseconds"),
    }  # fmt: skip
    return json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def sign(row: LawChange, previous: bytes) -> None:
    """Fill the row's previous, hash and signature."""
    row.previous = previous
    row.hash = hashlib.sha256(previous + content_of(row)).digest()
    row.signature = signature_of(row.hash)


def signature_of(digest: bytes) -> bytes:
    """The installation's signature of a hash, 16 bytes."""
    return blind_index(digest.hex(), "law_change")


def fault_of(rows: Sequence[LawChange]) -> str:
    """What is wrong with the acts of a tenant in order of number: Spanish, empty = nothing."""
    previous = GENESIS
    proposers: dict[object, object] = {}
    for expected, row in enumerate(rows, start=1):
        if row.number != expected:
            return f"falta el acto n.º {expected}"
        digest = hashlib.sha256(previous + content_of(row)).digest()
        if bytes(row.previous) != previous or bytes(row.hash) != digest:
            return f"el acto n.º {row.number} fue alterado"
        if not hmac.compare_digest(bytes(row.signature), signature_of(digest)):
            return f"el acto n.º {row.number} no lleva la firma de esta instalación"
        if row.act == "decided":
            proposers[row.subject_id] = UUID(row.content["proposed_by"])
        if row.act == "proposed":
            proposers[row.subject_id] = row.by_id
        elif row.subject_id not in proposers:
            return f"el acto n.º {row.number} es sobre una propuesta que no existe"
        elif row.act in {"approved", "decided"} and proposers[row.subject_id] == row.by_id:
            return f"el acto n.º {row.number} lo aprobó quien lo propuso"
        previous = digest
    return ""


def decision_signature(row: LawDecision) -> bytes:
    """The installation's signature of an approved choice, 16 bytes."""
    said = (row.tenant_id, row.id, row.name, row.choice, row.proposed_by_id, row.approved_by_id, row.approved_at.astimezone(UTC).isoformat(timespec="microseconds"))
    return blind_index("\x1f".join(map(str, said)), "law_decision")


def fault_of_decisions(rows: Iterable[LawDecision]) -> str:
    """What is wrong with approved choices: Spanish, empty = nothing. Nobody withdraws an approved one (law/services)."""
    for row in rows:
        if row.withdrawn_at:
            return f"la opción «{row.name}» figura retirada después de aprobada"
        if not row.signature or not hmac.compare_digest(bytes(row.signature), decision_signature(row)):
            return f"la opción «{row.name}» no lleva la firma de esta instalación"
    return ""


def fault_between(acts: Iterable[LawChange], rows: Iterable[LawDecision]) -> str:
    """Where the choices in force by the table are not those of the chain: Spanish, empty = they are.

    acts  those of an instant and before; rows  the newest approved of each name at that instant
    """
    told: dict[str, LawChange] = {}
    for act in acts:
        if act.act == "decided" and (act.content["name"] not in told or act.created_at >= told[act.content["name"]].created_at):
            told[act.content["name"]] = act
    have = {row.name: row for row in rows}
    for name in sorted(told.keys() | have.keys()):
        if name not in told:
            return f"la opción «{name}» no está en el registro firmado"
        if name not in have or (have[name].id, have[name].choice) != (told[name].subject_id, told[name].content["choice"]):
            return f"la opción «{name}» no es la del acto n.º {told[name].number} del registro firmado"
    return ""
