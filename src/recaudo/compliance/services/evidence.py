"""The file of one person, with the proofs that a third party can recompute without the product."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.files.storage import default_storage
from django.db import transaction

from recaudo.compliance import reach, words
from recaudo.compliance.models import EvidenceFile
from recaudo.compliance.services import kept, printed
from recaudo.compliance.services.proofs import events_of, proofs, signed_anchors
from recaudo.journal import queries as trail
from recaudo.journal import services as journal
from recaudo.journal.models import Anchor, Event
from recaudo.kernel.problems import Problem
from recaudo.portfolio.models import Person
from recaudo.store import tenancy
from recaudo.store.fields import CannotDecrypt
from recaudo.ui.export import disarmed
from recaudo.workforce.models import Agency, Tenant, User

PARTS = Path(__file__).resolve().parent.parent / "expediente"
FORM = "recaudo-expediente-1"


class ReasonMissing(Problem):
    code = "evidence_reason_missing"
    message = "Escriba para qué se saca el expediente y, si se entrega, a quién."


class NotReady(Problem):
    code = "evidence_not_ready"
    message = "El expediente no está: aún se prepara, falló o ya fue destruido."
    status = 409


@transaction.atomic
def export_evidence(*, person: Person, reason: str, by: Any, at: datetime, recipient: str = "", is_masked: bool = True) -> EvidenceFile:
    """Make the zip of a person and keep it. The export is in the journal, and in the file itself.

    is_masked  ids, phones and addresses shortened: enough to recognise, not to reach
    Raises     ReasonMissing
    """
    if len(reason.strip()) < 5:
        raise ReasonMissing()
    made = EvidenceFile.objects.create(
        person=person, reason=reason.strip()[:300], recipient=recipient.strip()[:120], is_masked=is_masked, by_id=by.id, by_name=by.name,
        created_at=at, key_id=journal.fingerprint(),
    )  # fmt: skip
    journal.record(
        "evidence.exported", by=by, at=at, subject="person", subject_id=person.id, evidence_id=made.id, is_masked=is_masked,
    )  # fmt: skip
    journal.anchor(at=at)
    body, counts = bundle(person=person, made=made, at=at)
    made.path = kept.keep(f"evidence/{tenancy.tenant_id()}/{made.id}.zip", body)
    made.size, made.sha256 = len(body), hashlib.sha256(body).hexdigest()
    made.record_count, made.event_count = counts
    made.status, made.finished_at = "ready", at
    made.save()
    return made


def read_evidence(made: EvidenceFile, *, by: Any, at: datetime) -> bytes:
    """The zip, for whoever may take it; each time is in the journal. Raises NotReady when it is gone or not what was kept."""
    if made.status != "ready" or not default_storage.exists(made.path):
        raise NotReady()
    try:
        body = kept.read(made.path)
    except CannotDecrypt:
        raise NotReady() from None
    if hashlib.sha256(body).hexdigest() != made.sha256:
        raise NotReady()
    journal.record("evidence.downloaded", by=by, at=at, subject="person", subject_id=made.person_id, evidence_id=made.id)
    return body


@transaction.atomic
def remove_evidence(made: EvidenceFile, *, by: Any, at: datetime) -> EvidenceFile:
    """Destroy the zip; who took it and why stays known."""
    if made.path:
        transaction.on_commit(lambda path=made.path: default_storage.delete(path))  # type: ignore[misc]
    made.status, made.path = "removed", ""
    made.save(update_fields=["status", "path"])
    journal.record("evidence.removed", by=by, at=at, subject="person", subject_id=made.person_id, evidence_id=made.id)
    return made


def gather(person_id: UUID, *, is_masked: bool) -> tuple[dict[str, list[dict[str, Any]]], set[UUID]]:
    """Every row that belongs to a person, by section, and the ids that the journal may speak of."""
    accounts = reach.accounts_of(person_id)
    data: dict[str, list[dict[str, Any]]] = {}
    ids: set[UUID] = {person_id}
    for one in reach.belongings():
        rows = list(one.rows(person_id, accounts))
        section = words.SECTION_ES.get(one.name, one.name.lower().replace(".", "_"))
        data[section] = [_own(reach.written(row, is_masked=is_masked), accounts) for row in rows]
        ids.update(row.id for row in rows)
    return data, ids


def _own(says: dict[str, Any], accounts: list[UUID]) -> dict[str, Any]:
    """A row without what it says of the debt of somebody else: the person was reached as a reference there."""
    account = says.get("account_id")
    if account and UUID(account) not in accounts:
        says["account_id"] = None
        says |= {name: "(sobre la cuenta de otra persona)" for name in ("note", "body", "text") if says.get(name)}
    return says


def bundle(*, person: Person, made: EvidenceFile, at: datetime) -> tuple[bytes, tuple[int, int]]:
    """The zip's bytes, with how many rows and events are in it. Call after an anchor covers everything."""
    data, ids = gather(person.id, is_masked=made.is_masked)
    events, anchors = events_of(ids), signed_anchors()
    data["bitacora"] = [_line(event) for event in events]
    files = _data_files(data)
    files["prueba/registros.jsonl"] = _lines(proofs(events, anchors))
    files |= {f"prueba/anclas/{name}": body for name, body in _anchor_files(anchors)}
    files["prueba/clave-publica.pem"] = journal.public_pem().encode()
    files["expediente.pdf"] = printed.pdf(data, _cover(person, made, data, len(events), len(anchors), at), _printer(data))
    files["verify.py"] = (PARTS / "verify.py.txt").read_bytes()
    files["LEEME.txt"] = (PARTS / "LEEME.txt").read_bytes()
    return _zipped(files, _manifest(files, person, made, at)), (sum(map(len, data.values())), len(events))


def _manifest(files: dict[str, bytes], person: Person, made: EvidenceFile, at: datetime) -> bytes:
    says = {
        "forma": FORM, "expediente": str(made.id), "organizacion": str(tenancy.tenant_id()), "persona": str(person.id),
        "instante": at.astimezone(UTC).isoformat(), "clave": journal.fingerprint(),
        "archivos": {name: hashlib.sha256(body).hexdigest() for name, body in sorted(files.items())},
        "registros": {name: _digests(body) for name, body in sorted(files.items()) if name.startswith("datos/") and name.endswith(".jsonl")},
    }  # fmt: skip
    return json.dumps(says, ensure_ascii=False, indent=1, sort_keys=True).encode()


def _digests(body: bytes) -> list[list[str]]:
    """[id, SHA-256] of each line, so that the verifier can name the record."""
    return [[str(json.loads(line).get("id", n)), hashlib.sha256(line).hexdigest()] for n, line in enumerate(body.split(b"\n")[:-1], 1)]


def _zipped(files: dict[str, bytes], manifest: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in sorted(files.items()):
            archive.writestr(name, body)
        archive.writestr("manifiesto.json", manifest)
        archive.writestr("manifiesto.firma", journal.sign(manifest).hex())
    return buffer.getvalue()


def _data_files(data: dict[str, list[dict[str, Any]]]) -> dict[str, bytes]:
    files = {}
    for section, rows in data.items():
        if rows:
            files[f"datos/{section}.jsonl"] = _lines(rows)
            files[f"datos/{section}.csv"] = as_csv(rows)
    return files


def _lines(rows: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for row in rows)


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    """Rows of one section for a spreadsheet: UTF-8 with a byte-order mark, formulas disarmed."""
    buffer = io.StringIO()
    buffer.write("\ufeff")
    writer = csv.writer(buffer)
    columns = list(rows[0])
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    return buffer.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, list | dict):
        value = json.dumps(value, ensure_ascii=False)
    return disarmed(value) if isinstance(value, str) else "" if value is None else value


def _anchor_files(anchors: list[Anchor]) -> Iterable[tuple[str, bytes]]:
    # Named by number, so that the verifier reads them in order.
    return ((f"ancla-{one.chain_number:012d}.json", journal.anchor_file(one)) for one in anchors)


def _line(event: Event) -> dict[str, Any]:
    return {
        "id": str(event.id), "numero": event.chain_number, "instante": event.created_at.astimezone(UTC).isoformat(), "evento": event.name,
        "que": trail.title(event), "quien": event.by_name, "detalle": event.detail,
    }  # fmt: skip


def _cover(
    person: Person, made: EvidenceFile, data: dict[str, list[dict[str, Any]]], events: int, anchors: int, at: datetime
) -> dict[str, Any]:
    tenant = Tenant.objects.get(id=tenancy.tenant_id())
    local = at.astimezone(ZoneInfo(tenant.zone))
    known = data["persona"][0]
    cover = [
        ("Persona", person.name),
        ("Identificación", f"{person.id_type} {known.get('national_id') or '—'}".strip()),
        ("Lugar", ", ".join(part for part in (person.municipality, person.subdivision, person.country) if part)),
        ("Datos de identidad", "abreviados" if made.is_masked else "completos"),
        ("Motivo", made.reason),
        ("Se entrega a", made.recipient or "uso interno"),
        ("Lo sacó", made.by_name),
        ("Expediente", str(made.id)),
        ("Horas", f"de {tenant.zone}"),
    ]
    return {
        "titulo": "Expediente de gestión de cobro", "organizacion": tenant.name, "folio": str(made.id)[-12:], "instante": local.strftime("%d/%m/%Y %H:%M"),
        "portada": cover, "huella": journal.fingerprint(), "pruebas": events, "anclas": anchors,
    }  # fmt: skip


def _printer(data: dict[str, list[dict[str, Any]]]) -> printed.Printer:
    tenant = Tenant.objects.get(id=tenancy.tenant_id())
    ids = {row[field] for rows in data.values() for row in rows for field in ("by_id", "agency_id") if row.get(field)}
    names = {str(key): name for key, name in User.objects.filter(tenant_id=tenant.id, id__in=ids).values_list("id", "name")}
    names |= {str(key): name for key, name in Agency.objects.filter(id__in=ids).values_list("id", "name")}
    numbers = {row["id"]: (row["number"], row["currency"]) for row in data.get("cuentas", [])}
    return printed.Printer(ZoneInfo(tenant.zone), names, numbers)
