"""A person's request about their data, from the day it comes in to the answer, with its clock and its proofs."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from datetime import UTC, date, datetime
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction

from recaudo.casework import services as casework
from recaudo.compliance import words
from recaudo.compliance.clocks import rights_clock
from recaudo.compliance.models import RightsRequest, RightsStep
from recaudo.compliance.services import kept
from recaudo.compliance.services.evidence import as_csv, gather
from recaudo.compliance.services.folios import new_folio
from recaudo.compliance.services.removal import Keep, remove_person, what_keeps
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.law.queries import Rules
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Consent, Person
from recaudo.store import tenancy
from recaudo.workforce.models import User

COPIES = ("access", "portability")


class BadRequest(Problem):
    code = "bad_rights_request"
    message = "La solicitud no puede registrarse: {reason}"


class RequestClosed(Problem):
    code = "rights_request_closed"
    message = "Esta solicitud ya terminó."
    status = 409


class IdentityFirst(Problem):
    code = "identity_first"
    message = "Compruebe primero la identidad de quien pide: sin eso no se entrega ni se cambia nada."
    status = 409


class NotYet(Problem):
    code = "rights_not_yet"
    message = "Todavía no puede responderse así: {reason}"
    status = 409


@transaction.atomic
def receive_request(
    *, person: Person, kind: str, channel: str, received_on: date, text: str, rules: Rules, by: Any, at: datetime, on: date
) -> RightsRequest:
    """Note a request and start its clock by the law of the person's place.

    received_on  local day on which it came in, today (`on`) or before
    Raises       BadRequest
    """
    if kind not in words.RIGHT_ES or channel not in words.CHANNEL_IN_ES:
        raise BadRequest(reason="elija el derecho y el canal de la lista.")
    if received_on > on:
        raise BadRequest(reason="el día en que llegó no puede estar en el futuro.")
    clock = rights_clock(rules, kind=kind, country=person.country, subdivision=person.subdivision, received_on=received_on)
    request = RightsRequest.objects.create(
        person=person, folio=new_folio("D", received_on), kind=kind, channel=channel, received_on=received_on, text=text.strip(),
        jurisdiction=clock.jurisdiction, rule=clock.rule, citation=clock.citation[:200], confidence=clock.confidence, due_on=clock.due_on, by_id=by.id,
        created_at=at,
    )  # fmt: skip
    _step(request, "received", words.CHANNEL_IN_ES[channel], by, at)
    journal.record(
        "rights.received", by=by, at=at, subject="person", subject_id=person.id, request_id=request.id, folio=request.folio, kind=kind,
        due_on=clock.due_on, rule=clock.rule,
    )  # fmt: skip
    return request


@transaction.atomic
def assign_request(request: RightsRequest, *, to: User, by: Any, at: datetime) -> RightsRequest:
    """Give a request to somebody. Raises RequestClosed."""
    fresh = _open(request)
    fresh.assigned_to_id = to.id
    fresh.status = "in_progress"
    return _changed(fresh, "assigned", to.name, by, at)


@transaction.atomic
def check_identity(request: RightsRequest, *, method: str, by: Any, at: datetime) -> RightsRequest:
    """Note how the identity of whoever asks was checked. Raises BadRequest, RequestClosed."""
    if method not in words.IDENTITY_ES:
        raise BadRequest(reason="elija cómo se comprobó la identidad.")
    fresh = _open(request)
    fresh.identity_method, fresh.identity_checked_at, fresh.identity_by_id = method, at, by.id
    fresh.status = "in_progress"
    return _changed(fresh, "identified", words.IDENTITY_ES[method], by, at)


@transaction.atomic
def extend_request(request: RightsRequest, *, reason: str, rules: Rules, by: Any, at: datetime, on: date) -> RightsRequest:
    """Take the extension that the law grants, once, before the term is over. Raises NoExtension, NotYet, RequestClosed."""
    fresh = _open(request)
    if fresh.extended_on:
        raise NotYet(reason="el plazo ya se amplió una vez.")
    if on > fresh.due_on:
        raise NotYet(reason="el plazo ya venció: no puede ampliarse después.")
    if not reason.strip():
        raise NotYet(reason="escriba por qué se necesita más tiempo; se avisa a la persona.")
    person = fresh.person
    clock = rights_clock(
        rules, kind=fresh.kind, country=person.country, subdivision=person.subdivision, received_on=fresh.received_on, extended=True
    )
    fresh.extended_on, fresh.extension_reason = clock.due_on, reason.strip()[:300]
    return _changed(fresh, "extended", fresh.extension_reason, by, at)


@transaction.atomic
def add_step(request: RightsRequest, *, kind: str, text: str, by: Any, at: datetime) -> RightsRequest:
    """Note what was done: a note, a correction, the review by a person. Raises BadRequest, IdentityFirst, RequestClosed."""
    if kind not in {"note", "corrected", "reviewed"} or not text.strip():
        raise BadRequest(reason="escriba qué se hizo.")
    fresh = _open(request)
    if kind != "note":
        _identified(fresh)
    return _changed(fresh, kind, text.strip()[:500], by, at)


@transaction.atomic
def make_copy(request: RightsRequest, *, by: Any, at: datetime) -> RightsRequest:
    """The copy of everything that is kept about the person, in a form that people and other systems read (JSON and CSV).

    Raises  IdentityFirst, RequestClosed
    """
    fresh = _open(request)
    _identified(fresh)
    body = copy_of(fresh.person, folio=fresh.folio, at=at)
    if fresh.path:
        old = fresh.path
        transaction.on_commit(lambda: default_storage.delete(old))
    fresh.path = kept.keep(f"rights/{tenancy.tenant_id()}/{fresh.id}.zip", body)
    fresh.sha256 = hashlib.sha256(body).hexdigest()
    return _changed(fresh, "file_made", f"{len(body) // 1024 + 1} kB, huella {fresh.sha256[:16]}", by, at)


def copy_of(person: Person, *, folio: str, at: datetime) -> bytes:
    """A zip with one JSON document and one CSV per section. Nothing of other persons, no internal notes of the staff about them."""
    data, _ = gather(person.id, is_masked=False)
    for row in data.get("permisos", []):
        row.pop("input", None)  # the house's reasoning: its outcome is in the row
    says = {"forma": "recaudo-datos-1", "folio": folio, "instante": at.astimezone(UTC).isoformat(), "datos": {k: v for k, v in data.items() if v}}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("datos.json", json.dumps(says, ensure_ascii=False, indent=1, sort_keys=True))
        for section, rows in data.items():
            if rows:
                archive.writestr(f"{section}.csv", as_csv(rows))
    return buffer.getvalue()


def read_copy(request: RightsRequest, *, by: Any, at: datetime) -> bytes:
    """The copy, to hand it over; each time is noted. Raises IdentityFirst, NotYet."""
    _identified(request)
    if not request.path or not default_storage.exists(request.path):
        raise NotYet(reason="la copia aún no se prepara o ya fue destruida.")
    body = kept.read(request.path)
    with transaction.atomic():
        _changed(request, "downloaded", "", by, at)
        journal.record("list.exported", by=by, at=at, subject="person", subject_id=request.person_id, list="rights", format="zip", rows=1)
    return body


@transaction.atomic
def stop_contact(request: RightsRequest, *, by: Any, at: datetime) -> RightsRequest:
    """Opposition or restriction: contact stops now, in the same transaction, and consents are taken back. Raises IdentityFirst, RequestClosed."""
    fresh = _open(request)
    _identified(fresh)
    kind = "legal" if fresh.kind == "restriction" else "opt_out"
    hold = casework.open_hold(person=fresh.person, kind=kind, reason=f"{words.RIGHT_ES[fresh.kind]} {fresh.folio}", by=by, at=at)
    fresh.hold_id = hold.id
    _changed(fresh, "hold_opened", "Toda la persona, hasta que alguien la libere", by, at)
    if fresh.kind == "opposition":
        given = list(Consent.objects.filter(person_id=fresh.person_id, revoked_at=None, kind__in=["authorised_channel", "marketing_consent"]))
        for consent in given:
            portfolio.revoke_consent(consent, by=by, at=at)
        _step(fresh, "consents_revoked", f"{len(given)}", by, at)
    return fresh


@transaction.atomic
def remove_data(request: RightsRequest, *, rules: Rules, by: Any, at: datetime, on: date) -> list[Keep]:
    """Cancellation: remove the person's data, or note every reason why they must still be kept. Returns the reasons; none = removed.

    Whoever checked the identity does not also remove: it cannot be undone. Raises IdentityFirst, NotYet, RequestClosed.
    """
    fresh = _open(request)
    _identified(fresh)
    if fresh.kind != "cancellation":
        raise NotYet(reason="no es una solicitud de cancelación.")
    keeps = what_keeps(fresh.person, rules=rules, on=on, but_request=fresh.id)
    if keeps:
        _changed(fresh, "kept", "; ".join(one.reason_es for one in keeps)[:500], by, at)
        return keeps
    if fresh.identity_by_id == by.id:
        raise NotYet(reason="la supresión no se deshace: debe hacerla otra persona que la que comprobó la identidad.")
    proof = remove_person(fresh.person, basis=fresh.folio, rules=rules, on=on, by=by, at=at, request_id=fresh.id)
    fresh.refresh_from_db()
    _changed(fresh, "erased", f"Constancia {str(proof.id)[-12:]}, huella {proof.digest[:16]}", by, at)
    return []


@transaction.atomic
def answer_request(request: RightsRequest, *, outcome: str, answer: str, by: Any, at: datetime) -> RightsRequest:
    """Answer the person. What was granted must have been done. Raises NotYet, IdentityFirst, RequestClosed, BadRequest."""
    fresh = _open(request)
    if outcome not in words.OUTCOME_ES or len(answer.strip()) < 10:
        raise BadRequest(reason="elija si procede y escriba la respuesta con sus razones.")
    if outcome != "denied":
        _identified(fresh)
        missing = _undone(fresh)
        if missing and outcome == "granted":
            raise NotYet(reason=missing)
    fresh.outcome, fresh.answer, fresh.answered_at, fresh.answered_by_id = outcome, answer.strip(), at, by.id
    fresh.status = "refused" if outcome == "denied" else "answered"
    _changed(fresh, "refused" if outcome == "denied" else "answered", words.OUTCOME_ES[outcome], by, at)
    journal.record(
        "rights.answered", by=by, at=at, subject="person", subject_id=fresh.person_id, request_id=fresh.id, folio=fresh.folio, outcome=outcome,
    )  # fmt: skip
    return fresh


@transaction.atomic
def withdraw_request(request: RightsRequest, *, reason: str, by: Any, at: datetime) -> RightsRequest:
    """The person does not want it any more. Raises RequestClosed, BadRequest."""
    if not reason.strip():
        raise BadRequest(reason="escriba cómo y cuándo la retiró.")
    fresh = _open(request)
    fresh.status = "withdrawn"
    return _changed(fresh, "withdrawn", reason.strip()[:500], by, at)


def _undone(request: RightsRequest) -> str:
    """What must be done before a request is granted, as a sentence; empty when it was."""
    needs = {
        "access": ("file_made", "prepare antes la copia de los datos."), "portability": ("file_made", "prepare antes la copia de los datos."),
        "rectification": ("corrected", "anote antes qué se corrigió."), "cancellation": ("erased", "los datos no se han suprimido; puede proceder en parte."),
        "opposition": ("hold_opened", "suspenda antes el contacto."), "restriction": ("hold_opened", "suspenda antes el uso de los datos."),
        "human_review": ("reviewed", "anote antes qué decidió la persona que la revisó."),
    }  # fmt: skip
    step, sentence = needs[request.kind]
    return "" if request.steps.filter(kind=step).exists() else sentence


def _open(request: RightsRequest) -> RightsRequest:
    fresh: RightsRequest = RightsRequest.objects.select_for_update().get(id=request.id)
    if fresh.status not in words.RIGHT_OPEN:
        raise RequestClosed()
    return fresh


def _identified(request: RightsRequest) -> None:
    if request.identity_checked_at is None:
        raise IdentityFirst()


def _changed(request: RightsRequest, kind: str, text: str, by: Any, at: datetime) -> RightsRequest:
    request.save()
    _step(request, kind, text, by, at)
    journal.record(
        "rights.changed", by=by, at=at, subject="person", subject_id=request.person_id, request_id=request.id, folio=request.folio, step=kind
    )
    return request


def _step(request: RightsRequest, kind: str, text: str, by: Any, at: datetime) -> RightsStep:
    row: RightsStep = RightsStep.objects.create(request=request, kind=kind, text=text[:500], by_id=by.id, by_name=by.name, created_at=at)
    return row


