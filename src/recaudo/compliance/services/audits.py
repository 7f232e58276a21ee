"""Preventive audits: a programme is written once, done again and again; what it finds is corrected, proved and closed by two people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from recaudo.compliance import words
from recaudo.compliance.models import AuditFinding, AuditProgramme, AuditRun
from recaudo.compliance.queries import audits as queries
from recaudo.compliance.queries.controls import CONTROLS, Found, Scope, look
from recaudo.compliance.services.folios import new_folio
from recaudo.journal import services as journal
from recaudo.journal.models import Event
from recaudo.kernel.problems import Problem
from recaudo.law.queries import Rules

MAXIMUM_DAYS = 400
SAMPLE_MAXIMUM = 500
PROOF_LENGTH = 10


class BadProgramme(Problem):
    code = "bad_audit_programme"
    message = "El programa no puede guardarse: {reason}"


class BadAudit(Problem):
    code = "bad_audit"
    message = "La auditoría no puede hacerse: {reason}"


class AuditClosed(Problem):
    code = "audit_closed"
    message = "Esta auditoría ya se cerró: no se cambia."
    status = 409


class AuditUnfinished(Problem):
    code = "audit_unfinished"
    message = "La auditoría no puede cerrarse todavía: {reason}"
    status = 409


class BadFinding(Problem):
    code = "bad_finding"
    message = "El hallazgo no puede guardarse: {reason}"


class SamePerson(Problem):
    code = "finding_same_person"
    message = "Quien responde por la corrección no puede cerrar el hallazgo: lo cierra otra persona, con la prueba a la vista."
    status = 409


def programmed(
    *, name: str, purpose: str, subject: str, controls: Sequence[str], questions: Sequence[str], period: str, sample_size: int, responsible_id: UUID,
    next_on: date, by: Any, at: datetime, country: str = "", agency_id: UUID | None = None, programme: AuditProgramme | None = None, is_active: bool = True,
) -> AuditProgramme:  # fmt: skip
    """Write a programme, or change one; audits that were done keep theirs as it was.

    controls   codes of queries.controls.CONTROLS; questions what a person looks at in the sample; at least one of either
    next_on    the day on which the next audit is due
    Raises     BadProgramme
    """
    asked = [text.strip() for text in questions if text.strip()]
    if not name.strip() or not purpose.strip():
        raise BadProgramme(reason="escriba el nombre y para qué se hace.")
    if subject not in words.SUBJECT_ES or period not in words.PERIOD_ES or not set(controls) <= set(CONTROLS):
        raise BadProgramme(reason="elija de la lista la muestra, la frecuencia y los controles.")
    if not controls and not asked:
        raise BadProgramme(reason="la lista de control está vacía: marque un control o escriba una pregunta.")
    if not 1 <= sample_size <= SAMPLE_MAXIMUM:
        raise BadProgramme(reason=f"la muestra va de 1 a {SAMPLE_MAXIMUM}.")
    if any(len(text) > 300 for text in asked):
        raise BadProgramme(reason="cada pregunta lleva hasta 300 letras.")
    checklist = [{"control": code} for code in CONTROLS if code in controls] + [{"text": text} for text in asked]
    with transaction.atomic():
        row = programme or AuditProgramme(by_id=by.id, created_at=at)
        row.name, row.purpose, row.subject, row.country, row.agency_id = (
            name.strip()[:120],
            purpose.strip()[:300],
            subject,
            country,
            agency_id,
        )
        row.checklist, row.period, row.sample_size, row.responsible_id = checklist, period, sample_size, responsible_id
        row.next_on, row.is_active = next_on, is_active
        row.save()
        journal.record(
            "audit.programmed", by=by, at=at, subject="audit_programme", subject_id=row.id, programme=row.name, period=period, next_on=next_on, items=len(checklist),
            is_active=is_active,
        )  # fmt: skip
    return row


@transaction.atomic
def start_audit(
    programme: AuditProgramme, *, from_on: date, until_on: date, seed: int, zone: str, rules: Rules, by: Any, at: datetime, on: date, is_scheduled: bool = False
) -> AuditRun:  # fmt: skip
    """Do an audit: draw the sample, run every automatic control over the whole period, open a finding for each that is broken.

    from_on, until_on  days of the organisation's clock, the last one not included
    seed               of the draw, kept with it
    Raises             BadAudit. `contact_against_law` sees what is committed; minutes on millions of contacts
    """
    if not from_on < until_on or (until_on - from_on).days > MAXIMUM_DAYS:
        raise BadAudit(reason=f"el período va de un día a otro posterior y no pasa de {MAXIMUM_DAYS} días.")
    if until_on > on + timedelta(days=1):
        raise BadAudit(reason="el período no puede terminar en el futuro.")
    scope = Scope(from_on, until_on, on, zone, programme.country, programme.agency_id)
    drawn = queries.draw(programme.subject, scope, seed=seed, size=programme.sample_size)
    codes = [item["control"] for item in programme.checklist if "control" in item]
    answers = look(codes, scope, rules)
    row = AuditRun.objects.create(
        programme=programme, folio=new_folio("A", on), from_on=from_on, until_on=until_on, subject=programme.subject, country=programme.country,
        agency_id=programme.agency_id, seed=seed, population_count=drawn.population, sample=[str(one) for one in drawn.ids],
        checklist=[_answered(item, answers) for item in programme.checklist], is_scheduled=is_scheduled, responsible_id=programme.responsible_id,
        by_id=by.id, created_at=at,
    )  # fmt: skip
    for code in codes:
        if answers[code].count:
            _of_control(row, code, answers[code], by=by, at=at)
    journal.record(
        "audit.started", by=by, at=at, subject="audit", subject_id=row.id, folio=row.folio, programme_id=programme.id, from_on=from_on, until_on=until_on,
        seed=seed, population=drawn.population, sample=len(drawn.ids), findings=sum(1 for one in answers.values() if one.count),
    )  # fmt: skip
    return row


def start_due(*, on: date, zone: str, rules: Rules, seed: int, by: Any, at: datetime) -> int:
    """Do the audits whose day has come, each over the whole period before it, and set their next day. Running it again does nothing more.

    Days that were missed are caught up one period at a time. Returns how many were done.
    """
    done = 0
    for key in list(
        AuditProgramme.objects.filter(is_active=True, next_on__lte=on)
        .order_by("next_on", "id")
        .values_list("id", flat=True)
    ):
        with transaction.atomic():
            row = AuditProgramme.objects.select_for_update().get(id=key)
            if not row.is_active or row.next_on > on:
                continue
            first = queries.before(row.next_on, row.period)
            if not AuditRun.objects.filter(
                programme=row, from_on=first, until_on=row.next_on, is_scheduled=True
            ).exists():
                start_audit(
                    row,
                    from_on=first,
                    until_on=row.next_on,
                    seed=seed,
                    zone=zone,
                    rules=rules,
                    by=by,
                    at=at,
                    on=on,
                    is_scheduled=True,
                )
                done += 1
            row.next_on = queries.after(row.next_on, row.period)
            row.save(update_fields=["next_on"])
    return done


@transaction.atomic
def answer_item(run: AuditRun, *, number: int, result: str, note: str, by: Any, at: datetime) -> AuditRun:
    """Say whether a question of the checklist holds in the sample. A failed one wants a note and opens a finding, once.

    number   position in the checklist, from 0
    Raises   AuditClosed, BadAudit
    """
    row = _open_run(run)
    if not 0 <= number < len(row.checklist) or "control" in row.checklist[number] or result not in {"pass", "fail"}:
        raise BadAudit(reason="elija si el punto se cumple; los controles automáticos los responde la máquina.")
    if result == "fail" and not note.strip():
        raise BadAudit(reason="un punto que no se cumple pide una nota: qué se vio y dónde.")
    item = {
        **row.checklist[number],
        "result": result,
        "note": note.strip()[:300],
        "by": str(by.id),
        "at": at.isoformat(timespec="seconds"),
    }
    if result == "fail" and not item.get("finding"):
        made = add_finding(row, title=item["text"][:160], detail=note, severity="medium", by=by, at=at)
        item["finding"] = made.folio
    row.checklist = [*row.checklist[:number], item, *row.checklist[number + 1 :]]
    row.save(update_fields=["checklist"])
    journal.record("audit.answered", by=by, at=at, subject="audit", subject_id=row.id, number=number, result=result)
    return row


@transaction.atomic
def add_finding(
    run: AuditRun, *, title: str, detail: str, severity: str, by: Any, at: datetime, control: str = "", case_count: int = 1,
    evidence: Sequence[Mapping[str, str]] = (),
) -> AuditFinding:  # fmt: skip
    """Note something that an audit found. Raises AuditClosed, BadFinding."""
    row = _open_run(run)
    if not title.strip() or severity not in words.SEVERITY_ES:
        raise BadFinding(reason="escriba qué se halló y elija la gravedad.")
    made = AuditFinding.objects.create(
        run=row, folio=new_folio("H", at.date()), control=control, title=title.strip()[:160], detail=detail.strip()[:600], severity=severity,
        case_count=case_count, evidence=[dict(one) for one in evidence], by_id=by.id, created_at=at,
    )  # fmt: skip
    _note("finding.opened", made, by, at, severity=severity, control=control, cases=case_count)
    return made


@transaction.atomic
def plan_correction(
    finding: AuditFinding, *, correction: str, responsible_id: UUID, due_on: date, by: Any, at: datetime, on: date
) -> AuditFinding:
    """Say what will be corrected, by whom and until when. Also changes a plan that is not closed. Raises BadFinding."""
    row = _finding(finding)
    if row.status == "closed":
        raise BadFinding(reason="ya está cerrado; reábralo si la corrección no sirvió.")
    if len(correction.strip()) < PROOF_LENGTH:
        raise BadFinding(reason="describa la corrección.")
    if due_on < on:
        raise BadFinding(reason="el día límite ya pasó.")
    row.correction, row.responsible_id, row.due_on, row.status = (
        correction.strip()[:600],
        responsible_id,
        due_on,
        "planned",
    )
    row.save(update_fields=["correction", "responsible_id", "due_on", "status"])
    _note("finding.planned", row, by, at, responsible_id=responsible_id, due_on=due_on)
    return row


@transaction.atomic
def close_finding(finding: AuditFinding, *, proof: str, by: Any, at: datetime) -> AuditFinding:
    """Close a finding because its correction was proved. Raises SamePerson, BadFinding."""
    row = _finding(finding)
    if row.status != "planned":
        raise BadFinding(
            reason="primero lleva una corrección con responsable y día límite."
            if row.status == "open"
            else "ya está cerrado."
        )
    if by.id is None or by.id in {row.responsible_id, *_answered_before(row)}:
        raise SamePerson()
    if len(proof.strip()) < PROOF_LENGTH:
        raise BadFinding(reason="diga qué prueba que se corrigió y dónde está.")
    row.proof, row.closed_at, row.closed_by_id, row.status = proof.strip()[:600], at, by.id, "closed"
    row.save(update_fields=["proof", "closed_at", "closed_by_id", "status"])
    _note("finding.closed", row, by, at, responsible_id=row.responsible_id)
    return row


def _answered_before(row: AuditFinding) -> set[UUID]:
    """Whoever was to correct it once: who hands that on does not become the other person."""
    planned = Event.objects.filter(name="finding.planned", subject_id=row.id).values_list("detail__responsible_id", flat=True)
    return {UUID(str(one)) for one in planned if one}


@transaction.atomic
def reopen_finding(finding: AuditFinding, *, reason: str, by: Any, at: datetime) -> AuditFinding:
    """The correction did not hold: what was planned and proved stays in the journal, a new plan is needed. Raises BadFinding."""
    row = _finding(finding)
    if row.status != "closed" or not reason.strip():
        raise BadFinding(reason="sólo se reabre uno cerrado, y con el motivo.")
    was = {"correction": row.correction, "proof": row.proof, "closed_by_id": row.closed_by_id}
    row.status, row.reopened_reason, row.reopened_count = "open", reason.strip()[:300], row.reopened_count + 1
    row.closed_at, row.closed_by_id, row.proof = None, None, ""
    row.save(update_fields=["status", "reopened_reason", "reopened_count", "closed_at", "closed_by_id", "proof"])
    _note("finding.reopened", row, by, at, reason=row.reopened_reason, **was)
    return row


@transaction.atomic
def close_audit(run: AuditRun, *, conclusion: str, by: Any, at: datetime) -> AuditRun:
    """End an audit. Every question is answered and every finding has its corrective action. Raises AuditClosed, AuditUnfinished."""
    row = _open_run(run)
    pending = sum(item["result"] == "pending" for item in row.checklist)
    if pending:
        raise AuditUnfinished(
            reason=f"faltan {pending} puntos por responder." if pending > 1 else "falta 1 punto por responder."
        )
    bare = row.findings.filter(status="open").count()
    if bare:
        raise AuditUnfinished(
            reason=f"hay {bare} hallazgo{'s' if bare > 1 else ''} sin corrección, responsable o día límite."
        )
    if len(conclusion.strip()) < PROOF_LENGTH:
        raise AuditUnfinished(reason="escriba la conclusión.")
    row.status, row.closed_at, row.closed_by_id, row.conclusion = "closed", at, by.id, conclusion.strip()[:600]
    row.save(update_fields=["status", "closed_at", "closed_by_id", "conclusion"])
    journal.record(
        "audit.closed", by=by, at=at, subject="audit", subject_id=row.id, folio=row.folio, findings=row.findings.count()
    )
    return row


def _answered(item: Mapping[str, str], answers: Mapping[str, Found]) -> dict[str, Any]:
    if "control" not in item:
        return {**item, "result": "pending"}
    found = answers[item["control"]]
    result = "skipped" if found.skipped else "fail" if found.count else "pass"
    return {**item, "result": result, "checked": found.checked, "count": found.count, "note": found.skipped}


def _of_control(run: AuditRun, code: str, found: Found, *, by: Any, at: datetime) -> AuditFinding:
    control = CONTROLS[code]
    kinds: dict[str, int] = {}
    for case in found.cases:
        kinds[case.note] = kinds.get(case.note, 0) + 1
    says = ", ".join(
        f"{words.note_es(note)} ({count})" for note, count in sorted(kinds.items(), key=lambda one: -one[1])[:5] if note
    )
    looked = f"{found.count} de {found.checked} revisados." if found.checked else f"{found.count} casos."
    detail = f"{looked} {says}".strip()
    evidence = [case.written() for case in found.cases]
    return add_finding(
        run, title=control.finding, detail=detail, severity=control.severity, by=by, at=at, control=code, case_count=found.count, evidence=evidence
    )  # fmt: skip


def _open_run(run: AuditRun) -> AuditRun:
    row: AuditRun = AuditRun.objects.select_for_update().get(id=run.id)
    if row.status != "open":
        raise AuditClosed()
    return row


def _finding(finding: AuditFinding) -> AuditFinding:
    row: AuditFinding = AuditFinding.objects.select_for_update().get(id=finding.id)
    return row


def _note(name: str, row: AuditFinding, by: Any, at: datetime, **detail: Any) -> None:
    journal.record(
        name, by=by, at=at, subject="audit_finding", subject_id=row.id, folio=row.folio, audit_id=row.run_id, **detail
    )
