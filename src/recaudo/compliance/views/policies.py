"""Pages of policies: the list, one policy with its versions, readers and use, writing and deciding a version."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recaudo.compliance import words
from recaudo.compliance.forms import PolicyForm, PolicyTextForm
from recaudo.compliance.models import Policy, PolicyVersion
from recaudo.compliance.queries import policies as queries
from recaudo.compliance.services import policies as services
from recaudo.journal import services as journal
from recaudo.kernel.permissions import ROLES
from recaudo.kernel.problems import NotAllowed, NotFound, Problem
from recaudo.portfolio.services import local_day
from recaudo.store import tenancy
from recaudo.store.fields import CannotDecrypt
from recaudo.strategy.queries.publications import is_for, publication_by_id
from recaudo.ui.access import allow
from recaudo.ui.export import list_response
from recaudo.ui.lookup import one
from recaudo.workforce import queries as workforce

COLUMNS = ("politica", "version", "huella", "persona", "despacho", "leida_utc", "plazo")
DONE = {
    "enviar": "Se envió: la aprueba otra persona.", "aprobar": "La política está en vigor; quienes deben leerla la ven en «Instrucciones».",
    "rechazar": "La versión no sigue; quedó por qué.", "revisada": "Queda como está; la próxima revisión cuenta desde hoy.", "retirar": "La política se retiró.",
}  # fmt: skip


@allow("compliance.view|policy.manage")
@require_safe
def policies(request: HttpRequest) -> HttpResponse:
    today = local_day(timezone.now())
    is_retired = request.GET.get("ver") == "retiradas"
    lines = queries.policies(on=today, is_retired=is_retired)
    owners = _names(*(line.policy.owner_id for line in lines))
    context = {
        "lines": [(line, words.AREA_ES[line.policy.area], owners.get(line.policy.owner_id, "—")) for line in lines], "today": today, "is_retired": is_retired,
        "in_force": sum(line.current is not None for line in lines), "waiting": sum(line.open is not None and line.open.status == "waiting" for line in lines),
        "overdue": sum(line.current is not None and line.current.review_on < today for line in lines), "unread": sum(line.asked - line.read for line in lines),
        "late": sum(line.late for line in lines),
    }  # fmt: skip
    return render(request, "compliance/policies.html", context)


@allow("policy.manage")
@require_http_methods(["GET", "POST"])
def policy_new(request: HttpRequest) -> HttpResponse:
    initial = {"owner": str(request.user.pk), "review_months": 12, "read_days": 7, "to_staff": True}
    return _data_page(request, None, initial)


@allow("policy.manage")
@require_http_methods(["GET", "POST"])
def policy_edit(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    found = _policy(policy_id)
    initial = {
        "code": found.code, "title": found.title, "area": found.area, "owner": str(found.owner_id), "review_months": found.review_months,
        "read_days": found.read_days, "to_staff": found.to_staff, "agencies": found.agency_ids, "roles": found.roles,
    }  # fmt: skip
    return _data_page(request, found, initial)


@allow("compliance.view|policy.manage")
@require_safe
def policy(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    found = _policy(policy_id)
    versions = list(found.versions.defer("text").order_by("-number"))
    current = next((one for one in versions if one.status == "in_force"), None)
    return render(request, "compliance/policy.html", _context(request, found, versions, current))


@allow("compliance.view|policy.manage")
@require_safe
def policy_version(request: HttpRequest, policy_id: UUID, number: int) -> HttpResponse:
    found = _version(policy_id, number)
    versions = list(found.policy.versions.defer("text").order_by("-number"))
    return render(request, "compliance/policy.html", _context(request, found.policy, versions, found))


@allow("policy.manage")
@require_http_methods(["GET", "POST"])
def policy_write(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    """Write the open draft, or begin one from the version in force."""
    found = _policy(policy_id)
    base = found.versions.filter(status="draft").first() or found.versions.filter(status="in_force").first()
    form = PolicyTextForm(request.POST or None, request.FILES or None, initial=_text_of(base))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        links = queries.linked(
            rules=given["rules"], strategies=[(row.id, row.name) for row in given["strategies"]], templates=given["templates"],
            programmes=[(row.id, row.name) for row in given["programmes"]],
        )  # fmt: skip
        body, name = given["file"] or (None, "")
        try:
            services.write_version(found, text=given["text"], note=given["note"], links=links, file=body, file_name=name, by=request.user, at=timezone.now())
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, "El borrador quedó guardado. Envíelo para que otra persona lo apruebe.")
            return redirect("compliance:policy", policy_id=found.id)
    return render(request, "compliance/policy_form.html", {"form": form, "policy": found, "is_text": True, "base": base}, status=422 if form.errors else 200)


@allow("policy.manage")
@require_POST
def policy_act(request: HttpRequest, policy_id: UUID, step: str) -> HttpResponse:
    """One step of a policy: the word in the address says which."""
    found, now, text = _policy(policy_id), timezone.now(), request.POST.get("text", "")
    if step not in DONE:
        raise NotFound()
    try:
        if step == "retirar":
            services.retire_policy(found, on=local_day(now), by=request.user, at=now)
        else:
            statuses = {"enviar": ["draft"], "revisada": ["in_force"]}.get(step, ["waiting", "draft"])
            row = found.versions.filter(status__in=statuses).first()
            if row is None:
                raise NotFound()
            _step(step, row, text, request, now)
    except Problem as problem:
        if problem.status >= 500 or isinstance(problem, NotFound):
            raise
        messages.error(request, problem.text)
    else:
        messages.success(request, DONE[step])
    return redirect("compliance:policy", policy_id=policy_id)


@allow("list.export")
@require_POST
def policy_readers(request: HttpRequest, policy_id: UUID) -> HttpResponseBase:
    """Who read the version in force and who did not, as a file: proof that the policy is known."""
    if not request.user.may("compliance.view"):
        raise NotAllowed()
    found = _policy(policy_id)
    version = found.versions.filter(status="in_force").first()
    if version is None:
        raise NotFound()
    publication, people = queries.readers_of(version)
    due_on = publication.due_on if publication else None
    rows = (
        (found.code, version.number, version.digest, person.user.name, person.agency, person.read_at.isoformat(timespec="seconds") if person.read_at else "", due_on)
        for person in people
    )
    return list_response(
        request.POST.get("formato"), f"lectores-{found.code}", COLUMNS, rows,
        record=lambda count: journal.record("list.exported", by=request.user, at=timezone.now(), list="policy_readers", rows=count),
    )  # fmt: skip


@allow("compliance.view|policy.manage")
@require_safe
def policy_file(request: HttpRequest, policy_id: UUID, number: int) -> HttpResponse:
    return _pdf(_version(policy_id, number))


@allow("strategy.acknowledge|policy.read")
@require_safe
def told_file(request: HttpRequest, publication_id: UUID) -> HttpResponse:
    """The PDF of a published policy, for whoever has to read it."""
    publication = publication_by_id(publication_id)
    if publication.kind != "policy" or not is_for(publication, request.user):
        raise NotFound()
    with tenancy.acting(tenancy.tenant_id()):  # an agency reads what was published for it, and nothing else of the house's policies
        version = queries.version_told(publication)
    if version is None or not version.path:
        raise NotFound()
    return _pdf(version)


def _step(step: str, row: PolicyVersion, text: str, request: HttpRequest, now: Any) -> None:
    who = {"by": request.user, "at": now}
    if step == "enviar":
        services.submit_version(row, **who)
    elif step == "aprobar":
        services.approve_version(row, on=local_day(now), **who)
    elif step == "rechazar":
        services.reject_version(row, answer=text, **who)
    else:
        services.reviewed(row, note=text, on=local_day(now), **who)


def _data_page(request: HttpRequest, found: Policy | None, initial: dict[str, Any]) -> HttpResponse:
    staff = workforce.users().filter(is_active=True, agency=None).order_by("name")
    form = PolicyForm(request.POST or None, staff=staff, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        agencies, owner = given.pop("agencies"), given.pop("owner")
        try:
            made = services.define_policy(**given, owner_id=UUID(owner), agency_ids=[row.id for row in agencies], policy=found, by=request.user, at=timezone.now())
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, "Guardada." if found else "Ahora escriba su texto.")
            return redirect("compliance:policy" if found else "compliance:policy_write", policy_id=made.id)
    return render(request, "compliance/policy_form.html", {"form": form, "policy": found}, status=422 if form.errors else 200)


def _context(request: HttpRequest, found: Policy, versions: list[PolicyVersion], shown: PolicyVersion | None) -> dict[str, Any]:
    now = timezone.now()
    today = local_day(now)
    waiting = next((one for one in versions if one.status in ("draft", "waiting")), None)
    shown = shown or waiting or (versions[0] if versions else None)
    publication, people = queries.readers_of(shown) if shown else (None, [])
    names = _names(found.owner_id, *(one.written_by_id for one in versions), *(one.decided_by_id for one in versions))
    agencies = dict(workforce.agencies().values_list("id", "name"))
    return {
        "policy": found, "area": words.AREA_ES[found.area], "owner": names.get(found.owner_id, "—"), "shown": shown, "open": waiting, "today": today,
        "versions": [(one, words.POLICY_STATUS_ES[one.status], words.POLICY_TONE[one.status], names.get(one.written_by_id, ""), names.get(one.decided_by_id, "")) for one in versions],
        "status_es": words.POLICY_STATUS_ES[shown.status] if shown else "Sin texto", "is_mine": shown is not None and shown.written_by_id == request.user.pk,
        "publication": publication, "people": people, "read": sum(one.read_at is not None for one in people), "is_late": bool(publication and publication.due_on and publication.due_on < today),
        "uses": [(use, queries.LINK_ES[use.kind]) for use in queries.uses(shown, at=now)] if shown else [], "used_days": queries.USED_DAYS,
        "roles": [ROLES[code].name_es for code in found.roles if code in ROLES], "agencies": [agencies.get(key, "despacho") for key in found.agency_ids],
    }  # fmt: skip


def _text_of(base: PolicyVersion | None) -> dict[str, Any]:
    if base is None:
        return {}
    keys = {kind: [one["key"] for one in base.links if one["kind"] == kind] for kind in queries.LINK_ES}
    return {
        "text": base.text, "note": base.note if base.status == "draft" else "", "rules": ", ".join(keys["rule"]), "strategies": keys["strategy"],
        "templates": keys["template"], "programmes": keys["programme"],
    }  # fmt: skip


def _pdf(version: PolicyVersion) -> HttpResponse:
    if not version.path:
        raise NotFound()
    try:
        body = services.read_file(version)
    except (CannotDecrypt, FileNotFoundError):
        raise services.FileGone() from None
    answer = HttpResponse(body, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="politica-{slugify(version.policy.code)}-{version.number}.pdf"'
    return answer


def _names(*ids: UUID | None) -> dict[UUID | None, str]:
    return dict(workforce.users().filter(id__in=[key for key in ids if key]).values_list("id", "name"))


def _policy(policy_id: UUID) -> Policy:
    found: Policy = one(Policy.objects.all(), id=policy_id)
    return found


def _version(policy_id: UUID, number: int) -> PolicyVersion:
    found: PolicyVersion = one(PolicyVersion.objects.select_related("policy"), policy_id=policy_id, number=number)
    return found
