"""Templates: the list, the versions of one, the editor with a live preview, and approval by a second person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recaudo.kernel.problems import Problem
from recaudo.messaging import queries, services
from recaudo.messaging.forms import TemplateForm
from recaudo.messaging.models import Template
from recaudo.ui.access import allow
from recaudo.ui.lookup import one
from recaudo.workforce import queries as workforce


@allow("message.view|template.edit")
@require_safe
def templates(request: HttpRequest) -> HttpResponse:
    grouped = queries.template_list()
    context = {
        "groups": [(code, name, rows) for (code, name), rows in grouped.items()],
        "waiting": [row for rows in grouped.values() for row in rows if row.status == "submitted"],
    }
    return render(request, "messaging/templates.html", context)


@allow("message.view|template.edit")
@require_safe
def template(request: HttpRequest, template_id: UUID) -> HttpResponse:
    found = one(Template.objects.all(), id=template_id)
    versions = list(queries.versions(found)[:50])
    people = {row.created_by_id for row in versions} | {row.approved_by_id for row in versions}
    context = {
        "template": found,
        "versions": versions,
        "people": dict(workforce.users().filter(id__in=people).values_list("id", "name")),
        "own": found.created_by_id is not None and found.created_by_id == request.user.id,
        **_preview(found.channel, found.subject, found.body),
    }
    return render(request, "messaging/template.html", context)


@allow("template.edit")
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, template_id: UUID | None = None) -> HttpResponse:
    found: Template | None = one(Template.objects.all(), id=template_id) if template_id else None
    first = {name: getattr(found, name) for name in ("name", "channel", "code", "subject", "body")} if found else {"channel": "im"}
    form = TemplateForm(request.POST or None, initial=first, fixed=found)
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_template(**form.cleaned_data, by=request.user, at=timezone.now())
            if "submit" in request.POST:
                services.submit_template(saved, by=request.user, at=timezone.now())
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, "La plantilla espera la aprobación de otra persona." if "submit" in request.POST else "Se guardó el borrador.")
            return redirect("messaging:template", saved.id)
    shown = form.data if form.is_bound else first
    context = {"form": form, "template": found, "fields": services.FIELDS,
               **_preview(str(first["channel"]) if found else str(shown.get("channel", "im")), str(shown.get("subject", "")), str(shown.get("body", "")))}
    return render(request, "messaging/template_edit.html", context)


@allow("template.edit")
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """A fragment: what is wrong with the text, and how it would read."""
    given = request.POST
    channel = given.get("channel") or given.get("fixed_channel") or "im"
    context = _preview(channel[:16], given.get("subject", "")[:200], given.get("body", "")[:10_000])
    return render(request, "messaging/_template_preview.html", context)


@allow("template.edit")
@require_POST
def submit(request: HttpRequest, template_id: UUID) -> HttpResponse:
    return _step(request, template_id, services.submit_template, "La plantilla espera la aprobación de otra persona.")


@allow("template.approve")
@require_POST
def give_back(request: HttpRequest, template_id: UUID) -> HttpResponse:
    return _step(request, template_id, services.return_template, "La plantilla volvió a borrador.")


@allow("template.approve")
@require_POST
def approve(request: HttpRequest, template_id: UUID) -> HttpResponse:
    return _step(request, template_id, services.approve_template, "La plantilla está vigente: los próximos envíos la usan.")


@allow("template.approve")
@require_POST
def retire(request: HttpRequest, template_id: UUID) -> HttpResponse:
    return _step(request, template_id, services.retire_template, "La plantilla se retiró: nada más sale con ella.")


def _step(request: HttpRequest, template_id: UUID, step: Callable[..., Template], said: str) -> HttpResponse:
    step(one(Template.objects.all(), id=template_id), by=request.user, at=timezone.now())
    messages.success(request, said)
    return redirect("messaging:template", template_id)


def _preview(channel: str, subject: str, body: str) -> dict[str, Any]:
    example = services.EXAMPLE
    text = services.render(body, example)
    return {
        "channel": channel, "faults": services.lint(channel=channel, subject=subject, body=body) if body.strip() else [],
        "shown_subject": services.line(subject, example), "shown_body": text, "length": len(text), "segments": _segments(text),
    }  # fmt: skip


def _segments(text: str) -> int:
    """SMS parts with accents (UCS-2): 70 letters alone, 67 each when there are several."""
    return 1 if len(text) <= 70 else -(-len(text) // 67)
