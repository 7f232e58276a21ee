from django.urls import path

from recaudo.journal import views

app_name = "journal"
urlpatterns = [
    path("bitacora/", views.events, name="events"),
    path("bitacora/verificar/", views.verify, name="verify"),
    path("bitacora/anclas/", views.anchor_list, name="anchors"),
    path("bitacora/anclas/exportar/", views.anchor_export, name="anchor_export"),
    path("bitacora/verificaciones/<uuid:verification_id>/", views.verification, name="verification"),
    path("bitacora/verificaciones/<uuid:verification_id>/estado/", views.verification_state, name="verification_state"),
    path("bitacora/exportar/", views.export, name="export"),
    path("bitacora/<uuid:event_id>/", views.event, name="event"),
]
