"""Words for reaching people: channels, purposes, roles, contact levels. Plain strings that every floor shares.

The same words are used by lawbook/, the engine, the tables and the screens; the Spanish names are here once.
"""

from __future__ import annotations

from enum import StrEnum


class Channel(StrEnum):
    """How a person is reached. The names are those of the lawbook."""

    CALL = "call"
    PRERECORDED = "prerecorded"
    SMS = "sms"
    IM = "im"
    EMAIL = "email"
    LETTER = "letter"
    VISIT = "visit"
    PORTAL = "portal"
    PUSH = "push"


CHANNEL_ES: dict[str, str] = {
    "call": "Llamada", "prerecorded": "Mensaje de voz", "sms": "SMS", "im": "WhatsApp", "email": "Correo",
    "letter": "Carta", "visit": "Visita", "portal": "Portal", "push": "Notificación", "none": "Sin contacto",
    "agency": "Despacho", "legal": "Jurídico",
}  # fmt: skip


class Purpose(StrEnum):
    """Why a person is reached; the law treats them apart."""

    COLLECTION = "collection"
    REMINDER = "reminder"
    REPLY = "reply_to_debtor"
    RECEIPT = "receipt"
    OTP = "otp_requested_by_debtor"
    OPTOUT_CONFIRMATION = "optout_confirmation"
    PORTAL = "portal_session"


class PartyRole(StrEnum):
    """What a person is to an account."""

    HOLDER = "holder"
    CO_DEBTOR = "co_debtor"
    GUARANTOR = "guarantor"
    REFERENCE = "reference"
    REPRESENTATIVE = "representative"


ROLE_ES: dict[str, str] = {
    "holder": "Titular", "co_debtor": "Codeudor", "guarantor": "Aval", "reference": "Referencia",
    "representative": "Representante",
}  # fmt: skip

# The lawbook's words for the same people.
LAW_PERSON: dict[str, str] = {
    "holder": "debtor", "co_debtor": "codebtor", "guarantor": "guarantor", "reference": "reference",
    "representative": "legal_representative",
}  # fmt: skip


class ContactLevel(StrEnum):
    """Who was reached."""

    RPC = "RPC"
    TPC = "TPC"
    NC = "NC"
    SYS = "SYS"


LEVEL_ES: dict[str, str] = {"RPC": "Contacto directo", "TPC": "Contacto indirecto", "NC": "Sin contacto", "SYS": "Sistema"}
