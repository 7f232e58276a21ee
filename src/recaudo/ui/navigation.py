"""The menu: what stands in it, in which order, and which permission shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the menu. `name` is a URL name; `permission` as in ui.access (either of several with |)."""

    label: str
    icon: str
    name: str
    permission: str
    group: str


MENU: list[Entry] = [
    Entry("Hoy", "home", "today", "day.view", "Operación"),
    Entry("Mi cola", "headset", "desk:queue", "work.take", "Operación"),
    Entry("Mi agenda", "calendar-event", "desk:agenda", "work.take", "Operación"),
    Entry("Instrucciones", "book-2", "strategy:instructions", "strategy.acknowledge|policy.read", "Operación"),
    Entry("Cuentas", "users", "desk:accounts", "portfolio.view", "Operación"),
    Entry("Carteras", "building-bank", "portfolio:portfolios", "portfolio.view", "Operación"),
    Entry("Envíos", "mail", "messaging:waves", "message.view|day.release", "Operación"),
    Entry("Búsquedas", "search", "desk:searches", "work.take|person.edit", "Operación"),
    Entry("Cuarentena", "shield-x", "desk:quarantine", "person.view", "Operación"),
    Entry("Escaladas", "arrow-up-right", "flow:escalations", "work.assign", "Operación"),
    Entry("Equipo en turno", "users-group", "desk:team", "work.assign", "Operación"),
    Entry("Ciclo de cobranza", "route", "flow:cycle", "day.view", "Operación"),
    Entry("Cargas", "upload", "intake:batches", "intake.view", "Datos"),
    Entry("Pagos", "cash", "portfolio:payments", "payment.view", "Datos"),
    Entry("Duplicados", "users", "portfolio:duplicates", "person.merge", "Datos"),
    Entry("Estrategia", "git-branch", "strategy:strategies", "strategy.view", "Decisión"),
    Entry("Ritmo de contacto", "history", "flow:pace", "strategy.view", "Decisión"),
    Entry("Simulador", "chart-dots", "flow:what-ifs", "strategy.view", "Decisión"),
    Entry("Experimentos", "percentage", "flow:experiments", "strategy.view", "Decisión"),
    Entry("Modelos", "target", "strategy:models", "strategy.view", "Decisión"),
    Entry("Normas", "scale", "law:rules", "law.view", "Decisión"),
    Entry("Plantillas", "message", "messaging:templates", "message.view|template.edit", "Decisión"),
    Entry("Indicadores", "chart-bar", "analytics:kpis", "kpi.view", "Resultados"),
    Entry("Planes", "flag", "flow:plans", "kpi.view", "Resultados"),
    Entry("Jornadas", "player-play", "flow:runs", "day.view", "Resultados"),
    Entry("Tablero", "dashboard", "compliance:board", "compliance.view", "Cumplimiento"),
    Entry("Supervisión", "eye", "compliance:oversight", "compliance.oversee", "Cumplimiento"),
    Entry("Auditorías", "clipboard-check", "compliance:audits", "compliance.view", "Cumplimiento"),
    Entry("Políticas", "file-text", "compliance:policies", "compliance.view|policy.manage", "Cumplimiento"),
    Entry("Solicitudes", "user-check", "compliance:requests", "compliance.view", "Cumplimiento"),
    Entry("Quejas", "message", "compliance:complaints", "compliance.view", "Cumplimiento"),
    Entry("Expedientes", "certificate", "compliance:evidence", "evidence.export", "Cumplimiento"),
    Entry("Conservación", "trash", "compliance:retention", "compliance.view", "Cumplimiento"),
    Entry("Buzón de pruebas", "device-mobile", "messaging:mailbox", "message.view", "Control"),
    Entry("Bitácora", "history", "journal:events", "journal.view", "Control"),
    Entry("Usuarios y roles", "user-check", "workforce:users", "user.view", "Control"),
    Entry("Ajustes", "settings", "workforce:settings", "setting.edit", "Control"),
]
