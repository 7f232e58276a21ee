"""Files at rest: sealed block by block with the store's keys, opened without leaving a plain copy under a name.

A sealed file is `RCF1`, the key id (1 byte), a salt (16 bytes) and frames of at most one block: length (4 bytes), AES-256-GCM output. Each
file has a key of its own, made from the store's key and the salt. The nonce is the frame's number and whether it is the last, so that
frames cannot be dropped, repeated or put in another order; `bound` says whose file it is, so that files cannot be exchanged.
"""

from __future__ import annotations

import base64
import hmac
import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from recaudo.store.fields import CannotDecrypt

MAGIC = b"RCF1"
BLOCK_BYTES = 1024 * 1024
IN_MEMORY_BYTES = 256 * 1024 * 1024
_SALT_BYTES, _TAG_BYTES = 16, 16


def write_sealed(blocks: Iterable[bytes], target: Path, *, bound: str) -> None:
    """Write blocks (of any size) as a sealed file that only its owner may read. A failure on the way leaves no file."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = target.with_name(f"{target.name}.draft")
    key_id, salt = settings.FIELD_KEY_ID, os.urandom(_SALT_BYTES)
    cipher, number = _cipher(key_id, salt), 0
    try:
        with draft.open("wb") as out:
            draft.chmod(0o600)
            out.write(MAGIC + bytes([key_id]) + salt)
            for block, is_last in _marked(_cut(blocks)):
                frame = cipher.encrypt(_nonce(number, is_last), block, bound.encode())
                out.write(len(frame).to_bytes(4, "big") + frame)
                number += 1
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def read_sealed(path: Path, *, bound: str) -> Iterator[bytes]:
    """The blocks. Raises CannotDecrypt when the file was altered, cut, exchanged, or its key is gone; FileNotFoundError."""
    with path.open("rb") as file:
        head = file.read(len(MAGIC) + 1 + _SALT_BYTES)
        if len(head) < len(MAGIC) + 1 + _SALT_BYTES or not head.startswith(MAGIC):
            raise CannotDecrypt()
        cipher, number, is_last = _cipher(head[len(MAGIC)], head[-_SALT_BYTES:]), 0, False
        frame = _frame(file)
        while frame is not None:
            following = _frame(file)
            is_last = following is None
            try:
                yield cipher.decrypt(_nonce(number, is_last), frame, bound.encode())
            except InvalidTag:
                raise CannotDecrypt() from None
            frame, number = following, number + 1
        if not is_last:
            raise CannotDecrypt()


def opened(path: Path, *, bound: str) -> tuple[Path, IO[bytes]]:
    """A plain copy for readers that need a path: it has no name on the disk and is gone when the file that comes with it is closed.

    Up to IN_MEMORY_BYTES it lies in memory, a larger one in a file that is unlinked at once. Raises what read_sealed raises.
    """
    plain = _nameless(path)
    try:
        for block in read_sealed(path, bound=bound):
            plain.write(block)
        plain.flush()
        plain.seek(0)
    except BaseException:
        plain.close()
        raise
    by_number = Path(f"/proc/self/fd/{plain.fileno()}")
    return (by_number if by_number.exists() else Path(plain.name)), plain


def kept_with(thing: object, plain: IO[bytes]) -> None:
    """Keep the plain copy open for as long as what reads it lives."""
    weakref.finalize(thing, plain.close)


def _nameless(path: Path) -> IO[bytes]:
    if hasattr(os, "memfd_create") and path.stat().st_size <= IN_MEMORY_BYTES:
        return os.fdopen(os.memfd_create("recaudo"), "w+b")
    if Path("/proc/self/fd").exists():
        return tempfile.TemporaryFile(dir=path.parent)
    # Systems where an open file cannot be reached by its number: a name until it is closed, for its owner only.
    return tempfile.NamedTemporaryFile(dir=path.parent)  # type: ignore[return-value]


def _cipher(key_id: int, salt: bytes) -> AESGCM:
    try:
        key = base64.b64decode(settings.FIELD_KEYS[key_id])
    except KeyError:
        raise CannotDecrypt() from None
    return AESGCM(hmac.digest(key, b"file\x1f" + salt, "sha256"))


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _cut(blocks: Iterable[bytes]) -> Iterator[bytes]:
    for block in blocks:
        for at in range(0, len(block), BLOCK_BYTES):
            yield block[at : at + BLOCK_BYTES]


def _marked(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each block and whether it is the last; one empty block where there is none."""
    before: bytes | None = None
    for block in blocks:
        if before is not None:
            yield before, False
        before = block
    yield before or b"", True


def _frame(file: IO[bytes]) -> bytes | None:
    length = file.read(4)
    if not length:
        return None
    size = int.from_bytes(length, "big")
    frame = file.read(size) if len(length) == 4 and _TAG_BYTES <= size <= BLOCK_BYTES + _TAG_BYTES else b""
    if len(frame) != size:
        raise CannotDecrypt()
    return frame
