"""Tables to Excel and back: download, look at what a workbook would change, keep it."""

from __future__ import annotations

import base64
import binascii
import zlib
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recaudo.journal import services as journal
from recaudo.kernel.problems import NotFound, Problem
from recaudo.strategy import queries, services
from recaudo.strategy.forms import NoteForm, WorkbookForm
from recaudo.strategy.queries import comparison
from recaudo.strategy.queries.sheets import table_names, workbook
from recaudo.strategy.queries.versions import model_of
from recaudo.strategy.views.page import may_edit
from recaudo.ui.access import allow
from recaudo.ui.export import XLSX_TYPE

MAX_XML = 20_000_000


class UnreadableProposal(Problem):
    code = "strategy_unreadable_proposal"
    message = "La propuesta se perdió en el camino. Vuelva a cargar el libro."


@allow("list.export")
@require_safe
def download(request: HttpRequest, version_id: UUID) -> HttpResponse:
    if not request.user.may("strategy.view"):
        raise NotFound()
    version = queries.version_by_id(version_id)
    model = model_of(version)
    content = workbook(model, created_at=version.created_at)
    rows = sum(len(table.rules) for name in table_names(model) if (table := model.decision(name).table))
    journal.record("list.exported", by=request.user, at=timezone.now(), list="estrategia", rows=rows)
    response = HttpResponse(content, content_type=XLSX_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{version.strategy.code}-v{version.number}-{version.sha256[:8]}.xlsx"'
    return response


@allow("strategy.edit")
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """The form, or what the workbook would change; nothing is kept here."""
    version = queries.version_by_id(version_id)
    form = WorkbookForm(request.POST or None, request.FILES or None)
    context = {"version": version, "form": form, "goes_in_place": may_edit(request, version)}
    if request.method != "POST" or not form.is_valid():
        return render(request, "strategy/workbook.html", context, status=422 if form.errors else 200)
    try:
        found = services.propose_workbook(version, form.cleaned_data["file"])
    except Problem as problem:
        form.add_error("file", problem.text)
        return render(request, "strategy/workbook.html", context, status=422)
    if found.model is None:
        return render(request, "strategy/workbook.html", {**context, "errors": found.errors}, status=422)
    context |= {
        "proposal": found, "found": comparison.compare(model_of(version), found.model), "packed": _packed(found.model.xml),
        "note_form": NoteForm(initial={"note": version.note if context["goes_in_place"] else ""}),
    }  # fmt: skip
    return render(request, "strategy/workbook.html", context)


@allow("strategy.edit")
@require_POST
def keep(request: HttpRequest, version_id: UUID) -> HttpResponse:
    version = queries.version_by_id(version_id)
    form = NoteForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Diga qué cambia y por qué, y vuelva a cargar el libro.")
        return redirect("strategy:workbook-upload", version_id)
    made = services.keep_workbook(
        version, xml=_unpacked(request.POST.get("packed", "")), base_sha256=request.POST.get("base", ""), note=form.cleaned_data["note"],
        by=request.user, at=timezone.now(),
    )  # fmt: skip
    messages.success(request, f"El libro se guardó en el borrador, versión {made.number}.")
    return redirect("strategy:version", made.id)


def _packed(xml: bytes) -> str:
    return base64.b64encode(zlib.compress(xml, 9)).decode()


def _unpacked(text: str) -> bytes:
    """The file of a proposal as the page carried it. It is from a browser: as untrusted as any upload. Raises UnreadableProposal."""
    try:
        unpacker = zlib.decompressobj()
        xml = unpacker.decompress(base64.b64decode(text, validate=True), MAX_XML)
    except (zlib.error, binascii.Error, ValueError):
        raise UnreadableProposal() from None
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise UnreadableProposal()
    return xml
