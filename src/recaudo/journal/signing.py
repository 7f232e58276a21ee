"""The installation's signature: Ed25519 (RFC 8032). The private key lies with the secrets, never in the database.

Whoever has the database can write a chain anew but cannot sign it. The public key may be given to anybody.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from recaudo.kernel.problems import Problem


class BadSigningKey(Problem):
    code = "bad_signing_key"
    message = "La clave de firma de la instalación no sirve: deben ser 32 bytes en base64 (RECAUDO_SIGNING_KEY)."
    status = 500


@lru_cache(maxsize=4)
def _private(encoded: str) -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(encoded, validate=True))
    except ValueError as error:
        raise BadSigningKey() from error


def sign(text: bytes) -> bytes:
    """64 bytes. Raises BadSigningKey."""
    return _private(settings.SIGNING_KEY).sign(text)


def public_key() -> bytes:
    """The 32 raw bytes of the public key."""
    return _private(settings.SIGNING_KEY).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def public_pem() -> str:
    """The public key as every tool reads it."""
    return _private(settings.SIGNING_KEY).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def fingerprint(key: bytes | None = None) -> str:
    """SHA-256 of a raw public key (the installation's by default), in hexadecimal: what people compare by eye or by telephone."""
    return hashlib.sha256(public_key() if key is None else key).hexdigest()


def is_signed(text: bytes, signature: bytes, *, key: bytes | None = None) -> bool:
    """Whether a signature is the key's (the installation's by default) over exactly this text."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key() if key is None else key).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True
