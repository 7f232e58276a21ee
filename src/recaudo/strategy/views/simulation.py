"""«¿Qué cambiaría?»: from a version to the simulator, which knows the law and the capacity too."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from recaudo.strategy import queries
from recaudo.ui.access import allow


@allow("strategy.view")
@require_safe
def simulate(request: HttpRequest, version_id: UUID) -> HttpResponse:
    version = queries.version_by_id(version_id)
    asked = {"version": str(version.pk), "against": request.GET.get("against", "")[:36]}
    return redirect(f"{reverse('flow:what-ifs')}?{urlencode(asked)}")
