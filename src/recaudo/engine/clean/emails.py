"""E-mail addresses: syntax only. Whether someone reads it is learnt by writing to it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from recaudo.engine.clean.reasons import Refused, empty

FIELD = "Correo"
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")
_PLACEHOLDER = re.compile(
    r"(?:no|na|n|x+|sin|sincorreo|sinemail|noaplica|notiene|nocorreo|noemail|notienecorreo|ninguno)@.*"
    r"|.*@(?:x+|no|na|sincorreo|notiene|noaplica|example|test)\.\w+", re.IGNORECASE)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CleanEmail:
    """value: as written, domain in small letters; match_key: all in small letters, to find the same mailbox."""

    value: str
    match_key: str


def email(text: str) -> CleanEmail | Refused:
    """An address that can be written to, by its form."""
    value = text.strip().removeprefix("mailto:").rstrip(".,;")
    if not value:
        return empty(FIELD)
    local, at, domain = value.rpartition("@")
    if not at:
        return Refused(FIELD, "email_no_at", "le falta la arroba.", "Escríbalo como nombre@dominio.com.")
    if not value.isascii():
        return Refused(FIELD, "email_accents", "tiene acentos, eñes u otros signos no admitidos.", "Pida el correo exacto al titular.")
    if ";" in value or "," in value or " " in value or value.count("@") > 1:
        return Refused(FIELD, "email_several", "hay más de un correo o espacios.", "Deje uno por celda.")
    if not _LOCAL.fullmatch(local) or len(local) > 64 or not _DOMAIN.fullmatch(domain) or len(domain) > 253:
        return Refused(FIELD, "email_syntax", "no tiene la forma de un correo.", "Escríbalo como nombre@dominio.com.")
    if _PLACEHOLDER.fullmatch(value):
        return Refused(FIELD, "email_placeholder", "es un relleno, no un correo.", "Deje la celda vacía si no lo tiene.")
    return CleanEmail(f"{local}@{domain.lower()}", value.lower())
