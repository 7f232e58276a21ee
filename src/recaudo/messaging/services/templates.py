"""Templates: saved as drafts, sent to approval, approved by a second person, sent to people only when approved."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from recaudo.journal import services as journal
from recaudo.kernel.problems import NotFound, Problem
from recaudo.messaging.defaults import TEMPLATES
from recaudo.messaging.models import Template
from recaudo.messaging.services.lint import lint


class TemplateFaulty(Problem):
    code = "template_faulty"
    message = "La plantilla no está lista: {faults}"

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__(faults=" ".join(faults))


class OwnTemplate(Problem):
    code = "own_template"
    message = "Quien escribió la plantilla no puede aprobarla: debe hacerlo otra persona."
    status = 403


class WrongTemplateState(Problem):
    code = "wrong_template_state"
    message = "La plantilla está «{status}»: recargue la página para ver qué cambió."
    status = 409


STATUS_ES = {"draft": "Borrador", "submitted": "En revisión", "approved": "Vigente", "retired": "Retirada"}


@transaction.atomic
def save_template(
    *, code: str, channel: str, name: str, subject: str, body: str, by: Any, at: datetime, language: str = "es",
) -> Template:  # fmt: skip
    """A draft of a template: a new version, or the open draft of the same person changed. Raises TemplateFaulty.

    A draft may be incomplete but for what would break it: only approval asks for everything.
    """
    if not body.strip() or not name.strip() or not code.strip():
        raise TemplateFaulty(["Escriba nombre, código y texto."])
    same = Template.objects.select_for_update().filter(code=code, channel=channel, language=language)
    draft: Template | None = same.filter(status="draft", created_by_id=by.id).order_by("-version").first() if by.id else None
    if draft is not None:
        draft.name, draft.subject, draft.body = name.strip(), subject.strip(), _clean(body)
        draft.save(update_fields=["name", "subject", "body"])
    else:
        last = same.aggregate(n=Max("version"))["n"] or 0
        draft = Template.objects.create(
            code=code, channel=channel, language=language, version=last + 1, name=name.strip(), subject=subject.strip(),
            body=_clean(body), created_by_id=by.id, created_at=at,
        )  # fmt: skip
    _record(draft, "saved", by=by, at=at)
    return draft


@transaction.atomic
def submit_template(template: Template, *, by: Any, at: datetime) -> Template:
    """Ask for approval. Raises TemplateFaulty, WrongTemplateState."""
    fresh = _locked(template, "draft")
    if faults := lint(channel=fresh.channel, subject=fresh.subject, body=fresh.body):
        raise TemplateFaulty(faults)
    return _become(fresh, "submitted", by=by, at=at)


@transaction.atomic
def return_template(template: Template, *, by: Any, at: datetime) -> Template:
    """Back to a draft, to be changed. Raises WrongTemplateState."""
    return _become(_locked(template, "submitted"), "draft", by=by, at=at)


@transaction.atomic
def approve_template(template: Template, *, by: Any, at: datetime) -> Template:
    """A second person approves; the version before it is retired. Raises OwnTemplate, WrongTemplateState, TemplateFaulty."""
    fresh = _locked(template, "submitted")
    if by.id is not None and by.id == fresh.created_by_id:
        raise OwnTemplate()
    if faults := lint(channel=fresh.channel, subject=fresh.subject, body=fresh.body):
        raise TemplateFaulty(faults)
    same = Template.objects.select_for_update().filter(code=fresh.code, channel=fresh.channel, language=fresh.language)
    same.filter(status="approved").update(status="retired")
    fresh.status, fresh.approved_by_id, fresh.approved_at = "approved", by.id, at
    fresh.save(update_fields=["status", "approved_by_id", "approved_at"])
    journal.record("template.approved", by=by, at=at, subject="template", subject_id=fresh.id, code=fresh.code, version=fresh.version)
    return fresh


@transaction.atomic
def retire_template(template: Template, *, by: Any, at: datetime) -> Template:
    """Take a template out of use; what is planned with it is not sent. Raises WrongTemplateState."""
    return _become(_locked(template, "approved", "submitted", "draft"), "retired", by=by, at=at)


@transaction.atomic
def ensure_templates(*, by: Any, at: datetime) -> int:
    """The templates that come with the product, approved, where the tenant has none of that code yet. Returns how many."""
    have = set(Template.objects.values_list("code", "channel"))
    missing = [entry for entry in TEMPLATES if (entry.code, entry.channel) not in have]
    for entry in missing:
        template = save_template(
            code=entry.code, channel=entry.channel, name=entry.name, subject=entry.subject, body=entry.body, by=journal.SYSTEM, at=at
        )
        approve_template(submit_template(template, by=journal.SYSTEM, at=at), by=by, at=at)
    return len(missing)


def _locked(template: Template, *allowed: str) -> Template:
    fresh: Template | None = Template.objects.select_for_update().filter(id=template.id).first()
    if fresh is None:
        raise NotFound()
    if fresh.status not in allowed:
        raise WrongTemplateState(status=STATUS_ES.get(fresh.status, fresh.status))
    return fresh


def _become(template: Template, status: str, *, by: Any, at: datetime) -> Template:
    template.status = status
    template.save(update_fields=["status"])
    _record(template, status, by=by, at=at)
    return template


def _record(template: Template, step: str, *, by: Any, at: datetime) -> None:
    journal.record(
        "template.changed", by=by, at=at, subject="template", subject_id=template.id, code=template.code, channel=template.channel,
        version=template.version, step=step,
    )  # fmt: skip


def _clean(body: str) -> str:
    return body.replace("\r\n", "\n").strip()
