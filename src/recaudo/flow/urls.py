from django.urls import path

from recaudo.flow.views import experiments, limits, runs, today, whatif, why

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
    path("usuarios/capacidad/limites/", limits.limits, name="limits"),
    path("cuentas/<uuid:account_id>/por-que/", why.why, name="why"),
    path("estrategia/simulaciones/", whatif.what_ifs, name="what-ifs"),
    path("estrategia/simulaciones/costos/", whatif.costs, name="costs"),
    path("estrategia/simulaciones/<uuid:what_if_id>/", whatif.what_if, name="what-if"),
    path("estrategia/simulaciones/<uuid:what_if_id>/estado/", whatif.state, name="what-if-state"),
    path("estrategia/simulaciones/<uuid:what_if_id>/pdf/", whatif.pdf, name="what-if-pdf"),
    path("estrategia/simulaciones/<uuid:what_if_id>/cuentas/", whatif.accounts, name="what-if-accounts"),
    path("estrategia/simulaciones/<uuid:what_if_id>/cuentas/exportar/", whatif.export, name="what-if-export"),
    path("estrategia/experimentos/", experiments.experiments, name="experiments"),
    path("estrategia/experimentos/nuevo/", experiments.new, name="experiment-new"),
    path("estrategia/experimentos/tamano/", experiments.size, name="experiment-size"),
    path("estrategia/experimentos/control/", experiments.control, name="experiment-control"),
    path("estrategia/experimentos/<uuid:experiment_id>/", experiments.experiment, name="experiment"),
    path("estrategia/experimentos/<uuid:experiment_id>/enviar/", experiments.submit, name="experiment-submit"),
    path("estrategia/experimentos/<uuid:experiment_id>/borrar/", experiments.discard, name="experiment-discard"),
    path("estrategia/experimentos/<uuid:experiment_id>/aprobar/", experiments.approve, name="experiment-approve"),
    path("estrategia/experimentos/<uuid:experiment_id>/rechazar/", experiments.reject, name="experiment-reject"),
    path("estrategia/experimentos/<uuid:experiment_id>/detener/", experiments.stop, name="experiment-stop"),
    path("estrategia/experimentos/<uuid:experiment_id>/medir/", experiments.measure, name="experiment-measure"),
]
