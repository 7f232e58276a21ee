from django.urls import path

from recaudo.law.views import changes, choices, rules, tester

app_name = "law"
urlpatterns = [
    path("normas/", rules.rules, name="rules"),
    path("normas/pais/<slug:jurisdiction>/", rules.jurisdiction, name="jurisdiction"),
    path("normas/opciones/", choices.choices, name="choices"),
    path("normas/opciones/<str:name>/", choices.choice, name="choice"),
    path("normas/opciones/<str:name>/proponer/", choices.propose, name="propose"),
    path("normas/decisiones/<uuid:decision_id>/aprobar/", choices.approve, name="approve"),
    path("normas/decisiones/<uuid:decision_id>/retirar/", choices.withdraw, name="withdraw"),
    path("normas/valores/", changes.changes, name="changes"),
    path("normas/valores/<uuid:change_id>/", changes.change, name="change"),
    path("normas/valores/<uuid:change_id>/aprobar/", changes.approve, name="approve_change"),
    path("normas/valores/<uuid:change_id>/retirar/", changes.withdraw, name="withdraw_change"),
    path("normas/valores/<uuid:change_id>/terminar/", changes.end, name="end_change"),
    path("normas/regla/<str:rule_id>/", changes.rule, name="rule"),
    path("normas/regla/<str:rule_id>/proponer/", changes.propose, name="propose_change"),
    path("normas/probador/", tester.tester, name="tester"),
]
