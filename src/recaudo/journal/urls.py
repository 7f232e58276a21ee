from django.urls import path

from recaudo.journal import views

app_name = "journal"
urlpatterns = [
    path("bitacora/", views.events, name="events"),
    path("bitacora/verificar/", views.verify, name="verify"),
    path("bitacora/exportar/", views.export, name="export"),
    path("bitacora/<uuid:event_id>/", views.event, name="event"),
]
