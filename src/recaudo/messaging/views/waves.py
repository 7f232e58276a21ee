"""What is about to go out: waves by day and channel, a look at them, release by a second person, and the red button."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from recaudo.casework import queries as casework_queries
from recaudo.casework import services as casework
from recaudo.casework.models import ContactPause, Wave
from recaudo.casework.words import HOUSE_RULE_ES
from recaudo.engine import comply
from recaudo.kernel.contact import CHANNEL_ES
from recaudo.kernel.problems import Problem
from recaudo.messaging import queries, services
from recaudo.messaging.forms import PauseForm, WithdrawForm
from recaudo.messaging.models import Template
from recaudo.portfolio import services as portfolio
from recaudo.ui.access import allow
from recaudo.ui.lookup import one
from recaudo.workforce.models import Tenant, User

SHOWN_DAYS = 14


@dataclass(frozen=True, slots=True)
class Sample:
    """A message as it would go now; `template` is None when there is none in force."""

    hint: str
    subject: str
    body: str
    template: Template | None


@allow("message.view|day.release")
@require_safe
def waves(request: HttpRequest) -> HttpResponse:
    found = queries.waves(since=portfolio.local_day(timezone.now()) - timedelta(days=SHOWN_DAYS))
    days = [(on, list(rows)) for on, rows in groupby(found, key=lambda view: view.wave.on)]
    context = {
        "days": days,
        "names": queries.template_names({code for view in found for code in view.by_template}),
        "awaiting": [view for view in found if view.wave.status == "awaiting_release"],
        "moving": sum(view.waiting for view in found if view.is_moving),
        "sent": sum(view.sent for view in found),
        "refused": sum(view.refused for view in found),
        **_pause_context(request),
    }
    return render(request, "messaging/waves.html", context)


@allow("message.view|day.release")
@require_safe
def wave(request: HttpRequest, wave_id: UUID) -> HttpResponse:
    view = queries.wave_view(one(Wave.objects.all(), id=wave_id))
    context = {
        **_figures(view),
        "names": queries.template_names(view.by_template),
        "samples": _samples(view.wave, "", 0),
        "own": view.wave.prepared_by_id is not None and view.wave.prepared_by_id == request.user.id,
        "answers": User.objects.filter(id=view.wave.prepared_by_id).first() if view.wave.prepared_by_id else None,
        "withdraw_form": WithdrawForm(),
        "pauses": casework_queries.open_pauses(),
    }
    return render(request, "messaging/wave.html", context)


@allow("message.view|day.release")
@require_safe
def progress(request: HttpRequest, wave_id: UUID) -> HttpResponse:
    """A fragment: how far the sending is; asks for itself again while it moves."""
    return render(request, "messaging/_wave_progress.html", _figures(queries.wave_view(one(Wave.objects.all(), id=wave_id))))


@allow("message.view|day.release")
@require_safe
def samples(request: HttpRequest, wave_id: UUID) -> HttpResponse:
    """A fragment: some messages of the wave as they would read now, of one template or any."""
    found = one(Wave.objects.all(), id=wave_id)
    offset = request.GET.get("desde", "0")
    start = int(offset) if offset.isdigit() and len(offset) < 7 else 0
    code = request.GET.get("plantilla", "")[:40]
    context = {"wave": found, "samples": _samples(found, code, start), "code": code, "next_offset": start + queries.SAMPLES}
    return render(request, "messaging/_samples.html", context)


@allow("day.release")
@require_POST
def release(request: HttpRequest, wave_id: UUID) -> HttpResponse:
    only_review = request.POST.get("only_review") == "1"
    released = casework.release_wave(one(Wave.objects.all(), id=wave_id), by=request.user, at=timezone.now(), only_review=only_review)
    channel = CHANNEL_ES.get(released.channel, released.channel)
    if released.status == "released":
        messages.success(request, f"Se liberó el envío por {channel}: sale en cuanto la norma lo permite.")
    else:
        messages.success(request, f"Usted revisó el envío por {channel} y responde por él. Ahora debe liberarlo otra persona.")
    return redirect("messaging:wave", wave_id)


@allow("day.release")
@require_POST
def withdraw(request: HttpRequest, wave_id: UUID) -> HttpResponse:
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Escriba por qué se retira el envío.")
        return redirect("messaging:wave", wave_id)
    found = one(Wave.objects.all(), id=wave_id)
    casework.withdraw_wave(found, note=form.cleaned_data["reason"], by=request.user, at=timezone.now())
    messages.success(request, "Se retiró el envío: ninguno de sus mensajes saldrá.")
    return redirect("messaging:waves")


@allow("contact.pause")
@require_POST
def pause(request: HttpRequest) -> HttpResponse:
    form = PauseForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Diga qué se detiene y por qué.")
        return redirect(_back(request))
    try:
        casework.pause_contact(scope=form.cleaned_data["scope"], reason=form.cleaned_data["reason"], by=request.user, at=timezone.now())
    except Problem as problem:
        messages.error(request, problem.text)
    else:
        messages.warning(request, "Contacto en pausa. Nada sale en ese alcance hasta que se reanude; el trabajo queda pendiente.")
    return redirect(_back(request))


@allow("contact.pause")
@require_POST
def resume(request: HttpRequest, pause_id: UUID) -> HttpResponse:
    casework.resume_contact(one(ContactPause.objects.all(), id=pause_id), by=request.user, at=timezone.now())
    messages.success(request, "Se reanudó el contacto.")
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    """The red button also stands on «Hoy»."""
    return "today" if request.POST.get("volver") == "hoy" else "messaging:waves"


def _figures(view: queries.WaveView) -> dict[str, Any]:
    return {"view": view, "wave": view.wave, "rules": [(code, _rule_es(code), n) for code, n in sorted(view.rules.items(), key=lambda r: -r[1])]}


def _rule_es(code: str) -> str:
    """What a rule says, in one sentence of the lawbook or the house."""
    if code in HOUSE_RULE_ES:
        return HOUSE_RULE_ES[code]
    documents = comply.lawbook().documents.values()
    return next((document.rules[code].text_es for document in documents if code in document.rules), code)


def _samples(found: Wave, code: str, offset: int) -> list[Sample]:
    actions = queries.sample_actions(found, template=code, offset=offset)
    facts, by_code = services.facts_of(actions), services.approved(actions)
    tenant, at = Tenant.objects.get(id=found.tenant_id), timezone.now()
    shown = []
    for action in actions:
        template = by_code.get((action.template, action.channel))
        merge = services.compose(tenant, action, facts, at=at)
        point = facts.points.get(action.contact_point_id)
        hint = point.hint if point else "—"
        if template is None or merge is None:
            shown.append(Sample(hint, "", "", None))
        else:
            shown.append(Sample(hint, services.line(template.subject, merge), services.render(template.body, merge), template))
    return shown


def _pause_context(request: HttpRequest) -> dict[str, Any]:
    pauses = [(pause, casework_queries.pause_scope(pause.scope)) for pause in casework_queries.open_pauses()]
    form = PauseForm() if request.user.may("contact.pause") else None
    return {"pauses": pauses, "pause_form": form}
