"""An audit as a PDF to sign and file. Numbers, rules and references; no data of debtors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typst

from recaudo.compliance.models import AuditRun

LAYOUT = Path(__file__).resolve().parent.parent / "expediente" / "auditoria.typ"


def audit_pdf(run: AuditRun, shown: Mapping[str, Any], *, zone: str, at: datetime, organisation: str) -> bytes:
    """The document. `shown` is what the page shows: items, findings, sample, names."""
    clock = ZoneInfo(zone)
    cover = [
        ("Programa", run.programme.name), ("Para qué", run.programme.purpose), ("Folio", run.folio),
        ("Período", f"{run.from_on:%d/%m/%Y} a {run.until_on - timedelta(days=1):%d/%m/%Y}"), ("Responsable", shown["responsible"]),
        ("Alcance", " · ".join(x for x in (run.country, shown["agency"].name if shown["agency"] else "") if x) or "toda la organización"),
        ("Muestra", f"{len(run.sample)} de {run.population_count} {shown['subject_es']}, semilla {run.seed}"), ("Estado", shown["status_es"]),
        ("Conclusión", run.conclusion or "—"),
    ]  # fmt: skip
    says = {
        "organizacion": organisation, "folio": run.folio, "instante": at.astimezone(clock).strftime("%d/%m/%Y %H:%M"), "portada": cover,
        "puntos": [[one["says"], "automático" if one["is_control"] else "persona", _looked(one), one["result_es"]] for one in shown["items"]],
        "hallazgos": [
            [one.folio, one.title, severity, str(one.case_count), one.correction or "—", who, f"{one.due_on:%d/%m/%Y}" if one.due_on else "—", status]
            for one, severity, _, status, _, who, _ in shown["findings"]
        ],
        "muestra": [[one.id, one.at.astimezone(clock).strftime("%d/%m/%Y %H:%M"), one.account or "—", one.says] for one in shown["sample"]],
    }  # fmt: skip
    return bytes(typst.compile(LAYOUT.read_bytes(), sys_inputs={"data": json.dumps(says, ensure_ascii=False)}))


def _looked(item: Mapping[str, Any]) -> str:
    if not item["is_control"]:
        return str(item.get("note") or "—")
    return str(item["note"]) if item["result"] == "skipped" else f"{item['count']} de {item['checked']}"
