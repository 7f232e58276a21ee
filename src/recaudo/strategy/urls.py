from django.urls import path

from recaudo.strategy.views import analysis, lifecycle, simulation, tables, versions, workbooks

app_name = "strategy"
urlpatterns = [
    path("estrategia/", versions.strategies, name="strategies"),
    path("estrategia/empezar/", lifecycle.start, name="start"),
    path("estrategia/<uuid:strategy_id>/cargar/", lifecycle.upload, name="upload"),
    path("estrategia/versiones/<uuid:version_id>/", versions.version, name="version"),
    path("estrategia/versiones/<uuid:version_id>/comparar/", versions.compare, name="compare"),
    path("estrategia/versiones/<uuid:version_id>/simular/", simulation.simulate, name="simulate"),
    path("estrategia/versiones/<uuid:version_id>/dmn/", versions.download, name="download"),
    path("estrategia/versiones/<uuid:version_id>/excel/", workbooks.download, name="workbook"),
    path("estrategia/versiones/<uuid:version_id>/excel/cargar/", workbooks.upload, name="workbook-upload"),
    path("estrategia/versiones/<uuid:version_id>/excel/guardar/", workbooks.keep, name="workbook-keep"),
    path("estrategia/versiones/<uuid:version_id>/borrador/", lifecycle.draft, name="draft"),
    path("estrategia/versiones/<uuid:version_id>/nota/", lifecycle.note, name="note"),
    path("estrategia/versiones/<uuid:version_id>/enviar/", lifecycle.submit, name="submit"),
    path("estrategia/versiones/<uuid:version_id>/descartar/", lifecycle.withdraw, name="withdraw"),
    path("estrategia/versiones/<uuid:version_id>/aprobar/", lifecycle.approve, name="approve"),
    path("estrategia/versiones/<uuid:version_id>/rechazar/", lifecycle.reject, name="reject"),
    path("estrategia/versiones/<uuid:version_id>/vigor/", lifecycle.activate, name="activate"),
    path("estrategia/versiones/<uuid:version_id>/vigor/quitar/", lifecycle.cancel_activation, name="cancel-activation"),
    path("estrategia/versiones/<uuid:version_id>/tablas/<str:decision>/", tables.table, name="table"),
    path("estrategia/versiones/<uuid:version_id>/tablas/<str:decision>/celda/", tables.cell, name="cell"),
    path("estrategia/versiones/<uuid:version_id>/tablas/<str:decision>/fila/", tables.row, name="row"),
    path("estrategia/versiones/<uuid:version_id>/tablas/<str:decision>/exportar/", tables.export, name="export"),
    path("estrategia/versiones/<uuid:version_id>/tablas/<str:decision>/analisis/", analysis.analysis, name="analysis"),
    path("estrategia/versiones/<uuid:version_id>/tablas/<str:decision>/analisis/<int:number>/", analysis.accounts, name="analysis-accounts"),
]
