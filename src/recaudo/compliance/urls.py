"""Addresses of compliance, one block for each noun."""

from __future__ import annotations

from django.urls import URLPattern, path

from recaudo.compliance.views import replay

app_name = "compliance"
urlpatterns: list[URLPattern] = [
    # replay
    path("cumplimiento/repeticion/", replay.replay, name="replay"),
    path("cumplimiento/repeticion/contactos.csv", replay.replay_csv, name="replay_csv"),
    path("cumplimiento/repeticion/vista/", replay.replay_seen, name="replay_seen"),
]
