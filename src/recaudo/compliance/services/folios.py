"""Folios that people can read out: D-2026-7K3QXV. Drawn, not counted: an agency that sees only its own rows cannot count the others'."""

from __future__ import annotations

import secrets
from datetime import date

# Without letters that are heard or read as another (I, L, O, U).
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 6


def new_folio(prefix: str, on: date) -> str:
    """One of a thousand million a year; the table refuses a second one."""
    return f"{prefix}-{on.year}-{''.join(secrets.choice(ALPHABET) for _ in range(LENGTH))}"
