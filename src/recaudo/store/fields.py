"""Encrypted columns and the blind index that finds them.

AES-256-GCM. The key id is the first byte, so that keys rotate; the column's name and the row's tenant are bound as
associated data when the model says so through `seal()`. Django fields do not see their row, hence: the field
binds table and column; swapping ciphertexts between *columns* fails. The row is bound by `aad_from`, the name
of a sibling attribute set before the value (the primary key by default).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models

from recaudo.kernel.problems import Problem


class CannotDecrypt(Problem):
    code = "cannot_decrypt"
    message = "Un dato cifrado no pudo leerse: la clave falta o el valor fue alterado."
    status = 500


@lru_cache(maxsize=16)
def _cipher(key_id: int) -> AESGCM:
    try:
        return AESGCM(base64.b64decode(settings.FIELD_KEYS[key_id]))
    except KeyError:
        raise CannotDecrypt() from None


def encrypt(text: str, aad: str) -> bytes:
    """Ciphertext: key id (1 byte), nonce (12 bytes), AES-GCM output. `aad` must be the same to read it back."""
    key_id = settings.FIELD_KEY_ID
    nonce = os.urandom(12)
    return bytes([key_id]) + nonce + _cipher(key_id).encrypt(nonce, text.encode(), aad.encode())


def decrypt(blob: bytes, aad: str) -> str:
    """The text. Raises CannotDecrypt when the value was altered, moved to another row, or the key is gone."""
    try:
        return _cipher(blob[0]).decrypt(blob[1:13], bytes(blob[13:]), aad.encode()).decode()
    except (InvalidTag, IndexError):
        raise CannotDecrypt() from None


def blind_index(value: str, kind: str) -> bytes:
    """A keyed hash for exact search, 16 bytes. `kind` keeps a phone from matching an id with the same digits."""
    key = base64.b64decode(settings.BLIND_INDEX_KEY)
    return hmac.new(key, f"{kind}\x1f{value}".encode(), hashlib.sha256).digest()[:16]


def encrypt_all(texts: Sequence[str], aads: Sequence[str]) -> list[bytes]:
    """`encrypt` for many values: the same bytes, with what does not change asked once."""
    key_id = settings.FIELD_KEY_ID
    head, cipher = bytes([key_id]), _cipher(key_id)
    nonces = os.urandom(12 * len(texts))
    found = []
    for n, (text, bound) in enumerate(zip(texts, aads, strict=True)):
        nonce = nonces[12 * n : 12 * n + 12]
        found.append(head + nonce + cipher.encrypt(nonce, text.encode(), bound.encode()))
    return found


def blind_indexes(values: Iterable[str], kind: str) -> list[bytes]:
    """`blind_index` for many values of one kind."""
    key, head = base64.b64decode(settings.BLIND_INDEX_KEY), f"{kind}\x1f"
    return [hmac.digest(key, f"{head}{value}".encode(), "sha256")[:16] for value in values]


class Sealed(str):
    """A plain text on its way into an EncryptedField."""


class EncryptedField(models.BinaryField):
    """Text that is ciphertext in the database and text in Python, bound to its row by the primary key.

    The binding needs the key when writing and reading, so values are sealed in `pre_save` and opened by a
    descriptor on first access. Bulk writers call `encrypt(text, aad(table, column, row_id))` themselves.
    """

    def contribute_to_class(self, cls: type[models.Model], name: str, **kwargs: Any) -> None:  # type: ignore[override]
        super().contribute_to_class(cls, name, **kwargs)
        setattr(cls, name, _Opened(self))

    def pre_save(self, model_instance: models.Model, add: bool) -> bytes | None:
        text = getattr(model_instance, self.attname)
        if text is None:
            return None
        return encrypt(text, aad(self.model._meta.db_table, self.column, model_instance.pk))


def aad(table: str, column: str, row_id: object) -> str:
    """What a ciphertext is bound to."""
    return f"{table}|{column}|{row_id}"


class _Opened:
    """Opens ciphertext when the attribute is read; keeps plain text as it was set."""

    def __init__(self, field: EncryptedField) -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, owner: type | None = None) -> Any:
        if instance is None:
            return self
        value = instance.__dict__.get(self.field.attname)
        if value is None and self.field.attname not in instance.__dict__:
            instance.refresh_from_db(fields=[self.field.attname])
            value = instance.__dict__.get(self.field.attname)
        if isinstance(value, bytes | memoryview):
            value = decrypt(bytes(value), aad(self.field.model._meta.db_table, self.field.column, instance.pk))
            instance.__dict__[self.field.attname] = value
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value
