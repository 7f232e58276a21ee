"""Every address of the product. A context's own are in its `urls.py`."""

from django.urls import include, path

from recaudo.flow.views.today import today
from recaudo.project.api import api
from recaudo.ui.views import home

handler403 = "recaudo.ui.views.forbidden"
handler404 = "recaudo.ui.views.not_found"
handler500 = "recaudo.ui.views.server_error"

urlpatterns = [
    path("cuenta/", include("recaudo.workforce.sign_in_urls")),
    path("cuenta/2fa/", include("allauth.mfa.urls")),
    path("", include("recaudo.ui.urls")),
    path("", include("recaudo.workforce.urls")),
    path("", include("recaudo.journal.urls")),
    path("", include("recaudo.portfolio.urls")),
    path("", include("recaudo.intake.urls")),
    path("", include("recaudo.desk.urls")),
    path("", include("recaudo.analytics.urls")),
    path("", include("recaudo.compliance.urls")),
    path("", include("recaudo.flow.urls")),
    path("", include("recaudo.strategy.urls")),
    path("", today, name="today"),
    path("", include("recaudo.messaging.urls")),
    path("", include("recaudo.law.urls")),
    path("api/", api.urls),
    # Last: whoever has a page for the root stands above; this one only leads to where the role starts.
    path("", home, name="home"),
]
