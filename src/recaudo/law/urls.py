from django.urls import path

from recaudo.law import views

app_name = "law"
urlpatterns = [
    path("normas/", views.rules, name="rules"),
    path("normas/pais/<slug:jurisdiction>/", views.jurisdiction, name="jurisdiction"),
    path("normas/opciones/", views.choices, name="choices"),
    path("normas/opciones/<str:name>/", views.choice, name="choice"),
    path("normas/opciones/<str:name>/proponer/", views.propose, name="propose"),
    path("normas/decisiones/<uuid:decision_id>/aprobar/", views.approve, name="approve"),
    path("normas/decisiones/<uuid:decision_id>/retirar/", views.withdraw, name="withdraw"),
    path("normas/probador/", views.tester, name="tester"),
]
