"""Papers of an account: received, recognised by their bytes, kept under a key of ours outside the web root.

The name a file came with is never used for storing; it may carry a path.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Any

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction

from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.portfolio.models import Account, Document
from recaudo.store.keys import uuid7

MAX_BYTES = 20 * 1024 * 1024
DOCUMENT_ES: dict[str, str] = {
    "promissory_note": "Pagaré", "contract": "Contrato", "invoice": "Factura", "id": "Identificación", "statement": "Estado de cuenta",
    "other": "Otro",
}  # fmt: skip

# media type -> (ending, first bytes). What is not recognised is refused; nothing here is ever shown inside a page.
_KINDS: dict[str, tuple[str, tuple[bytes, ...]]] = {
    "application/pdf": ("pdf", (b"%PDF-",)),
    "image/png": ("png", (b"\x89PNG\r\n\x1a\n",)),
    "image/jpeg": ("jpg", (b"\xff\xd8\xff",)),
    "image/tiff": ("tif", (b"II*\x00", b"MM\x00*")),
}
ENDING = {media_type: ending for media_type, (ending, _) in _KINDS.items()}


class BadDocument(Problem):
    code = "bad_document"
    message = "El documento no se guardó: {reason}"


@transaction.atomic
def add_document(
    *, account: Account, kind: str, title: str, file: File[bytes], by: Any, at: datetime, issued_on: date | None = None
) -> Document:
    """Keep a paper of an account.

    kind    a key of DOCUMENT_ES
    file    PDF, PNG, JPEG or TIFF by its bytes, at most 20 MiB
    Raises  BadDocument
    """
    if kind not in DOCUMENT_ES:
        raise BadDocument(reason=f"el tipo «{kind}» no se conoce.")
    if not title.strip():
        raise BadDocument(reason="escriba un título.")
    if not file.size or file.size > MAX_BYTES:
        raise BadDocument(reason="está vacío o pesa más de 20 MB.")
    media_type = _media_type(file)
    document = Document(id=uuid7(), account=account)
    key = f"documents/{document.tenant_id}/{document.id}.{ENDING[media_type]}"
    digest = hashlib.sha256()
    for block in file.chunks():
        digest.update(block)
    file.seek(0)
    document.kind, document.title, document.media_type = kind, title.strip()[:160], media_type
    document.size, document.sha256, document.issued_on = file.size, digest.hexdigest(), issued_on
    document.path, document.by_id, document.created_at = default_storage.save(key, file), by.id, at
    document.save(force_insert=True)
    journal.record(
        "document.added", by=by, at=at, subject="account", subject_id=account.id, document_id=document.id, kind=kind,
        sha256=document.sha256,
    )  # fmt: skip
    return document


def _media_type(file: File[bytes]) -> str:
    file.seek(0)
    start = file.read(16)
    file.seek(0)
    for media_type, (_, signatures) in _KINDS.items():
        if start.startswith(signatures):
            return media_type
    raise BadDocument(reason="sólo se aceptan PDF, PNG, JPG o TIFF.")
