"""Templates: saved as drafts, approved by a second person, sent only when approved."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.messaging.defaults import TEMPLATES
from recaudo.messaging.models import Template
from recaudo.messaging.services.rendering import check

# A person must be able to stop a channel, and to pay, from every message that collects.
REQUIRED = ("enlace_baja",)
PAYABLE = ("referencia", "como_pagar")


class TemplateLacks(Problem):
    code = "template_lacks"
    message = "A la plantilla le falta {missing}: todo mensaje de cobranza debe llevarlo."


class OwnTemplate(Problem):
    code = "own_template"
    message = "Quien escribió la plantilla no puede aprobarla: debe hacerlo otra persona."
    status = 403


class NotADraftTemplate(Problem):
    code = "not_a_draft_template"
    message = "Sólo se aprueba un borrador (ésta está «{status}»)."
    status = 409


@transaction.atomic
def save_template(
    *, code: str, channel: str, name: str, subject: str, body: str, by: Any, at: datetime, language: str = "es",
    content_tokens: list[str] | None = None,
) -> Template:
    """A new draft version of a template. Raises UnknownMergeField, TemplateLacks."""
    used = set(check(body)) | set(check(subject))
    missing = [f"{{{name}}}" for name in REQUIRED if name not in used]
    if not used & set(PAYABLE):
        missing.append("{referencia} o {como_pagar}")
    if missing:
        raise TemplateLacks(missing=" y ".join(missing))
    last = Template.objects.filter(code=code, channel=channel, language=language).aggregate(n=Max("version"))["n"] or 0
    template: Template = Template.objects.create(
        code=code, channel=channel, language=language, version=last + 1, name=name, subject=subject, body=body,
        content_tokens=content_tokens or [], created_by_id=by.id, created_at=at,
    )
    journal.record("template.changed", by=by, at=at, subject="template", subject_id=template.id, code=code, version=last + 1)
    return template


@transaction.atomic
def approve_template(template: Template, *, by: Any, at: datetime) -> Template:
    """A second person approves a draft; the version before it is retired. Raises OwnTemplate, NotADraftTemplate."""
    template = Template.objects.select_for_update().get(pk=template.pk)
    if template.status != "draft":
        raise NotADraftTemplate(status=template.status)
    if by.id is not None and by.id == template.created_by_id:
        raise OwnTemplate()
    same = Template.objects.filter(code=template.code, channel=template.channel, language=template.language)
    same.filter(status="approved").update(status="retired")
    template.status, template.approved_by_id, template.approved_at = "approved", by.id, at
    template.save(update_fields=["status", "approved_by_id", "approved_at"])
    journal.record("template.approved", by=by, at=at, subject="template", subject_id=template.id, code=template.code)
    return template


@transaction.atomic
def ensure_templates(*, by: Any, at: datetime) -> int:
    """The templates that come with the product, approved, where the tenant has none of that code yet. Returns how many."""
    made = 0
    for entry in TEMPLATES:
        if Template.objects.filter(code=entry.code, channel=entry.channel).exists():
            continue
        template = save_template(
            code=entry.code, channel=entry.channel, name=entry.name, subject=entry.subject, body=entry.body,
            content_tokens=list(entry.tokens), by=journal.SYSTEM, at=at,
        )
        approve_template(template, by=by, at=at)
        made += 1
    return made
