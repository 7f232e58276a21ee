"""Removing what is personal of one person, where nothing obliges to keep it, and the proof that it was done.

The rows stay, so that figures and the journal keep their meaning; each model's `class Personal` says what takes the place of what was
there. This is the one service that writes to tables of other contexts: they say what, it says when.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import connection, models, transaction

from recaudo.casework import services as casework
from recaudo.casework.models import Case, Dispute, Hold
from recaudo.casework.words import HOLD_ES
from recaudo.compliance import reach, words
from recaudo.compliance.models import Complaint, EvidenceFile, RemovalProof, RightsRequest
from recaudo.compliance.terms import DISPUTE_OPEN, LEGAL_HOLDS, Term, last_activity, term_for
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.law.queries import Rules
from recaudo.portfolio.models import Account, Person
from recaudo.portfolio.queries.accounts import CLOSED
from recaudo.store.fields import EncryptedField


class MustKeep(Problem):
    code = "must_keep"
    message = "Los datos no pueden suprimirse todavía: {reasons}"
    status = 409


class AlreadyRemoved(Problem):
    code = "already_removed"
    message = "Los datos de esta persona ya se suprimieron."
    status = 409


@dataclass(frozen=True, slots=True)
class Keep:
    """A reason to keep a person's data, until a day (None: until something ends). `rule` of the lawbook where it is the law's."""

    reason_es: str
    until: date | None = None
    rule: str = ""
    citation: str = ""


def pseudonym(person_id: UUID) -> str:
    """What stands for a removed person in proofs; the database computes the same (queries of retention)."""
    return hashlib.sha256(str(person_id).encode()).hexdigest()


def what_keeps(person: Person, *, rules: Rules, on: date, but_request: UUID | None = None) -> list[Keep]:
    """Every reason to keep the data of a person on a day; none = they may be removed.

    but_request  the request that asks for the removal does not keep by itself
    """
    ids = family(person)
    return [*_debts(ids), *_open_matters(ids, but_request), *_held(ids), *_term(person, ids, rules, on)]


def family(person: Person) -> list[UUID]:
    """The person's record and those that were merged into it."""
    return [person.id, *Person.objects.filter(merged_into=person).values_list("id", flat=True)]


@transaction.atomic
def remove_person(
    person: Person, *, basis: str, rules: Rules, on: date, by: Any, at: datetime, run_id: UUID | None = None, request_id: UUID | None = None
) -> RemovalProof:
    """Remove what is personal of a person and keep the proof.

    basis   "retention", or the folio of a request
    Raises  MustKeep, AlreadyRemoved
    """
    casework.hold_person(person.id)
    if RemovalProof.objects.filter(pseudonym=pseudonym(person.id)).exists():
        raise AlreadyRemoved()
    keeps = what_keeps(person, rules=rules, on=on, but_request=request_id)
    if keeps:
        raise MustKeep(reasons="; ".join(one.reason_es for one in keeps))
    casework.cancel_pending(reason="withdrawn", by=by, at=at, person_id=person.id)
    tables: dict[str, int] = {}
    touched: list[str] = []
    files: list[str] = []
    for key in family(person):
        _empty(key, tables, touched, files)
    files = sorted(set(files))
    transaction.on_commit(lambda: _destroy(files))
    term = term_for(rules, person.country, person.subdivision, person.municipality)
    proof: RemovalProof = RemovalProof.objects.create(
        pseudonym=pseudonym(person.id), basis=basis, rule=term.rule if term else "", country=person.country, tables=tables, file_count=len(files),
        digest=hashlib.sha256("\n".join(sorted(touched)).encode()).hexdigest(), by_id=by.id, run_id=run_id, request_id=request_id, created_at=at,
    )  # fmt: skip
    journal.record(
        "person.erased", by=by, at=at, subject="person", subject_id=person.id, basis=basis, tables=tables, files=len(files), digest=proof.digest,
        proof_id=proof.id,
    )  # fmt: skip
    return proof


def _empty(person_id: UUID, tables: dict[str, int], touched: list[str], files: list[str]) -> None:
    held = reach.accounts_of(person_id, roles=("holder",))
    for one in reach.belongings():
        if not one.erased:
            continue
        if one.name == "casework.PermitRecord":
            _count(tables, one.name, _forget_permits(person_id))
            continue
        for row in one.rows(person_id, held):
            path = getattr(row, "path", "") if "path" in one.erased else ""
            if path:
                files.append(path)
            _blank(row, one.erased)
            touched.append(f"{one.name}:{row.pk}")
            _count(tables, one.name, 1)
    for made in EvidenceFile.objects.filter(person_id=person_id).exclude(path=""):
        files.append(made.path)
        made.path, made.status = "", "removed"
        made.save(update_fields=["path", "status"])
        _count(tables, "compliance.EvidenceFile", 1)


def _blank(row: Any, erased: dict[str, Any]) -> None:
    """Put in a row what its model says takes the place of what was there."""
    for name, value in erased.items():
        field = row._meta.get_field(name)
        if isinstance(field, models.BinaryField) and not isinstance(field, EncryptedField) and value == b"":
            # Unique beside other emptied rows, and nothing but the row's own key.
            value = row.pk.bytes
        setattr(row, field.attname, value)
    row.save(update_fields=list(erased))


def _count(tables: dict[str, int], name: str, more: int) -> None:
    if more:
        tables[name] = tables.get(name, 0) + more


def _forget_permits(person_id: UUID) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT recaudo_forget_permits(%s)", [person_id])
        return int(cursor.fetchone()[0])


def _destroy(files: list[str]) -> None:
    for path in files:
        default_storage.delete(path)


def _debts(ids: list[UUID]) -> list[Keep]:
    accounts = {account for key in ids for account in reach.accounts_of(key)}
    living = Account.objects.filter(id__in=accounts).exclude(status__in=CLOSED).count()
    return [Keep(f"responde por {living} cuenta{'s' if living > 1 else ''} sin cerrar")] if living else []


def _open_matters(ids: list[UUID], but: UUID | None) -> list[Keep]:
    found = []
    if Dispute.objects.filter(person_id__in=ids, status__in=DISPUTE_OPEN).exists():
        found.append(Keep("tiene una aclaración abierta"))
    if Complaint.objects.filter(person_id__in=ids, status__in=words.COMPLAINT_OPEN).exists():
        found.append(Keep("tiene una queja abierta"))
    if RightsRequest.objects.filter(person_id__in=ids, status__in=words.RIGHT_OPEN).exclude(id=but).exists():
        found.append(Keep("tiene una solicitud abierta"))
    if Case.objects.filter(person_id__in=ids, status="open").exists():
        found.append(Keep("tiene un caso abierto"))
    return found


def _held(ids: list[UUID]) -> list[Keep]:
    holds = Hold.objects.filter(person_id__in=ids, kind__in=LEGAL_HOLDS, released_at=None)
    return [Keep(f"está bajo retención legal: {HOLD_ES.get(hold.kind, hold.kind).lower()}", None) for hold in holds]


def _term(person: Person, ids: list[UUID], rules: Rules, on: date) -> list[Keep]:
    term: Term | None = term_for(rules, person.country, person.subdivision, person.municipality)
    if term is None:
        return [Keep("ni el libro de leyes ni la casa fijan cuánto se conserva en su país: fíjelo en «Conservación»")]
    until = term.ends(last_activity(ids))
    if on >= until:
        return []
    return [Keep(f"deben conservarse hasta el {until:%d/%m/%Y} ({term.citation})", until, term.rule, term.citation)]
