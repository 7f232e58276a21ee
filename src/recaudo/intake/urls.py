"""Addresses of intake."""

from django.urls import path

from recaudo.intake import views

app_name = "intake"
urlpatterns = [
    path("cargas/", views.batches, name="batches"),
    path("cargas/nueva/", views.upload, name="upload"),
    path("cargas/formatos/", views.layouts, name="layouts"),
    path("cargas/formatos/<uuid:layout_id>/", views.layout, name="layout"),
    path("cargas/<uuid:batch_id>/", views.batch, name="batch"),
    path("cargas/<uuid:batch_id>/avance/", views.progress, name="progress"),
    path("cargas/<uuid:batch_id>/formato/", views.mapping, name="mapping"),
    path("cargas/<uuid:batch_id>/revisar/", views.check, name="check"),
    path("cargas/<uuid:batch_id>/aplicar/", views.apply, name="apply"),
    path("cargas/<uuid:batch_id>/deshacer/", views.undo, name="undo"),
    path("cargas/<uuid:batch_id>/rechazos.<str:kind>", views.rejections, name="rejections"),
]
