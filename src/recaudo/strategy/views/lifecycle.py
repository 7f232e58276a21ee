"""What happens to a version: drafted, uploaded, sent, decided by a second person, put in force, rolled back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from recaudo.kernel.problems import Problem
from recaudo.strategy import queries, services
from recaudo.strategy.forms import ActivateForm, DecideForm, NoteForm, RejectForm, UploadForm
from recaudo.strategy.views.page import tell, today
from recaudo.ui.access import allow

NAME, PURPOSE = "Cobranza integral", "De la prevención a la cartera castigada, consumo y comercial."


@allow("strategy.edit")
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """The first strategy of an organisation, from the tables that come with the product."""
    first = queries.strategies().first()
    if first is not None:
        return redirect("strategy:strategies")
    made = services.create_strategy(
        code=queries.DAILY, name=NAME, purpose=PURPOSE, xml=services.default_xml(), by=request.user, at=timezone.now()
    )
    messages.success(request, "Se creó la estrategia como borrador. Revísela y envíela a aprobación.")
    return redirect("strategy:version", made.id)


@allow("strategy.edit")
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, strategy_id: UUID) -> HttpResponse:
    strategy = queries.strategy_by_id(strategy_id)
    base = queries.in_force(strategy) or queries.versions(strategy).first()
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.upload(strategy, xml=form.cleaned_data["file"], note=form.cleaned_data["note"], base=base, by=request.user, at=timezone.now())
        except Problem as problem:
            form.add_error("file", problem.text)
        else:
            messages.success(request, f"El archivo se guardó como borrador, versión {made.number}.")
            return redirect("strategy:version", made.id)
    return render(request, "strategy/upload.html", {"strategy": strategy, "form": form, "base": base}, status=422 if form.errors else 200)


@allow("strategy.edit")
@require_POST
def draft(request: HttpRequest, version_id: UUID) -> HttpResponse:
    base = queries.version_by_id(version_id)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _refuse(request, form, version_id)
    made = services.draft(base, note=form.cleaned_data["note"], by=request.user, at=timezone.now())
    messages.success(request, f"Borrador creado: versión {made.number}, a partir de la {base.number}. Toque una celda para cambiarla.")
    return redirect("strategy:version", made.id)


@allow("strategy.edit")
@require_POST
def note(request: HttpRequest, version_id: UUID) -> HttpResponse:
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _refuse(request, form, version_id)
    services.set_note(queries.version_by_id(version_id), note=form.cleaned_data["note"], by=request.user, at=timezone.now())
    messages.success(request, "La nota se guardó.")
    return redirect("strategy:version", version_id)


@allow("strategy.edit")
@require_POST
def submit(request: HttpRequest, version_id: UUID) -> HttpResponse:
    services.submit(queries.version_by_id(version_id), by=request.user, at=timezone.now())
    messages.success(request, "Enviada. Ya no se puede cambiar; otra persona debe aprobarla.")
    return redirect("strategy:version", version_id)


@allow("strategy.edit")
@require_POST
def withdraw(request: HttpRequest, version_id: UUID) -> HttpResponse:
    services.withdraw(queries.version_by_id(version_id), by=request.user, at=timezone.now())
    messages.success(request, "Descartada. Se puede leer, pero ya no se aprueba ni se cambia.")
    return redirect("strategy:version", version_id)


@allow("strategy.approve")
@require_POST
def approve(request: HttpRequest, version_id: UUID) -> HttpResponse:
    form = DecideForm(request.POST)
    if not form.is_valid():
        return _refuse(request, form, version_id)
    services.approve(queries.version_by_id(version_id), note=form.cleaned_data["note"], by=request.user, at=timezone.now())
    messages.success(request, "Aprobada. Falta decir desde qué día está en vigor.")
    return redirect("strategy:version", version_id)


@allow("strategy.approve")
@require_POST
def reject(request: HttpRequest, version_id: UUID) -> HttpResponse:
    form = RejectForm(request.POST)
    if not form.is_valid():
        return _refuse(request, form, version_id)
    services.reject(queries.version_by_id(version_id), note=form.cleaned_data["note"], by=request.user, at=timezone.now())
    messages.success(request, "Rechazada. Quien la hizo puede crear otro borrador a partir de ella.")
    return redirect("strategy:version", version_id)


@allow("strategy.approve")
@require_POST
def activate(request: HttpRequest, version_id: UUID) -> HttpResponse:
    form = ActivateForm(request.POST, today=today(request))
    if not form.is_valid():
        return _refuse(request, form, version_id)
    made = services.activate(queries.version_by_id(version_id), on=form.cleaned_data["on"], by=request.user, at=timezone.now())
    told = "en vigor: la próxima jornada decide con ella" if made.status == "active" else f"lista: entra en vigor con la jornada del {made.active_from:%d/%m/%Y}"
    messages.success(request, f"La versión {made.number} está {told}.")
    return redirect("strategy:version", version_id)


@allow("strategy.approve")
@require_POST
def cancel_activation(request: HttpRequest, version_id: UUID) -> HttpResponse:
    services.cancel_activation(queries.version_by_id(version_id), by=request.user, at=timezone.now())
    messages.success(request, "Se quitó la fecha: la versión sigue aprobada.")
    return redirect("strategy:version", version_id)


def _refuse(request: Any, form: Form, version_id: UUID) -> HttpResponse:
    tell(request, form)
    return redirect("strategy:version", version_id)
