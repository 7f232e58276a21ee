"""The evidence file as a PDF: which tables, which columns, in Spanish words and on the organisation's clock."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typst

from recaudo.agreements.queries import PROMISE_ES
from recaudo.casework import catalogue
from recaudo.casework.words import ACTION_STATUS_ES, DISPUTE_ES, DISPUTE_STATUS_ES, HOLD_ES, POINT_STATUS_ES
from recaudo.compliance import words
from recaudo.engine.facts import PRODUCT_ES
from recaudo.kernel.contact import CHANNEL_ES, ROLE_ES
from recaudo.messaging.words import MESSAGE_ES
from recaudo.portfolio.queries.words import METHOD_ES, PAYMENT_ES, POINT_ES, SOURCE_ES
from recaudo.ui.templatetags.ui import money

LAYOUT = Path(__file__).resolve().parent.parent / "expediente" / "expediente.typ"
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Printer:
    """Turns rows into printed cells. `names` staff and agencies by id; `accounts` number and currency by id."""

    zone: ZoneInfo
    names: Mapping[str, str]
    accounts: Mapping[str, tuple[str, str]]

    def instant(self, value: Any) -> str:
        return datetime.fromisoformat(value).astimezone(self.zone).strftime("%d/%m/%Y %H:%M") if value else "—"

    def day(self, value: Any) -> str:
        return date.fromisoformat(value).strftime("%d/%m/%Y") if value else "—"

    def who(self, value: Any) -> str:
        return self.names.get(str(value), "—") if value else "recaudo"

    def account(self, value: Any) -> str:
        return self.accounts.get(str(value), ("—", ""))[0]

    def money(self, row: Row, field: str = "amount_minor") -> str:
        currency = row.get("currency") or self.accounts.get(str(row.get("account_id")), ("", ""))[1]
        return money(row[field], currency) if currency else str(row[field])


def pdf(data: dict[str, list[dict[str, Any]]], cover: dict[str, Any], printer: Printer) -> bytes:
    """The document. `cover`: titulo, organizacion, folio, instante, portada, huella, pruebas, anclas."""
    says = {**cover, "secciones": [_section(*one) for one in _sections(data, printer)]}
    return bytes(typst.compile(LAYOUT.read_bytes(), sys_inputs={"data": json.dumps(says, ensure_ascii=False)}))


def _section(title: str, columns: Sequence[tuple[str, float]], rows: list[list[str]], note: str = "", right: Sequence[int] = ()) -> dict[str, Any]:
    return {
        "titulo": title, "columnas": [name for name, _ in columns], "anchos": [width for _, width in columns], "filas": rows, "nota": note,
        "derecha": list(right),
    }  # fmt: skip


def _sections(data: dict[str, list[dict[str, Any]]], p: Printer) -> list[tuple[Any, ...]]:
    def rows(name: str) -> list[dict[str, Any]]:
        return data.get(name, [])

    roles = {one["account_id"]: ROLE_ES.get(one["role"], one["role"]) for one in rows("relaciones")}
    return [
        ("Cuentas", [("Número", 2), ("Producto", 2), ("La persona es", 1.6), ("Saldo", 1.6), ("Vencido", 1.6), ("Atraso", 1)],
         [[r["number"], PRODUCT_ES.get(r["product"], r["product"]), roles.get(r["id"], "—"), p.money(r, "balance_minor"), p.money(r, "overdue_minor"), f"{r['dpd']} días"] for r in rows("cuentas")], "", (3, 4, 5)),
        ("Medios de contacto", [("Clase", 1), ("Valor", 2.4), ("Estado", 1.4), ("Origen", 1.4), ("Desde", 1.2)],
         [[POINT_ES.get(r["kind"], r["kind"]), r.get("value") or "—", POINT_STATUS_ES.get(r["status"], r["status"]), SOURCE_ES.get(r["source"], r["source"]), p.day(r["captured_on"])] for r in rows("medios")]),
        ("Consentimientos", [("Qué", 2), ("Canales", 1.6), ("Origen", 1.4), ("Prueba", 2), ("Dado", 1.5), ("Revocado", 1.5)],
         [[r["kind"].replace("_", " "), ", ".join(CHANNEL_ES.get(c, c) for c in r["channels"]) or "todos", SOURCE_ES.get(r["source"], r["source"]), r["evidence"] or "—", p.instant(r["given_at"]), p.instant(r["revoked_at"])] for r in rows("consentimientos")]),
        ("Gestiones por todos los canales", [("Cuándo", 1.6), ("Canal", 1.1), ("Cuenta", 1.5), ("Resultado", 3), ("Quién", 1.8)],
         [[p.instant(r["occurred_at"] or r["created_at"]), CHANNEL_ES.get(r["channel"], r["channel"]) + (" (entrante)" if r["direction"] == "in" else ""), p.account(r["account_id"]), _outcome(r), p.who(r["agency_id"] or r["by_id"])] for r in rows("gestiones")]),
        ("Permisos pedidos", [("Cuándo", 1.6), ("Canal", 1), ("Respuesta", 1.2), ("Regla", 1.6), ("Fuente y motivo", 4), ("Norma", 1.4)],
         [[p.instant(r["asked_at"]), CHANNEL_ES.get(r["channel"], r["channel"]), "permitido" if r["is_allowed"] else "negado", r["rule"] or "—", ". ".join(x for x in (r["citation"], r["reason"]) if x) or "—", r["lawbook_version"]] for r in rows("permisos")],
         "Cada permiso guarda además, cifrado, lo que la decisión conocía; su huella está en los datos."),
        ("Mensajes", [("Cuándo", 1.5), ("Canal", 1), ("Sentido", 1), ("Estado", 1), ("Texto", 5)],
         [[p.instant(r["sent_at"] or r["created_at"]), CHANNEL_ES.get(r["channel"], r["channel"]), "recibido" if r["direction"] == "in" else "enviado", MESSAGE_ES.get(r["status"], (r["status"], ""))[0], (r.get("body") or "—")[:900]] for r in rows("mensajes")]),
        ("Promesas", [("Hecha", 1.2), ("Cuenta", 1.6), ("Para", 1.2), ("Importe", 1.6), ("Pagado", 1.6), ("Estado", 1.4)],
         [[p.day(r["made_on"]), p.account(r["account_id"]), p.day(r["due_on"]), p.money(r), p.money(r, "paid_minor"), PROMISE_ES.get(r["status"], r["status"])] for r in rows("promesas")], "", (3, 4)),
        ("Pagos", [("Día", 1.2), ("Cuenta", 1.6), ("Importe", 1.6), ("Medio", 1.4), ("Referencia", 2), ("Estado", 1.2)],
         [[p.day(r["paid_on"]), p.account(r["account_id"]), p.money(r), METHOD_ES.get(r["method"], r["method"]) or "—", r["reference"] or "—", PAYMENT_ES.get(r["status"], r["status"])] for r in rows("pagos")], "", (2,)),
        ("Aclaraciones", [("Cuándo", 1.5), ("Qué", 1.8), ("Lo que dijo", 4), ("Estado", 1.8)],
         [[p.instant(r["created_at"]), DISPUTE_ES.get(r["kind"], r["kind"]), r["text"] or "—", DISPUTE_STATUS_ES.get(r["status"], r["status"])] for r in rows("aclaraciones")]),
        ("Quejas", [("Folio", 1.3), ("Recibida", 1.2), ("Causa", 2.6), ("Vence", 1.2), ("Estado", 1.2), ("Resultado", 1.4)],
         [[r["folio"], p.day(r["received_on"]), words.CAUSES.get(r["cause"], r["cause"]), p.day(r["due_on"]), words.COMPLAINT_STATUS_ES.get(r["status"], r["status"]), words.RESULT_ES.get(r["result"], "—")] for r in rows("quejas")]),
        ("Solicitudes sobre sus datos", [("Folio", 1.3), ("Recibida", 1.2), ("Derecho", 2.2), ("Vence", 1.2), ("Estado", 1.4), ("Respuesta", 1.4)],
         [[r["folio"], p.day(r["received_on"]), words.RIGHT_ES.get(r["kind"], r["kind"]), p.day(r["extended_on"] or r["due_on"]), words.RIGHT_STATUS_ES.get(r["status"], r["status"]), words.OUTCOME_ES.get(r["outcome"], "—")] for r in rows("solicitudes")]),
        ("Suspensiones", [("Desde", 1.5), ("Hasta", 1.5), ("Clase", 2), ("Motivo", 3), ("Liberada", 1.5)],
         [[p.instant(r["from_at"]), p.instant(r["until_at"]), HOLD_ES.get(r["kind"], r["kind"]), r["reason"], p.instant(r["released_at"])] for r in rows("suspensiones")]),
        ("Bitácora", [("Nº", 0.8), ("Cuándo", 1.6), ("Qué", 3.2), ("Quién", 2)],
         [[str(r["numero"]), p.instant(r["instante"]), r["que"], r["quien"]] for r in rows("bitacora")], "Cada línea está sellada; las pruebas van en la carpeta «prueba».", (0,)),
    ]  # fmt: skip


def _outcome(row: Row) -> str:
    known = catalogue.dispositions().get(row["disposition"])
    said = f"{row['disposition']} {known.label_es}" if known else ACTION_STATUS_ES.get(row["status"], row["status"])
    return f"{said}. {row['note']}" if row.get("note") else str(said)
