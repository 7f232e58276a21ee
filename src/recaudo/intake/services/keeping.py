"""The files of a batch on the disk: what was received and what an undo needs, sealed, and gone when their time is over."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q

from recaudo.intake.models import Batch
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.store import files, tenancy

SOURCE = "source"
WORKING = ("checking", "applying")


class FilesGone(Problem):
    code = "batch_files_gone"
    message = "El archivo de esta carga ya se eliminó: se guarda {days} días. Para leerlo otra vez, cárguelo de nuevo; ya no se puede deshacer."
    status = 410


def keep(batch_id: Any, name: str, blocks: Iterable[bytes]) -> None:
    """Seal a file of a batch, bound to the organisation, the batch and its name."""
    files.write_sealed(blocks, _path(batch_id, name), bound=_bound(batch_id, name))


def is_kept(batch: Batch, name: str) -> bool:
    return _path(batch.id, name).exists()


def open_kept(batch: Batch, name: str) -> tuple[Path, IO[bytes]]:
    """See store.files.opened. Raises FilesGone, CannotDecrypt."""
    try:
        return files.opened(_path(batch.id, name), bound=_bound(batch.id, name))
    except FileNotFoundError:
        raise FilesGone(days=settings.INTAKE_FILES_KEPT_DAYS) from None


def blocks_of(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(files.BLOCK_BYTES):
        yield block


def kept_until(batch: Batch) -> datetime:
    """The instant after which forget_files takes the batch's files."""
    return (batch.applied_at or batch.created_at) + timedelta(days=settings.INTAKE_FILES_KEPT_DAYS)


def forget_files(*, by: Any, at: datetime) -> int:
    """Delete the files of batches whose time to be undone is over. Harmless to repeat. Returns how many batches it was."""
    before = at - timedelta(days=settings.INTAKE_FILES_KEPT_DAYS)
    over = Q(applied_at__lt=before) | Q(applied_at__isnull=True, created_at__lt=before)
    found = Batch.objects.filter(over, files_gone_at__isnull=True).exclude(status__in=WORKING).order_by("created_at")
    for batch in found:
        _forget(batch, by=by, at=at)
    return len(found)


@transaction.atomic
def _forget(batch: Batch, *, by: Any, at: datetime) -> None:
    # First the files: a failure after this finds nothing to delete the next time, and never a file that nobody deletes.
    shutil.rmtree(_path(batch.id, SOURCE).parent, ignore_errors=False, onerror=_unless_missing)
    batch.files_gone_at = at
    batch.save(update_fields=["files_gone_at"])
    journal.record("batch.files_deleted", by=by, at=at, subject="batch", subject_id=batch.id, kept_days=settings.INTAKE_FILES_KEPT_DAYS)


def _unless_missing(_function: Any, _path: str, error: Any) -> None:
    if not isinstance(error[1], FileNotFoundError):
        raise error[1]


def _path(batch_id: Any, name: str) -> Path:
    return Path(default_storage.path(f"intake/{batch_id}/{name}"))


def _bound(batch_id: Any, name: str) -> str:
    return f"intake|{tenancy.tenant_id()}|{batch_id}|{name}"
