"""Everything that happened to a person, newest first, as one list: actions, payments, promises, holds, buckets, documents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from recaudo.agreements.queries import PROMISE_ES
from recaudo.casework import catalogue
from recaudo.casework.words import ACTION_STATUS_ES, CANCEL_ES, CAUSE_ES, HOLD_ES
from recaudo.engine.facts import BUCKET_ES
from recaudo.portfolio.queries import METHOD_ES
from recaudo.store import tenancy
from recaudo.strategy.words import TREATMENT_ES

PAGE = 30
PAYMENT_ES = {
    "announced": "anunciado", "pending_verification": "por verificar", "unidentified": "sin identificar", "applied": "aplicado",
    "reversed": "reversado", "rejected": "rechazado",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline. `amount_minor` in minor units of `currency`; `key` continues the list from here."""

    at: datetime
    kind: str
    id: UUID
    title: str
    detail: str
    note: str
    account_id: UUID | None
    account_number: str
    amount_minor: int | None
    currency: str
    channel: str
    direction: str
    status: str
    by_name: str

    @property
    def key(self) -> str:
        return f"{self.at.isoformat()}~{self.id}"


# Each part gives at most one page by its own index; the whole is then sorted. Columns:
# at, kind, id, code, status, note, account, amount, currency, channel, direction, extra, by
_PARTS = """
(SELECT coalesce(a.occurred_at, a.not_before_at, a.created_at) AS at, 'action' AS kind, a.id, a.disposition AS code, a.status, a.note,
   a.account_id, NULL::bigint AS amount, '' AS currency, a.channel, a.direction,
   CASE WHEN a.status = 'cancelled' THEN a.cancelled_reason WHEN a.status = 'refused' THEN a.permit_rule ELSE a.treatment END AS extra,
   a.by_id
 FROM casework_action a WHERE a.tenant_id = %(tenant)s AND a.person_id = %(person)s
   AND {reach_action} AND {before_action} ORDER BY 1 DESC, a.id DESC LIMIT %(limit)s)
UNION ALL
(SELECT p.created_at, 'payment', p.id, p.method, p.status, p.reversal_reason, p.account_id, p.amount_minor, p.currency, '', 'in',
   to_char(p.paid_on, 'DD/MM/YYYY'), p.by_id
 FROM portfolio_payment p WHERE p.tenant_id = %(tenant)s AND p.account_id = ANY(%(accounts)s)
   AND {before_payment} ORDER BY 1 DESC, p.id DESC LIMIT %(limit)s)
UNION ALL
(SELECT m.created_at, 'promise', m.id, m.means, m.status, m.cancelled_reason, m.account_id, m.amount_minor, m.currency, m.channel, 'in',
   to_char(m.due_on, 'DD/MM/YYYY'), m.by_id
 FROM agreements_promise m WHERE m.tenant_id = %(tenant)s AND m.account_id = ANY(%(accounts)s)
   AND {before_promise} ORDER BY 1 DESC, m.id DESC LIMIT %(limit)s)
UNION ALL
(SELECT h.from_at, 'hold', h.id, h.kind, CASE WHEN h.released_at IS NULL THEN 'open' ELSE 'released' END, h.reason, h.account_id, NULL, '',
   h.channel, '', coalesce(to_char(h.until_at, 'DD/MM/YYYY'), ''), h.opened_by_id
 FROM casework_hold h WHERE h.tenant_id = %(tenant)s AND h.person_id = %(person)s
   AND {reach_hold} AND {before_hold} ORDER BY 1 DESC, h.id DESC LIMIT %(limit)s)
UNION ALL
(SELECT b.created_at, 'bucket', b.id, b.bucket, '', '', b.account_id, b.overdue_minor, '', '', '', b.dpd::text, NULL
 FROM portfolio_buckethistory b WHERE b.tenant_id = %(tenant)s AND b.account_id = ANY(%(bucketed)s)
   AND {before_bucket} ORDER BY 1 DESC, b.id DESC LIMIT %(limit)s)
UNION ALL
(SELECT d.created_at, 'document', d.id, d.kind, '', d.title, d.account_id, NULL, '', '', '', '', d.by_id
 FROM portfolio_document d WHERE d.tenant_id = %(tenant)s AND d.account_id = ANY(%(accounts)s)
   AND {before_document} ORDER BY 1 DESC, d.id DESC LIMIT %(limit)s)
UNION ALL
(SELECT e.created_at, 'redecided', e.id, e.detail -> 'after' ->> 'treatment', e.detail ->> 'cause', e.detail ->> 'reason', e.subject_id, NULL, '',
   coalesce(nullif(e.detail -> 'after' ->> 'channel', 'none'), ''), '', coalesce(e.detail -> 'rows' -> 'treatment' ->> 0, ''), NULL
 FROM journal_event e WHERE e.tenant_id = %(tenant)s AND e.subject_id = ANY(%(accounts)s) AND e.name = 'account.redecided'
   AND {before_redecided} ORDER BY 1 DESC, e.id DESC LIMIT %(limit)s)
"""
_KEYS = {
    "action": ("coalesce(a.occurred_at, a.not_before_at, a.created_at)", "a.id"), "payment": ("p.created_at", "p.id"),
    "promise": ("m.created_at", "m.id"), "hold": ("h.from_at", "h.id"), "bucket": ("b.created_at", "b.id"),
    "document": ("d.created_at", "d.id"), "redecided": ("e.created_at", "e.id"),
}  # fmt: skip


def timeline(
    person_id: UUID, *, account_ids: list[UUID], bucket_account_id: UUID | None = None, before: tuple[datetime, UUID] | None = None,
    limit: int = PAGE,
) -> list[Moment]:  # fmt: skip
    """A page of the person's history, newest first. One query.

    account_ids        whose payments, promises, buckets and documents are shown
    bucket_account_id  shows the buckets of this account only (those of fourteen invoices drown the rest)
    before             key (at, id) of the last line of the page before
    """
    conditions = {
        f"before_{name}": f"({at}, {row}) < (%(at)s, %(id)s::uuid)" if before else "true" for name, (at, row) in _KEYS.items()
    }
    conditions |= _reach()
    sql = (
        "SELECT t.*, coalesce(acc.number, ''), coalesce(u.name, ''), coalesce(acc.currency, '') FROM ("
        + _PARTS.format(**conditions)
        + ") t LEFT JOIN portfolio_account acc ON acc.id = t.account_id AND acc.tenant_id = %(tenant)s"
        " LEFT JOIN workforce_user u ON u.id = t.by_id ORDER BY t.at DESC, t.id DESC LIMIT %(limit)s"
    )
    values = {
        "tenant": tenancy.tenant_id(), "person": person_id, "accounts": account_ids, "limit": limit, "agency": tenancy.agency_id(),
        "bucketed": [bucket_account_id] if bucket_account_id else account_ids, "at": before[0] if before else None, "id": before[1] if before else None,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [_moment(row) for row in cursor.fetchall()]


def _reach() -> dict[str, str]:
    """An agency's gate counts every contact of a person; its people read only what is of their accounts, of none, or their own."""
    if tenancy.agency_id() is None:
        return {"reach_action": "true", "reach_hold": "true"}
    return {
        "reach_action": "(a.account_id IS NULL OR a.account_id = ANY(%(accounts)s) OR a.agency_id = %(agency)s)",
        "reach_hold": "(h.account_id IS NULL OR h.account_id = ANY(%(accounts)s))",
    }


def _moment(row: tuple[Any, ...]) -> Moment:
    at, kind, key, code, status, note, account_id, amount, currency, channel, direction, extra, _, number, by_name, account_currency = row
    title, detail = _WORDS[kind](code or "", status or "", extra or "", channel or "")
    return Moment(
        at, kind, key, title, detail, note or "", account_id, number, amount, currency or account_currency, channel or "", direction or "",
        status or "", by_name,
    )  # fmt: skip


def _of_action(code: str, status: str, extra: str, channel: str) -> tuple[str, str]:
    known = catalogue.dispositions().get(code)
    if known is not None:
        return f"{code} {known.label_es}", ""
    if status == "cancelled":
        return "Gestión cancelada", CANCEL_ES.get(extra, extra)
    if status == "refused":
        return "SY01 Contacto bloqueado por regla", extra
    if extra == "note":
        return "Nota", ""
    if status == "planned" and extra == "callback":
        return "Cita para llamar", ""
    return f"Gestión: {ACTION_STATUS_ES.get(status, status).lower()}", ""


def _of_payment(code: str, status: str, extra: str, channel: str) -> tuple[str, str]:
    return f"Pago {PAYMENT_ES.get(status, status)}", f"fecha {extra}" + (f", {METHOD_ES.get(code, code).lower()}" if code else "")


def _of_promise(code: str, status: str, extra: str, channel: str) -> tuple[str, str]:
    return f"Promesa: {PROMISE_ES.get(status, status).lower()}", f"para el {extra}"


def _of_hold(code: str, status: str, extra: str, channel: str) -> tuple[str, str]:
    return f"Suspensión: {HOLD_ES.get(code, code).lower()}", ("liberada" if status == "released" else f"hasta el {extra}" if extra else "sin fecha de término")


def _of_bucket(code: str, status: str, extra: str, channel: str) -> tuple[str, str]:
    # A creditor may move the cuts of B1 to B6; only the two ends mean the same for everybody.
    named = f" ({BUCKET_ES[code].lower()})" if code in ("CUR", "WO") else ""
    return f"Entró al tramo {code}{named}", f"{extra} día{'' if extra == '1' else 's'} de atraso"


def _of_document(code: str, status: str, extra: str, channel: str) -> tuple[str, str]:
    return "Documento agregado", code


def _of_redecided(code: str, status: str, extra: str, channel: str) -> tuple[str, str]:
    return f"Volvió a decidirse: {TREATMENT_ES.get(code, code)}", f"por {CAUSE_ES.get(status, 'un cambio')}" + (f", fila {extra}" if extra else "")


_WORDS = {
    "action": _of_action, "payment": _of_payment, "promise": _of_promise, "hold": _of_hold, "bucket": _of_bucket,
    "document": _of_document, "redecided": _of_redecided,
}  # fmt: skip
