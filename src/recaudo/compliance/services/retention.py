"""Removal of what is past its term: proposed by one person, approved by another, done in batches; legal hold wins at the last moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import transaction

from recaudo.compliance.models import RetentionRun, RetentionTerm
from recaudo.compliance.queries import retention as queries
from recaudo.compliance.services.removal import AlreadyRemoved, MustKeep, remove_person
from recaudo.compliance.terms import Term, term_for
from recaudo.intake import services as intake
from recaudo.intake.models import Batch, Rejection
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.law.queries import Rules
from recaudo.store import tenancy

BATCH = 100
OPEN = ("proposed", "running")


class TermTooShort(Problem):
    code = "retention_term_too_short"
    message = "La norma de {country} pide conservar {years} años: el plazo de la casa no puede ser menor."


class ReasonMissing(Problem):
    code = "retention_reason_missing"
    message = "Escriba el motivo."


class SamePerson(Problem):
    code = "retention_same_person"
    message = "Lo propuso usted: debe decidirlo otra persona."
    status = 409


class NotWaiting(Problem):
    code = "retention_not_waiting"
    message = "Esta propuesta ya se decidió."
    status = 409


class RunOpen(Problem):
    code = "retention_run_open"
    message = "Ya hay una supresión propuesta o en curso: decídala primero."
    status = 409


class NothingDue(Problem):
    code = "retention_nothing_due"
    message = "No hay nada cuyo plazo haya vencido."
    status = 409


@transaction.atomic
def propose_term(*, country: str, years: int, reason: str, rules: Rules, by: Any, at: datetime) -> RetentionTerm:
    """Propose how long the house keeps data of a country. Raises TermTooShort, ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing()
    law = term_for(rules, country, house={})
    if not 1 <= years <= 30 or (law is not None and years < law.years):
        raise TermTooShort(country=country, years=law.years if law else 1)
    row = RetentionTerm.objects.create(country=country, years=years, reason=reason.strip()[:300], proposed_by_id=by.id, created_at=at)
    journal.record("retention.changed", by=by, at=at, subject="retention_term", subject_id=row.id, step="proposed", country=country, years=years)
    return row


@transaction.atomic
def decide_term(row: RetentionTerm, *, approve: bool, by: Any, at: datetime) -> RetentionTerm:
    """Another person approves or turns down a term. Raises SamePerson, NotWaiting."""
    fresh = RetentionTerm.objects.select_for_update().get(id=row.id)
    if fresh.approved_at or fresh.withdrawn_at:
        raise NotWaiting()
    if approve and fresh.proposed_by_id == by.id:
        raise SamePerson()
    if approve:
        fresh.approved_by_id, fresh.approved_at = by.id, at
    else:
        fresh.withdrawn_at = at
    fresh.save()
    step = "approved" if approve else "withdrawn"
    journal.record("retention.changed", by=by, at=at, subject="retention_term", subject_id=fresh.id, step=step, country=fresh.country, years=fresh.years)
    return fresh


@transaction.atomic
def propose_run(*, on: date, rules: Rules, by: Any, at: datetime) -> RetentionRun:
    """Propose to remove everything past its term on a day. Raises RunOpen, NothingDue."""
    if RetentionRun.objects.filter(status__in=OPEN).exists():
        raise RunOpen()
    past = queries.due(queries.candidates(), rules, on=on)
    held = sum(one.is_kept for one in past)
    if not past and not _old_loads(rules, on):
        raise NothingDue()
    run = RetentionRun.objects.create(
        on=on, due_count=len(past) - held, held_count=held, counts=dict(Counter(one.country for one in past)), proposed_by_id=by.id,
        proposed_by_name=by.name, created_at=at,
    )  # fmt: skip
    journal.record("retention.proposed", by=by, at=at, subject="retention_run", subject_id=run.id, due=run.due_count, held=held, on=on)
    return run


@transaction.atomic
def decide_run(run: RetentionRun, *, approve: bool, by: Any, at: datetime) -> RetentionRun:
    """Another person lets a removal begin, or turns it down. Raises SamePerson, NotWaiting."""
    fresh = RetentionRun.objects.select_for_update().get(id=run.id)
    if fresh.status != "proposed":
        raise NotWaiting()
    if approve and fresh.proposed_by_id == by.id:
        raise SamePerson()
    fresh.status = "running" if approve else "rejected"
    if approve:
        fresh.approved_by_id, fresh.approved_by_name, fresh.approved_at = by.id, by.name, at
    fresh.save()
    journal.record("retention.decided", by=by, at=at, subject="retention_run", subject_id=fresh.id, step=fresh.status)
    return fresh


def carry_out(run_id: UUID, *, rules: Callable[[], Rules], by: Any, clock: Callable[[], datetime], tenant: UUID) -> RetentionRun:
    """Do an approved removal in short transactions. Harmless to repeat after a crash: who was removed is no candidate any more.

    A hold, dispute or complaint opened since the proposal keeps its person. What interrupts it is raised, and the run says that it
    failed: it may be done again, and does not keep others from being proposed. Raises NotWaiting.
    """
    try:
        return _carry_out(run_id, rules, by, clock, tenant)
    except NotWaiting:
        raise
    except Exception as problem:
        with tenancy.acting(tenant):
            _failed(run_id, problem, by, clock())
        raise


def _carry_out(run_id: UUID, rules: Callable[[], Rules], by: Any, clock: Callable[[], datetime], tenant: UUID) -> RetentionRun:
    with tenancy.acting(tenant):
        run = RetentionRun.objects.select_for_update().get(id=run_id)
        if run.status not in {"running", "failed"}:
            raise NotWaiting()
        if RetentionRun.objects.filter(status__in=OPEN).exclude(id=run_id).exists():
            raise RunOpen()
        run.status, run.problem = "running", ""
        run.save(update_fields=["status", "problem"])
        law = rules()
        past = queries.due(queries.candidates(), law, on=run.on)
    kept = 0
    for start in range(0, len(past), BATCH):
        with tenancy.acting(tenant):
            kept += _some(run_id, past[start : start + BATCH], law, run.on, by, clock())
    with tenancy.acting(tenant):
        return _finish(run_id, law, kept, by, clock())


def _failed(run_id: UUID, problem: Exception, by: Any, at: datetime) -> None:
    run = RetentionRun.objects.select_for_update().get(id=run_id)
    run.status = "failed"
    run.problem = (problem.text if isinstance(problem, Problem) else f"Error interno ({type(problem).__name__})")[:300]
    run.save(update_fields=["status", "problem"])
    journal.record("retention.failed", by=by, at=at, subject="retention_run", subject_id=run.id, done=run.done_count, why=type(problem).__name__)


def _some(run_id: UUID, past: list[queries.Candidate], rules: Rules, on: date, by: Any, at: datetime) -> int:
    """One batch; returns how many had to be kept."""
    people = queries.persons(past)
    removed: Counter[str] = Counter()
    done = kept = 0
    for one in past:
        try:
            proof = remove_person(people[one.person_id], basis="retention", rules=rules, on=on, by=by, at=at, run_id=run_id)
        except (MustKeep, AlreadyRemoved):
            kept += 1
            continue
        removed.update(proof.tables)
        done += 1
    run = RetentionRun.objects.select_for_update().get(id=run_id)
    run.done_count += done
    run.removed = dict(Counter(run.removed) + removed)
    run.save(update_fields=["done_count", "removed"])
    return kept


def _finish(run_id: UUID, rules: Rules, kept: int, by: Any, at: datetime) -> RetentionRun:
    run = RetentionRun.objects.select_for_update().get(id=run_id)
    loads = _old_loads(rules, run.on)
    files = [batch for batch in loads if _has_file(batch)]
    rows = intake.forget_rows(loads)
    transaction.on_commit(lambda: _destroy(files))
    run.status, run.held_count, run.finished_at = "done", kept, at
    run.removed = {**run.removed, "files": len(files), **({"intake.Rejection": rows} if rows else {})}
    run.save()
    journal.record("retention.done", by=by, at=at, subject="retention_run", subject_id=run.id, done=run.done_count, held=kept, removed=run.removed)
    return run


def _old_loads(rules: Rules, on: date) -> list[Batch]:
    """Loads past the term of their country of which something is left: the file, or rows that were refused."""
    terms: dict[str, Term | None] = {}
    old = []
    for batch in Batch.objects.select_related("portfolio").filter(portfolio__isnull=False):
        country = batch.portfolio.country
        if country not in terms:
            terms[country] = term_for(rules, country)
        term = terms[country]
        if term is not None and on >= term.ends(batch.created_at.date()):
            old.append(batch)
    # The file of a load goes sooner than what was refused of it.
    refused = set(Rejection.objects.filter(batch__in=old).exclude(row=None).values_list("batch_id", flat=True).distinct())
    return [batch for batch in old if batch.id in refused or _has_file(batch)]


def _has_file(batch: Batch) -> bool:
    return bool(batch.path) and default_storage.exists(batch.path)


def _destroy(batches: list[Batch]) -> None:
    """The files as they came, and what was kept to undo them."""
    for batch in batches:
        default_storage.delete(batch.path)
        beside = f"intake/{batch.id}"
        if default_storage.exists(beside):
            for name in default_storage.listdir(beside)[1]:
                default_storage.delete(f"{beside}/{name}")
