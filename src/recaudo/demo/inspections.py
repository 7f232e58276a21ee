"""Preventive audits of the demo: what they find in it is really there, but for one finding that says that it is an example."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from recaudo.compliance.models import AuditFinding
from recaudo.compliance.queries.controls import CONTROLS
from recaudo.compliance.services import audits
from recaudo.law.queries import rules as rules_in_force
from recaudo.store import tenancy
from recaudo.workforce.models import Tenant, User

EXAMPLE = "Ejemplo de la demostración: "
CALLS = (
    "¿Quien llamó dijo su nombre, de parte de quién y para qué, antes de hablar de la deuda?",
    "¿El trato fue respetuoso, sin amenazas ni urgencias falsas?",
    "¿Se ofreció una salida que la persona puede pagar?",
)


def fill(people: dict[str, User], *, on: date, at: datetime) -> None:
    """Two programmes and a finished audit with findings at every point of their way. Call inside the tenant."""
    officer, chief, boss = people["cumplimiento@demo.example"], people["admin@demo.example"], people["gerente@demo.example"]
    rules, zone = rules_in_force(), Tenant.objects.values_list("zone", flat=True).get(id=tenancy.tenant_id())
    month = (on.replace(day=1) + timedelta(days=32)).replace(day=1)
    everything = audits.programmed(
        name="Contacto lícito", purpose="Que ningún contacto haya salido sin permiso, fuera de su plazo o a quien no debía.", subject="action",
        controls=list(CONTROLS), questions=CALLS, period="monthly", sample_size=20, responsible_id=officer.id, next_on=month, by=officer, at=at,
    )  # fmt: skip
    audits.programmed(
        name="Mensajes de la semana", purpose="Que los textos enviados sean los aprobados y vayan a medios verificados.", subject="message",
        controls=["debt_text_unverified", "template_unapproved", "contact_quarantined"], questions=("¿El texto se entiende y no presiona de más?",),
        period="weekly", sample_size=10, responsible_id=officer.id, next_on=on + timedelta(days=7 - on.weekday()), by=officer, at=at,
    )  # fmt: skip
    run = audits.start_audit(
        everything, from_on=on - timedelta(days=28), until_on=on, seed=20_260, zone=zone, rules=rules, by=officer, at=at - timedelta(hours=4), on=on
    )
    for number in range(len(run.checklist)):
        if "text" in run.checklist[number]:
            run = audits.answer_item(run, number=number, result="pass", note="Se revisó la muestra completa.", by=officer, at=at - timedelta(hours=3))
    for text, severity in (
        ("en dos llamadas de la muestra el agente no dijo de parte de quién llamaba", "medium"),
        ("un despacho guardaba grabaciones fuera del plazo acordado", "high"),
        ("el aviso de privacidad de un correo llevaba un enlace viejo", "low"),
    ):
        audits.add_finding(run, title=f"{EXAMPLE}{text}", detail="No describe un hecho real: sirve para ver cómo se corrige y se cierra.", severity=severity, by=officer, at=at - timedelta(hours=3))
    found = list(AuditFinding.objects.filter(run=run).order_by("created_at", "id"))
    for place, one in enumerate(found):
        # Corrections were asked for at once; one of the examples is past its day, another is proved and closed.
        asked = on - timedelta(days=9)
        due = asked + timedelta(days=4) if one.title.endswith("acordado") else on + timedelta(days=7 + place)
        audits.plan_correction(
            one, correction="Revisar los casos uno por uno, corregir la causa y avisar a quien corresponda.", responsible_id=boss.id, due_on=due, by=officer,
            at=at - timedelta(hours=2), on=min(asked, on),
        )  # fmt: skip
    audits.close_finding(found[-1], proof="Correo nuevo en la versión 3 de la plantilla; se comprobó el enlace.", by=chief, at=at - timedelta(hours=1))
    audits.close_audit(run, conclusion="El contacto salió con permiso; lo hallado tiene responsable y fecha.", by=officer, at=at)
