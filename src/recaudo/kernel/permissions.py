"""What a member of the staff may do, and the roles that bundle it. Code, not rows: a role is reviewed like code.

A permission is `area.verb`. A role has a name, a sentence that a lawyer can read, and its permissions. Agency roles act
inside their agency: row security shows them only what is placed with it.
"""

from __future__ import annotations

from dataclasses import dataclass

PERMISSIONS: dict[str, str] = {
    "day.view": "Ver la jornada del día",
    "day.run": "Ejecutar la jornada",
    "day.release": "Liberar envíos preparados por otra persona",
    "contact.pause": "Pausar y reanudar todo contacto",
    "portfolio.view": "Ver carteras y cuentas",
    "portfolio.edit": "Cambiar acreedores, carteras y cuentas",
    "person.view": "Ver datos personales de una cuenta",
    "person.edit": "Cambiar datos personales y medios de contacto",
    "person.merge": "Unir personas duplicadas",
    "payment.view": "Ver pagos",
    "payment.record": "Registrar e identificar pagos",
    "payment.reverse": "Reversar pagos",
    "intake.view": "Ver cargas de archivos",
    "intake.load": "Cargar archivos",
    "intake.undo": "Deshacer cargas",
    "strategy.view": "Ver estrategias",
    "strategy.edit": "Editar borradores de estrategia",
    "strategy.approve": "Aprobar estrategias de otra persona",
    "strategy.acknowledge": "Leer las instrucciones publicadas y acusar recibo",
    "policy.read": "Leer las políticas y avisos que son para uno y acusar recibo",
    "policy.manage": "Escribir, aprobar y difundir políticas",
    "law.view": "Ver normas",
    "law.edit": "Proponer cambios normativos",
    "law.approve": "Aprobar cambios normativos",
    "work.take": "Tomar cuentas de la cola y registrar resultados",
    "work.assign": "Reasignar trabajo y ver el del equipo",
    "promise.record": "Registrar promesas de pago",
    "hold.open": "Aplicar suspensiones",
    "hold.release": "Liberar suspensiones",
    "message.view": "Ver mensajes y buzón de pruebas",
    "message.send": "Enviar mensajes a mano",
    "template.edit": "Editar plantillas",
    "template.approve": "Aprobar plantillas",
    "kpi.view": "Ver indicadores",
    "list.export": "Exportar listas",
    "compliance.view": "Ver cumplimiento: tablero, auditorías, quejas y solicitudes",
    "compliance.oversee": "Ver quejas, auditorías y políticas sin datos de personas",
    "complaint.manage": "Atender quejas y solicitudes de derechos",
    "audit.manage": "Llevar auditorías preventivas",
    "evidence.export": "Sacar expedientes de evidencia",
    "retention.approve": "Aprobar la supresión de datos al vencer su plazo",
    "journal.view": "Ver la bitácora",
    "user.view": "Ver el equipo",
    "user.edit": "Invitar y cambiar al equipo",
    "setting.edit": "Cambiar ajustes de la organización",
    "api.use": "Usar la interfaz de programas",
}


@dataclass(frozen=True, slots=True)
class Role:
    """A named bundle of permissions. `is_agency`: its holder must belong to an agency and sees only what it holds."""

    code: str
    name_es: str
    sentence_es: str
    permissions: frozenset[str]
    is_agency: bool = False


def _role(code: str, name: str, sentence: str, permissions: str, is_agency: bool = False) -> Role:
    granted = frozenset(permissions.split())
    unknown = granted - PERMISSIONS.keys()
    if unknown:
        raise ValueError(f"unknown permissions in role {code}: {unknown}")
    return Role(code, name, sentence, granted, is_agency)


_AGENT = "work.take promise.record portfolio.view person.view person.edit payment.view hold.open strategy.acknowledge"
_READ = (
    "day.view portfolio.view person.view payment.view intake.view strategy.view law.view message.view kpi.view "
    "journal.view user.view"
)

ROLES: dict[str, Role] = {
    role.code: role
    for role in (
        _role("tenant_admin", "Administrador", "Administra el equipo y los ajustes de la organización.",
              f"{_READ} user.edit setting.edit portfolio.edit template.edit contact.pause list.export compliance.view "
              "retention.approve policy.read"),
        _role("collections_manager", "Gerente de cobranza", "Dirige la operación: todo menos la configuración.",
              f"{_READ} day.run day.release contact.pause portfolio.edit person.edit person.merge payment.record "
              "payment.reverse intake.load intake.undo strategy.edit strategy.approve work.take work.assign "
              "promise.record hold.open hold.release message.send template.edit template.approve list.export compliance.view complaint.manage policy.read policy.manage"),
        _role("strategy_manager", "Analista de estrategia", "Diseña tablas de decisión, segmentos y pruebas.",
              "day.view portfolio.view strategy.view strategy.edit law.view kpi.view template.edit "
              "intake.view list.export policy.read"),
        _role("call_supervisor", "Supervisor de contact center", "Ve la jornada, reparte el trabajo y libera envíos.",
              f"day.view day.release contact.pause {_AGENT} work.assign hold.release message.view message.send kpi.view "
              "strategy.view law.view user.view intake.view list.export"),
        _role("call_agent", "Ejecutivo de cobranza", "Atiende su cola, registra resultados y promesas.", _AGENT),
        _role("field_supervisor", "Supervisor de campo", "Dirige visitas y a quienes las hacen.",
              f"day.view {_AGENT} work.assign kpi.view user.view"),
        _role("field_agent", "Gestor de campo", "Hace visitas con lo necesario y nada más.",
              "work.take promise.record portfolio.view person.view strategy.acknowledge"),
        _role("external_field_agent", "Gestor externo", "Hace visitas por encargo de un despacho.",
              "work.take promise.record portfolio.view person.view strategy.acknowledge", True),
        _role("back_office", "BackOffice", "Documentos, pagos, cargas y aclaraciones.",
              "portfolio.view portfolio.edit person.view person.edit person.merge payment.view payment.record intake.view "
              "intake.load intake.undo hold.open message.view list.export complaint.manage compliance.view policy.read"),
        _role("risk_analyst", "Riesgos", "Lee resultados por cosecha y segmento.",
              "portfolio.view strategy.view kpi.view list.export policy.read"),
        _role("finance", "Finanzas", "Concilia pagos y mide recuperación.",
              "portfolio.view payment.view payment.record payment.reverse kpi.view list.export intake.view policy.read"),
        _role("operations", "Operaciones", "Planea capacidad y continuidad.",
              "day.view portfolio.view kpi.view intake.view intake.load user.view policy.read"),
        _role("executive", "Dirección", "Ve los tableros.", "day.view kpi.view policy.read"),
        _role("compliance_officer", "Oficial de cumplimiento", "Cuida que todo contacto sea lícito.",
              f"{_READ} law.edit law.approve contact.pause hold.open hold.release template.approve list.export "
              "compliance.view complaint.manage audit.manage evidence.export retention.approve policy.read policy.manage"),
        _role("lawyer", "Abogado", "Lleva la etapa jurídica.",
              "portfolio.view person.view payment.view law.view hold.open promise.record compliance.view complaint.manage "
              "evidence.export policy.read"),
        _role("auditor", "Auditor interno", "Lee todo, no cambia nada.", f"{_READ} compliance.view policy.read"),
        _role("regulator_readonly", "Autoridad", "Lee normas, bitácora y quejas, sin datos de personas.", "law.view journal.view kpi.view compliance.oversee"),
        _role("qa_analyst", "Calidad", "Evalúa contactos.", "portfolio.view person.view message.view kpi.view policy.read"),
        _role("trainer", "Capacitación", "Prepara al equipo.", "strategy.view law.view kpi.view user.view policy.read policy.manage"),
        _role("creditor_user", "Otorgante de crédito", "Ve resultados de la cobranza.", "kpi.view"),
        _role("debt_buyer", "Comprador de cartera", "Ve resultados de lo comprado.", "kpi.view"),
        _role("agency_admin", "Administrador de despacho", "Dirige a su gente sobre lo asignado al despacho.",
              f"day.view {_AGENT} work.assign kpi.view", True),
        _role("agency_agent", "Gestor de despacho", "Trabaja sólo lo asignado a su despacho.", _AGENT, True),
        _role("integrator", "Integrador", "Acceso de sistemas por la interfaz de programas.",
              "api.use intake.view intake.load portfolio.view payment.view payment.record kpi.view"),
    )
}  # fmt: skip


def granted(roles: list[str] | tuple[str, ...]) -> frozenset[str]:
    """Every permission of a set of roles. Unknown roles grant nothing."""
    return frozenset().union(*(ROLES[code].permissions for code in roles if code in ROLES))
