"""Creditors and portfolios."""

from __future__ import annotations

from itertools import groupby
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recaudo.kernel.problems import Problem
from recaudo.portfolio import queries, services
from recaudo.portfolio.forms import BucketForm, CreditorForm, PortfolioForm
from recaudo.portfolio.models import Creditor, Portfolio
from recaudo.ui.access import allow
from recaudo.ui.lookup import one


@allow("portfolio.view")
@require_safe
def portfolios(request: HttpRequest) -> HttpResponse:
    lines = queries.portfolio_lines()
    with_portfolio = {line.portfolio.creditor_id for line in lines}
    context = {
        "creditors": [(creditor, list(group)) for creditor, group in groupby(lines, key=lambda line: line.portfolio.creditor)],
        "without": Creditor.objects.exclude(id__in=with_portfolio).order_by("name"),
        "totals": queries.totals(lines),
        "account_count": sum(line.account_count for line in lines),
        "portfolio_count": len(lines),
        "as_of": max((line.as_of for line in lines if line.as_of), default=None),
    }
    return render(request, "portfolio/portfolios.html", context)


@allow("portfolio.edit")
@require_http_methods(["GET", "POST"])
def creditor(request: HttpRequest, creditor_id: UUID | None = None) -> HttpResponse:
    row = one(Creditor.objects.all(), id=creditor_id) if creditor_id else None
    form = CreditorForm(request.POST or None, creditor=row)
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_creditor(creditor=row, by=request.user, at=timezone.now(), **form.cleaned_data)
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, f"Se guardó {saved.name}.")
            return redirect("portfolio:portfolios")
    return render(request, "portfolio/creditor.html", {"form": form, "creditor": row, "bucket_form": _bucket_form(row)})


@allow("portfolio.edit")
@require_POST
def buckets(request: HttpRequest, creditor_id: UUID) -> HttpResponse:
    """Another end of early delinquency for a creditor, from a day."""
    row = one(Creditor.objects.all(), id=creditor_id)
    form = BucketForm(request.POST)
    if form.is_valid():
        try:
            services.define_buckets(creditor=row, by=request.user, at=timezone.now(), **form.cleaned_data)
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, "Se guardaron los tramos. Se aplican desde la próxima jornada.")
            return redirect("portfolio:creditor", creditor_id=row.id)
    return render(request, "portfolio/creditor.html", {"form": CreditorForm(creditor=row), "creditor": row, "bucket_form": form})


@allow("portfolio.edit")
@require_http_methods(["GET", "POST"])
def portfolio(request: HttpRequest, portfolio_id: UUID | None = None) -> HttpResponse:
    row = one(Portfolio.objects.select_related("creditor"), id=portfolio_id) if portfolio_id else None
    form = PortfolioForm(request.POST or None, portfolio=row)
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_portfolio(portfolio=row, by=request.user, at=timezone.now(), **form.cleaned_data)
        except Problem as problem:
            form.add_error(None, problem.text)
        else:
            messages.success(request, f"Se guardó {saved.name}.")
            return redirect("portfolio:portfolios")
    return render(request, "portfolio/portfolio.html", {"form": form, "portfolio": row})


def _bucket_form(row: Creditor | None) -> BucketForm | None:
    if row is None:
        return None
    today = timezone.localdate()
    early, late = queries.bucket_settings(row, today)
    return BucketForm(initial={"valid_from": today, "early_below_days": early, "late_from_days": late})
