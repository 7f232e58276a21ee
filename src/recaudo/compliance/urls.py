"""Addresses of compliance, one block for each noun."""

from __future__ import annotations

from django.urls import URLPattern, path

from recaudo.compliance.views import complaints, evidence, replay, retention, rights

app_name = "compliance"
urlpatterns: list[URLPattern] = [
    # replay
    path("cumplimiento/repeticion/", replay.replay, name="replay"),
    path("cumplimiento/repeticion/contactos.csv", replay.replay_csv, name="replay_csv"),
    path("cumplimiento/repeticion/vista/", replay.replay_seen, name="replay_seen"),
    # evidence files
    path("cumplimiento/expedientes/", evidence.evidence, name="evidence"),
    path("cumplimiento/expedientes/<uuid:evidence_id>/descargar/", evidence.evidence_download, name="evidence_download"),
    path("cumplimiento/expedientes/<uuid:evidence_id>/destruir/", evidence.evidence_remove, name="evidence_remove"),
    # rights of the person
    path("cumplimiento/solicitudes/", rights.requests, name="requests"),
    path("cumplimiento/solicitudes/nueva/", rights.request_new, name="request_new"),
    path("cumplimiento/solicitudes/<uuid:request_id>/", rights.one_request, name="request"),
    path("cumplimiento/solicitudes/<uuid:request_id>/copia.zip", rights.request_copy, name="request_copy"),
    path("cumplimiento/solicitudes/<uuid:request_id>/suprimir/", rights.request_remove, name="request_remove"),
    path("cumplimiento/solicitudes/<uuid:request_id>/paso/<slug:step>/", rights.request_act, name="request_act"),
    # complaints
    path("cumplimiento/quejas/", complaints.complaints, name="complaints"),
    path("cumplimiento/quejas/nueva/", complaints.complaint_new, name="complaint_new"),
    path("cumplimiento/quejas/exportar/", complaints.complaint_export, name="complaint_export"),
    path("cumplimiento/quejas/<uuid:complaint_id>/", complaints.complaint, name="complaint"),
    path("cumplimiento/quejas/<uuid:complaint_id>/investigar/", complaints.complaint_take, name="complaint_take"),
    path("cumplimiento/quejas/<uuid:complaint_id>/responder/", complaints.complaint_answer, name="complaint_answer"),
    # retention
    path("cumplimiento/conservacion/", retention.retention, name="retention"),
    path("cumplimiento/conservacion/estado/", retention.retention_state, name="retention_state"),
    path("cumplimiento/conservacion/constancias/", retention.retention_proofs, name="retention_proofs"),
    path("cumplimiento/conservacion/plazo/", retention.retention_term, name="retention_term"),
    path("cumplimiento/conservacion/plazo/<uuid:term_id>/<slug:decision>/", retention.retention_term_decide, name="retention_term_decide"),
    path("cumplimiento/conservacion/proponer/", retention.retention_propose, name="retention_propose"),
    path("cumplimiento/conservacion/<uuid:removal_id>/<slug:decision>/", retention.retention_decide, name="retention_decide"),
]
