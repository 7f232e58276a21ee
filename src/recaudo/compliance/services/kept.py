"""Files made of one person's data, kept sealed: whoever gets the disk or a copy of it reads nothing."""

from __future__ import annotations

from pathlib import Path

from django.core.files.storage import default_storage

from recaudo.store.files import MAGIC, read_sealed, write_sealed


def keep(name: str, body: bytes) -> str:
    """Keep a file under a name that is free. Returns its path in the store."""
    path = str(default_storage.get_available_name(name))
    write_sealed([body], Path(default_storage.path(path)), bound=path)
    return path


def read(path: str) -> bytes:
    """A kept file. Raises CannotDecrypt when it was altered or exchanged. Files kept before they were sealed are read as they are."""
    with default_storage.open(path) as file:
        head = file.read(len(MAGIC))
        if head != MAGIC:
            return bytes(head + file.read())
    return b"".join(read_sealed(Path(default_storage.path(path)), bound=path))
