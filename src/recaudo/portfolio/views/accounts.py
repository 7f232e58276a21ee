"""Parts of an account's page that belong to the portfolio: its papers and the pauses of its count."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_safe

from recaudo.kernel.problems import NotAllowed, NotFound, Problem
from recaudo.portfolio import services
from recaudo.portfolio.forms import DocumentForm, PauseForm
from recaudo.portfolio.models import Account, Document
from recaudo.portfolio.services.documents import DOCUMENT_ES, ENDING
from recaudo.ui.access import allow
from recaudo.ui.lookup import one


@allow("person.view")
@require_http_methods(["GET", "POST"])
def documents(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = one(Account.objects.all(), id=account_id)
    form = DocumentForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        if not request.user.may("portfolio.edit"):
            raise NotAllowed()
        if form.is_valid():
            try:
                services.add_document(account=account, by=request.user, at=timezone.now(), **form.cleaned_data)
            except Problem as problem:
                form.add_error("file", problem.text)
            else:
                messages.success(request, "Se guardó el documento.")
                return redirect("portfolio:account-documents", account_id=account.id)
    papers = account.documents.order_by("-created_at")
    return render(request, "portfolio/documents.html", {"account": account, "form": form, "documents": papers, "kinds": DOCUMENT_ES})


@allow("person.view")
@require_safe
def document(request: HttpRequest, document_id: UUID) -> FileResponse:
    """The paper as a download: never shown in the page, never sniffed, under a name of ours."""
    paper = one(Document.objects.all(), id=document_id)
    try:
        file = default_storage.open(paper.path, "rb")
    except FileNotFoundError:
        raise NotFound() from None
    name = f"{slugify(paper.title) or 'documento'}.{ENDING.get(paper.media_type, 'bin')}"
    response = FileResponse(file, as_attachment=True, filename=name, content_type=paper.media_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@allow("portfolio.edit")
@require_http_methods(["GET", "POST"])
def pause(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = one(Account.objects.all(), id=account_id)
    form = PauseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.pause_delinquency(account, by=request.user, at=timezone.now(), **form.cleaned_data)
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, f"Se guardó la pausa: la cuenta tiene ahora {account.dpd} días de atraso.")
            return redirect("portfolio:account-pause", account_id=account.id)
    pauses = account.pauses.order_by("-from_on")
    return render(request, "portfolio/pause.html", {"account": account, "form": form, "pauses": pauses})
