"""Pages of requests about personal data: the list with its clocks, one request with its steps."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recaudo.compliance import queries, services, words
from recaudo.compliance.forms import AnswerRequestForm, RequestFilters, RequestForm
from recaudo.compliance.models import RemovalProof, RightsRequest
from recaudo.compliance.views.evidence import evidence_taken, files_of
from recaudo.kernel.problems import NotAllowed, NotFound, Problem
from recaudo.law.queries import rules
from recaudo.portfolio.services import local_day
from recaudo.ui.access import allow
from recaudo.ui.lookup import one
from recaudo.workforce import queries as workforce
from recaudo.workforce.models import User

PAGE = 50
TONES = {"received": "warn", "in_progress": "info", "answered": "ok", "refused": "muted", "withdrawn": "muted"}
STEP_TONES = {"erased": "is-bad", "kept": "is-warn", "refused": "is-muted", "answered": "is-ok", "identified": "is-ok"}


@allow("compliance.view")
@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    form = RequestFilters(request.GET or None)
    given = form.cleaned_data if form.is_bound and form.is_valid() else {}
    today = local_day(timezone.now())
    status = given.get("estado", "")
    found = queries.requests(kind=given.get("derecho", ""), status="" if status == "late" else status, late_on=today if status == "late" else None)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    names = _names([one.assigned_to_id for one in page])
    context = {
        "form": form, "page": page, "counts": queries.request_counts(on=today),
        "rows": [
            (one, words.RIGHT_ES[one.kind], words.RIGHT_STATUS_ES[one.status], TONES[one.status], _left(one, today), names.get(one.assigned_to_id, ""))
            for one in page
        ],
    }  # fmt: skip
    return render(request, "compliance/requests.html", context)


@allow("complaint.manage")
@require_http_methods(["GET", "POST"])
def request_new(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    today = local_day(now)
    form = RequestForm(request.POST or None, initial={"received_on": today.isoformat(), "person": request.GET.get("persona", "")})
    if request.method == "POST" and form.is_valid():
        try:
            made = services.receive_request(**form.cleaned_data, rules=rules(), by=request.user, at=now, on=today)
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, f"Se registró la solicitud {made.folio}: se responde a más tardar el {made.due_on:%d/%m/%Y}.")
            return redirect("compliance:request", request_id=made.id)
    return render(request, "compliance/request_new.html", {"form": form, "help": [(words.RIGHT_ES[code], text) for code, text in words.RIGHT_HELP.items()]})


@allow("compliance.view")
@require_safe
def one_request(request: HttpRequest, request_id: UUID) -> HttpResponse:
    return render(request, "compliance/request.html", _context(_one(request_id)))


@allow("complaint.manage")
@require_POST
def request_act(request: HttpRequest, request_id: UUID, step: str) -> HttpResponse:
    """One step of a request: the word in the address says which."""
    found = _one(request_id)
    try:
        done = _act(request, found, step)
    except Problem as problem:
        if problem.status >= 500 or isinstance(problem, NotFound | NotAllowed):
            raise
        messages.error(request, problem.text)
    else:
        messages.success(request, done) if done else None
    return redirect("compliance:request", request_id=request_id)


@allow("complaint.manage")
@require_POST
def request_copy(request: HttpRequest, request_id: UUID) -> HttpResponse:
    found = _one(request_id)
    try:
        body = services.read_copy(found, by=request.user, at=timezone.now())
    except Problem as problem:
        messages.error(request, problem.text)
        return redirect("compliance:request", request_id=request_id)
    response = HttpResponse(body, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="datos-{found.folio}.zip"'
    return response


@allow("evidence.export")
@require_POST
def request_evidence(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Take the person's evidence file out for this request, without leaving it."""
    found = _one(request_id)
    return evidence_taken(request, found.person, f"Solicitud {found.folio}", redirect("compliance:request", request_id=request_id))


@allow("retention.approve")
@require_POST
def request_remove(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Remove the person's data. Needs who may approve removals: it cannot be undone."""
    now = timezone.now()
    try:
        keeps = services.remove_data(_one(request_id), rules=rules(), by=request.user, at=now, on=local_day(now))
    except Problem as problem:
        messages.error(request, problem.text)
    else:
        if keeps:
            messages.warning(request, "No pueden suprimirse todavía: " + "; ".join(one.reason_es for one in keeps) + ".")
        else:
            messages.success(request, "Los datos se suprimieron. La constancia quedó en «Conservación».")
    return redirect("compliance:request", request_id=request_id)


def _act(request: HttpRequest, found: RightsRequest, step: str) -> str:
    now, text = timezone.now(), request.POST.get("text", "")
    who: dict[str, Any] = {"by": request.user, "at": now}
    if step == "asignar":
        services.assign_request(found, to=_staff(request.POST.get("to", "")), **who)
        return "Se asignó."
    if step == "identidad":
        services.check_identity(found, method=request.POST.get("method", ""), **who)
        return "Se anotó cómo se comprobó la identidad."
    if step == "ampliar":
        longer = services.extend_request(found, reason=text, rules=rules(), on=local_day(now), **who)
        return f"El plazo se amplió al {longer.extended_on:%d/%m/%Y}. Avise a la persona."
    if step in {"nota", "correccion", "revision"}:
        kind = {"nota": "note", "correccion": "corrected", "revision": "reviewed"}[step]
        services.add_step(found, kind=kind, text=text, **who)
        return "Se anotó."
    if step == "copia":
        services.make_copy(found, **who)
        return "La copia está lista."
    if step == "suspender":
        services.stop_contact(found, **who)
        return "El contacto quedó suspendido."
    if step == "retirar":
        services.withdraw_request(found, reason=text, **who)
        return "La solicitud quedó retirada."
    if step == "responder":
        form = AnswerRequestForm(request.POST)
        if not form.is_valid():
            raise services.rights.BadRequest(reason="elija la respuesta y escríbala (10 letras o más).")
        services.answer_request(found, outcome=form.cleaned_data["outcome"], answer=form.cleaned_data["text"], **who)
        return "La respuesta quedó registrada."
    raise NotFound()


def _context(found: RightsRequest) -> dict[str, Any]:
    today = local_day(timezone.now())
    names = _names([found.assigned_to_id, found.answered_by_id])
    steps = list(found.steps.order_by("created_at", "id"))
    done = {step.kind for step in steps}
    return {
        "one": found, "kind_es": words.RIGHT_ES[found.kind], "status_es": words.RIGHT_STATUS_ES[found.status], "tone": TONES[found.status],
        "channel_es": words.CHANNEL_IN_ES[found.channel], "help": words.RIGHT_HELP[found.kind], "confidence_es": words.CONFIDENCE_ES.get(found.confidence, ""),
        "until": found.extended_on or found.due_on, "left": _left(found, today), "is_open": found.status in words.RIGHT_OPEN,
        "identity_es": words.IDENTITY_ES.get(found.identity_method, ""), "identities": words.IDENTITY_ES.items(), "outcome_es": words.OUTCOME_ES.get(found.outcome, ""),
        "steps": [(step, words.STEP_ES[step.kind], STEP_TONES.get(step.kind, "")) for step in steps], "done": done,
        "staff": workforce.users().filter(is_active=True, agency=None).order_by("name"),
        "assigned": names.get(found.assigned_to_id, ""), "answered": names.get(found.answered_by_id, ""),
        "form": AnswerRequestForm(), "proof": RemovalProof.objects.filter(request_id=found.id).first(), "can_copy": found.kind in services.rights.COPIES,
        "files": files_of(found.person_id, f"Solicitud {found.folio}"),
    }  # fmt: skip


def _left(found: RightsRequest, today: Any) -> int | None:
    """Days left to answer; negative when late; None when nothing waits."""
    return ((found.extended_on or found.due_on) - today).days if found.status in words.RIGHT_OPEN else None


def _names(ids: list[UUID | None]) -> dict[UUID | None, str]:
    return dict(workforce.users().filter(id__in=[key for key in ids if key]).values_list("id", "name"))


def _staff(key: str) -> User:
    try:
        found: User | None = workforce.users().filter(id=UUID(key), is_active=True).first()
    except ValueError:
        found = None
    if found is None:
        raise services.rights.BadRequest(reason="elija a quién se asigna.")
    return found


def _one(request_id: UUID) -> RightsRequest:
    found: RightsRequest = one(RightsRequest.objects.select_related("person"), id=request_id)
    return found
