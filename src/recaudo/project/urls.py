"""Every address of the product. A context's own are in its `urls.py`."""

from django.urls import include, path


handler404 = "recaudo.ui.views.not_found"
handler500 = "recaudo.ui.views.server_error"

urlpatterns = [
    path("cuenta/", include("allauth.account.urls")),
    path("cuenta/2fa/", include("allauth.mfa.urls")),
    path("", include("recaudo.ui.urls")),
    path("", include("recaudo.workforce.urls")),
    path("", include("recaudo.journal.urls")),
]
