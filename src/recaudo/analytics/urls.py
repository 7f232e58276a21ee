from django.urls import path

from recaudo.analytics.views import kpis

app_name = "analytics"
urlpatterns = [
    path("indicadores/", kpis.kpis, name="kpis"),
    path("indicadores/graficas/", kpis.patterns, name="patterns"),
    path("indicadores/comparado/", kpis.compared, name="compared"),
    path("indicadores/listas/", kpis.ready, name="ready"),
    path("indicadores/<str:key>/", kpis.kpi, name="kpi"),
    path("indicadores/<str:key>/exportar/", kpis.export, name="export"),
]
