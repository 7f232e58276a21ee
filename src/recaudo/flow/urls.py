from django.urls import path

from recaudo.flow.views import runs, today, why

app_name = "flow"
urlpatterns = [
    path("hoy/estado/", today.state, name="state"),
    path("hoy/movimiento/", today.moving, name="moving"),
    path("hoy/detenido/", today.stuck, name="stuck"),
    path("hoy/ejecutar/", today.start, name="start"),
    path("hoy/pendientes/<slug:kind>/", today.waiting, name="waiting"),
    path("jornadas/", runs.runs, name="runs"),
    path("jornadas/<uuid:run_id>/", runs.run, name="run"),
    path("jornadas/<uuid:run_id>/cuentas/", runs.accounts, name="run-accounts"),
    path("jornadas/<uuid:run_id>/cuentas/exportar/", runs.export, name="run-export"),
    path("cuentas/<uuid:account_id>/por-que/", why.why, name="why"),
]
