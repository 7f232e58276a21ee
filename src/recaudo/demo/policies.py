"""Policies of the demo: one that everybody who works accounts reads, one for the back office, one that waits for a second person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from recaudo.compliance.models import AuditProgramme, Policy, PolicyVersion
from recaudo.compliance.queries.policies import linked
from recaudo.compliance.services import policies as services
from recaudo.strategy import services as strategy
from recaudo.strategy.models import Publication, Strategy
from recaudo.workforce.models import User

CONTACT = """## Antes de hablar de la deuda

- Diga su nombre, de parte de quién llama y para qué.
- Compruebe que habla con la persona. Si no lo es, no diga nada de la deuda y marque «no soy yo».

## Trato

- Se habla con respeto y sin urgencias falsas. **Nadie amenaza, insulta ni expone a una persona.**
- Quien pide que no se le escriba o llame por un medio, deja de recibirlo ese mismo día.

## Dinero

- Los pagos van sólo a las cuentas del acreedor. **Ningún gestor recibe dinero.**
"""
DATA = """## Datos personales

- Se consulta sólo lo que hace falta para la cuenta que se trabaja.
- Toda solicitud de una persona sobre sus datos se registra el mismo día en «Solicitudes».
- Ninguna lista con nombres o teléfonos sale por correo personal.
"""
RELIEF = """## Alivio a quien perdió su ingreso

1. Se escucha y se anota el motivo que la persona dé; no se pregunta donde la norma lo prohíbe.
2. Se ofrece primero una fecha nueva y, si no basta, pagos más chicos.
3. Lo que pase de tres meses lo autoriza la gerencia.
"""


def fill(people: Mapping[str, User], *, at: datetime) -> None:
    """Inside the tenant, after the audit programmes: they are linked."""
    officer, second, boss = people["cumplimiento@demo.example"], people["cumplimiento2@demo.example"], people["gerente@demo.example"]
    agency = people["despacho@demo.example"].agency
    told = at - timedelta(days=12)
    links = linked(
        rules=["MX-HOURS", "CL-HOURS", "MX-THIRD-PARTY"], strategies=list(Strategy.objects.values_list("id", "name")), templates=["recordatorio_previo"],
        programmes=list(AuditProgramme.objects.filter(name="Contacto lícito").values_list("id", "name")),
    )  # fmt: skip
    contact = services.define_policy(
        code="POL-01", title="Contacto y trato a las personas", area="contact", owner_id=officer.id, review_months=12, read_days=7, roles=[],
        agency_ids=[agency.id] if agency else [], to_staff=True, by=officer, at=told,
    )  # fmt: skip
    version = _in_force(contact, CONTACT, "Reúne en una página lo que antes estaba en cuatro circulares.", links, officer, second, told)
    publication = Publication.objects.get(subject_id=version.id)
    for reader, days in (("agente@demo.example", 11), ("supervisor@demo.example", 10), ("despacho@demo.example", 8)):
        strategy.acknowledge(publication, by=people[reader], at=at - timedelta(days=days))
    data = services.define_policy(
        code="POL-02", title="Uso de datos personales", area="data", owner_id=second.id, review_months=6, read_days=10,
        roles=["back_office", "call_agent", "compliance_officer", "finance"], agency_ids=[], to_staff=True, by=officer, at=told,
    )  # fmt: skip
    _in_force(data, DATA, "Se agrega el registro de solicitudes el mismo día.", [], officer, boss, told)
    relief = services.define_policy(
        code="POL-03", title="Alivio por pérdida de ingreso", area="collection", owner_id=boss.id, review_months=12, read_days=7, roles=[],
        agency_ids=[], to_staff=True, by=boss, at=at,
    )  # fmt: skip
    draft = services.write_version(relief, text=RELIEF, note="Primera versión, tras el cierre de la planta de Puebla.", links=[], by=boss, at=at)
    services.submit_version(draft, by=boss, at=at)


def _in_force(policy: Policy, text: str, note: str, links: list[dict[str, str]], writer: User, approver: User, at: datetime) -> PolicyVersion:
    row = services.write_version(policy, text=text, note=note, links=links, by=writer, at=at)
    services.submit_version(row, by=writer, at=at)
    return services.approve_version(row, on=at.date(), by=approver, at=at)
