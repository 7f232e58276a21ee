"""Addresses of compliance, one block for each noun."""

from __future__ import annotations

from django.urls import URLPattern, path

from recaudo.compliance.views import (
    audits,
    board,
    complaints,
    evidence,
    oversight,
    policies,
    replay,
    retention,
    rights,
    tester,
)

app_name = "compliance"
urlpatterns: list[URLPattern] = [
    # dashboard
    path("cumplimiento/", board.board, name="board"),
    path("cumplimiento/tablero/<slug:kind>/", board.board_list, name="board_list"),
    # permission tester for one person
    path("cumplimiento/probador/", tester.tester, name="tester"),
    path("cumplimiento/probador/<uuid:person_id>/", tester.tester_person, name="tester_person"),
    path("supervision/", oversight.oversight, name="oversight"),
    # preventive audits
    path("cumplimiento/auditorias/", audits.audits, name="audits"),
    path("cumplimiento/auditorias/programas/nuevo/", audits.programme_new, name="programme_new"),
    path("cumplimiento/auditorias/programas/<uuid:programme_id>/", audits.programme, name="programme"),
    path("cumplimiento/auditorias/programas/<uuid:programme_id>/auditar/", audits.audit_start, name="audit_start"),
    path("cumplimiento/auditorias/hallazgos/", audits.findings, name="findings"),
    path("cumplimiento/auditorias/hallazgos/exportar/", audits.finding_export, name="finding_export"),
    path("cumplimiento/auditorias/hallazgos/<uuid:finding_id>/", audits.finding, name="finding"),
    path("cumplimiento/auditorias/hallazgos/<uuid:finding_id>/<slug:move>/", audits.finding_act, name="finding_act"),
    path("cumplimiento/auditorias/<uuid:audit_id>/", audits.audit, name="audit"),
    path("cumplimiento/auditorias/<uuid:audit_id>/responder/", audits.audit_answer, name="audit_answer"),
    path("cumplimiento/auditorias/<uuid:audit_id>/hallazgo/", audits.audit_find, name="audit_find"),
    path("cumplimiento/auditorias/<uuid:audit_id>/cerrar/", audits.audit_close, name="audit_close"),
    path("cumplimiento/auditorias/<uuid:audit_id>/informe/", audits.audit_print, name="audit_print"),
    # policies
    path("cumplimiento/politicas/", policies.policies, name="policies"),
    path("cumplimiento/politicas/nueva/", policies.policy_new, name="policy_new"),
    path("cumplimiento/politicas/<uuid:policy_id>/", policies.policy, name="policy"),
    path("cumplimiento/politicas/<uuid:policy_id>/datos/", policies.policy_edit, name="policy_edit"),
    path("cumplimiento/politicas/<uuid:policy_id>/texto/", policies.policy_write, name="policy_write"),
    path("cumplimiento/politicas/<uuid:policy_id>/lectores/", policies.policy_readers, name="policy_readers"),
    path("cumplimiento/politicas/<uuid:policy_id>/paso/<slug:step>/", policies.policy_act, name="policy_act"),
    path("cumplimiento/politicas/<uuid:policy_id>/version/<int:number>/", policies.policy_version, name="policy_version"),
    path("cumplimiento/politicas/<uuid:policy_id>/version/<int:number>/archivo/", policies.policy_file, name="policy_file"),
    path("instrucciones/<uuid:publication_id>/archivo/", policies.told_file, name="told_file"),
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
    path("cumplimiento/solicitudes/<uuid:request_id>/expediente/", rights.request_evidence, name="request_evidence"),
    path("cumplimiento/solicitudes/<uuid:request_id>/suprimir/", rights.request_remove, name="request_remove"),
    path("cumplimiento/solicitudes/<uuid:request_id>/paso/<slug:step>/", rights.request_act, name="request_act"),
    # complaints
    path("cumplimiento/quejas/", complaints.complaints, name="complaints"),
    path("cumplimiento/quejas/nueva/", complaints.complaint_new, name="complaint_new"),
    path("cumplimiento/quejas/exportar/", complaints.complaint_export, name="complaint_export"),
    path("cumplimiento/quejas/<uuid:complaint_id>/", complaints.complaint, name="complaint"),
    path("cumplimiento/quejas/<uuid:complaint_id>/investigar/", complaints.complaint_take, name="complaint_take"),
    path("cumplimiento/quejas/<uuid:complaint_id>/expediente/", complaints.complaint_evidence, name="complaint_evidence"),
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
