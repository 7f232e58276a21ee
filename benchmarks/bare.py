"""The product with one more address: a bare view with one indexed query, the baseline of benchmarks/pages.py.

It passes the same middleware as every page: what is measured is what a page costs above signing in and finding the tenant.
"""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from recaudo.ui.access import staff


@staff
def bare(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """One row by its key, as text."""
    from recaudo.portfolio.models import Account

    return HttpResponse(str(Account.objects.values_list("balance_minor", flat=True).get(pk=account_id)))


urlpatterns = [path("desnuda/<uuid:account_id>/", bare), path("", include("recaudo.project.urls"))]
