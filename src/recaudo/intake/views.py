"""Pages of intake: the list of files, the way of one file from upload to result, the saved layouts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recaudo.intake import queries, services, tasks
from recaudo.intake.fields import STATUS_ES, TARGETS, suggest
from recaudo.intake.forms import LayoutForm, UploadForm, extra_text, mapping_of, mapping_rows, unused
from recaudo.intake.models import Batch, Layout
from recaudo.kernel.problems import NotAllowed, NotFound, Problem
from recaudo.portfolio.services import local_day
from recaudo.ui.access import allow

# Up to here a file is worked while the person waits; a larger one by a job, with its progress on the page.
WHILE_WAITING_BYTES = 3 * 1024 * 1024
TOTALS = ("source", "accepted", "refused", "applied", "unchanged")
TONES = {"applied": "ok", "failed": "bad", "undone": "muted", "checked": "info", "received": "info", "checking": "warn", "applying": "warn"}


@allow("intake.view")
@require_safe
def batches(request: HttpRequest) -> HttpResponse:
    status = request.GET.get("estado", "")
    page = Paginator(queries.batches(status=status if status in STATUS_ES else ""), 50).get_page(request.GET.get("page"))
    context = {
        "page": page, "status": status, "statuses": STATUS_ES, "tones": TONES, "counts": queries.counts_by_status(),
        "rows": [(batch, STATUS_ES[batch.status], TONES[batch.status]) for batch in page],
    }  # fmt: skip
    return render(request, "intake/batches.html", context)


@allow("intake.load")
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    form = UploadForm(request.POST or None, request.FILES or None, initial={"on": local_day(now).isoformat()})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            batch = services.receive(
                source=data["file"], file_name=data["file"].name, layout=data["layout"], portfolio=data["portfolio"], on=data["on"], by=request.user, at=now
            )
        except Problem as problem:
            form.add_error("file", problem.text)
        else:
            return redirect("intake:mapping", batch_id=batch.id)
    return render(request, "intake/upload.html", {"form": form})


@allow("intake.view")
@require_safe
def batch(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    found = _one(batch_id)
    return render(request, "intake/batch.html", _batch_context(found))


@allow("intake.view")
@require_safe
def progress(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """The part of the page that changes while a job works."""
    return render(request, "intake/_state.html", _batch_context(_one(batch_id)))


@allow("intake.load")
@require_http_methods(["GET", "POST"])
def mapping(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """How the file is read: columns to fields, formats, and the first rows before and after cleaning."""
    found = _one(batch_id)
    if request.method == "POST":
        form = LayoutForm(request.POST)
        if form.is_valid() and _save(request, form, found):
            return redirect("intake:batch" if "check" in request.POST and _checked(request, found) else "intake:mapping", batch_id=found.id)
        current = mapping_of(request.POST, request.POST.get("target", "accounts"))
        return render(request, "intake/mapping.html", _mapping_context(found, form, current))
    target = request.GET.get("tipo") if request.GET.get("tipo") in TARGETS else found.layout.target if found.layout else "accounts"
    try:
        columns = services.preview(Batch(id=found.id, path=found.path)).reading.columns if found.layout is None else found.reading.get("columns", [])
    except Problem as problem:
        messages.error(request, problem.text)
        columns = []
    current = dict(found.layout.mapping) if found.layout and found.layout.target == target else suggest(columns, target)
    return render(request, "intake/mapping.html", _mapping_context(found, _layout_form(found.layout, target, found), current, columns))


@allow("intake.load")
@require_POST
def check(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    _checked(request, _one(batch_id))
    return redirect("intake:batch", batch_id=batch_id)


@allow("intake.load")
@require_POST
def apply(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    found, now = _one(batch_id), timezone.now()
    if found.size > WHILE_WAITING_BYTES:
        services.begin(found, by=request.user, at=now)
        tasks.apply_batch.defer(tenant_id=str(request.user.tenant_id), batch_id=str(found.id), user_id=str(request.user.id))
    else:
        found = services.apply(found, by=request.user, at=now)
        if found.status == "applied":
            messages.success(request, f"Se aplicaron {found.accepted_count} filas.")
    return redirect("intake:batch", batch_id=batch_id)


@allow("intake.undo")
@require_POST
def undo(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    try:
        services.undo(_one(batch_id), by=request.user, at=timezone.now())
    except Problem as problem:
        messages.error(request, problem.text)
    else:
        messages.success(request, "La carga se deshizo. Los movimientos de ida y de vuelta quedan en cada cuenta.")
    return redirect("intake:batch", batch_id=batch_id)


@allow("intake.load")
@require_safe
def rejections(request: HttpRequest, batch_id: UUID, kind: str) -> HttpResponseBase:
    """The refused rows as a file. It holds personal data, so it needs the right to load files."""
    found, now = _one(batch_id), timezone.now()
    response: HttpResponseBase
    if kind == "xlsx":
        media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        response = HttpResponse(services.rejections_xlsx(found, by=request.user, at=now), content_type=media)
    elif kind == "csv":
        # Built here, inside the tenant: a stream would run after the request has left it.
        response = HttpResponse(b"".join(services.rejections_csv(found, by=request.user, at=now)), content_type="text/csv; charset=utf-8")
    else:
        raise NotFound()
    response.headers["Content-Disposition"] = f'attachment; filename="rechazos-{str(found.id)[-12:]}.{kind}"'
    return response


@allow("intake.view")
@require_safe
def layouts(request: HttpRequest) -> HttpResponse:
    rows = [(layout, TARGETS[layout.target], len(layout.mapping)) for layout in queries.layouts()]
    return render(request, "intake/layouts.html", {"rows": rows})


@allow("intake.view")
@require_http_methods(["GET", "POST"])
def layout(request: HttpRequest, layout_id: UUID) -> HttpResponse:
    """A saved layout; saving makes a new version."""
    found = Layout.objects.select_related("portfolio").filter(id=layout_id).first()
    if found is None:
        raise NotFound()
    form, current = _layout_form(found, found.target, None), dict(found.mapping)
    if request.method == "POST":
        if not request.user.may("intake.load"):  # type: ignore[union-attr]
            raise NotAllowed()
        form = LayoutForm(request.POST)
        if form.is_valid() and (saved := _save(request, form, None)):
            messages.success(request, f"Se guardó la versión {saved.version}.")
            return redirect("intake:layout", layout_id=saved.id)
        current = mapping_of(request.POST, request.POST.get("target", found.target))
    target = form["target"].value() or found.target
    context = {"layout": found, "form": form, "groups": mapping_rows(target, current), "extra": extra_text(current), "columns": []}
    return render(request, "intake/layout.html", context)


def _one(batch_id: UUID) -> Batch:
    found = Batch.objects.select_related("layout", "portfolio").filter(id=batch_id).first()
    if found is None:
        raise NotFound()
    return found


def _save(request: HttpRequest, form: LayoutForm, found: Batch | None) -> Layout | None:
    """Save the layout on the screen and use it for the file. A Problem becomes an error of the form."""
    data, now = form.cleaned_data, timezone.now()
    try:
        saved = services.save_layout(
            name=data["name"], target=data["target"], mapping=mapping_of(request.POST, data["target"]), options=form.options(),
            portfolio=data["portfolio"], by=request.user, at=now,
        )  # fmt: skip
        if found is not None:
            services.use_layout(found, layout=saved, portfolio=found.portfolio, by=request.user, at=now)
    except Problem as problem:
        form.add_error(None, problem.text)
        return None
    return saved


def _checked(request: HttpRequest, found: Batch) -> bool:
    """Check now, or by a job when the file is large. False when the file could not be checked at all."""
    now = timezone.now()
    if found.size > WHILE_WAITING_BYTES:
        services.begin(found, status="checking", by=request.user, at=now)
        tasks.check_batch.defer(tenant_id=str(request.user.tenant_id), batch_id=str(found.id), user_id=str(request.user.id))  # type: ignore[union-attr]
        return True
    found = services.check(_one(found.id), by=request.user, at=now)
    if found.status == "failed":
        messages.error(request, found.problem)
    return found.status == "checked"


def _batch_context(found: Batch) -> dict[str, Any]:
    return {
        "batch": found, "status_es": STATUS_ES[found.status], "tone": TONES[found.status], "is_working": found.status in ("checking", "applying"),
        "is_open": found.status in ("received", "checked", "failed") and found.files_gone_at is None, "kept_until": services.kept_until(found), "reasons": queries.reasons(found), "rejections": queries.first_rejections(found),
        "totals": [(code, {key: sums.get(key) for key in TOTALS}) for code, sums in found.totals.items()], "target_es": TARGETS[found.layout.target] if found.layout else "",
        "changes": [(queries.CHANGES_ES.get(key, key), value) for key, value in found.changes.items() if key != "omitted" and value],
        "same": queries.earlier_same(found) if found.status in ("received", "checked") else None, "percent": round(found.progress * 100),
        "reading": {key: value for key, value in found.reading.items() if key != "columns"},
    }  # fmt: skip


def _layout_form(current: Layout | None, target: str, found: Batch | None) -> LayoutForm:
    if current is None:
        name = (found.file_name.rsplit(".", 1)[0] if found else "")[:40]
        safe = "".join(c if c.isalnum() or c in "-_ " else " " for c in name).strip()
        return LayoutForm(initial={"name": safe, "target": target, "portfolio": found.portfolio_id if found else None})
    values = {"name": current.name, "target": target, "portfolio": current.portfolio_id, **current.options}
    return LayoutForm(initial=values)


def _mapping_context(found: Batch, form: LayoutForm, current: dict[str, Any], columns: list[str] | None = None) -> dict[str, Any]:
    """The editor and, when the layout fits, the first rows before and after."""
    target = form["target"].value() or "accounts"
    context: dict[str, Any] = {"batch": found, "form": form, "groups": mapping_rows(target, current), "extra": extra_text(current), "target": target}
    try:
        seen = services.preview(found)
        context |= {"preview": [(number, cells, any(cell[3] for cell in cells)) for number, cells in seen.rows], "titles": [cell[0] for cell in seen.rows[0][1]] if seen.rows else [], "reading": seen.reading.details}
        context["problems"] = [(number, cell[3]) for number, cells in seen.rows for cell in cells if cell[3]]
        columns = seen.reading.columns
    except Problem as problem:
        context["problem"] = problem.text
    context["columns"] = columns or []
    context["unused"] = unused(columns or [], current)[:60]
    return context


