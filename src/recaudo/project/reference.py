"""The reference pages, generated from what the code says of itself: facts, KPIs, events, roles, dispositions, fields, settings."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from recaudo.engine import facts, measure
from recaudo.kernel.events import EVENTS
from recaudo.kernel.permissions import PERMISSIONS, ROLES
from recaudo.project import lawpages


def pages() -> dict[str, str]:
    """File name -> Markdown."""
    makers: dict[str, Callable[[], str]] = {
        "facts.md": facts.markdown, "kpis.md": measure.markdown, "events.md": events, "roles.md": roles,
        "dispositions.md": dispositions, "import-fields.md": import_fields, "settings.md": settings,
    }  # fmt: skip
    return {**{name: make() for name, make in makers.items()}, **lawpages.pages()}


def events() -> str:
    lines = ["# Eventos", "", "Todo lo que la bitácora puede registrar. Generado desde `kernel/events.py`.", "", "| Evento | Qué pasó |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{name}` | {text} |" for name, text in EVENTS.items())]) + "\n"


def roles() -> str:
    lines = ["# Roles y permisos", "", "Generado desde `kernel/permissions.py`.", ""]
    for role in ROLES.values():
        granted = ", ".join(f"{PERMISSIONS[name]} (`{name}`)" for name in sorted(role.permissions))
        lines += [f"## {role.name_es} (`{role.code}`)", "", role.sentence_es, "", granted + ".", ""]
    return "\n".join(lines)


def dispositions() -> str:
    from recaudo.casework import catalogue

    lines = ["# Catálogo de tipificaciones", "", "Generado desde `casework/catalogue.yaml`.", "", "| Código | Tipificación | Nivel | Efecto |", "|---|---|---|---|"]
    lines += [f"| {one.code} | {one.label_es} | {one.level} | {one.effect} |" for one in catalogue.dispositions().values()]
    return "\n".join(lines) + "\n"


def import_fields() -> str:
    from recaudo.intake.fields import FIELDS, TARGETS

    lines = ["# Campos de importación", "", "Generado desde `intake/fields.py`.", "", "| Campo | Nombre | Archivos | Obligatorio | Qué es |", "|---|---|---|---|---|"]
    for field in FIELDS:
        kinds = ", ".join(TARGETS[target] for target in field.targets)
        lines.append(f"| `{field.name}` | {field.label_es} | {kinds} | {'sí' if field.required else ''} | {field.meaning_es} |")
    return "\n".join(lines) + "\n"


# What each variable does; the names and defaults are read from settings.py, and a variable without a sentence fails.
SENTENCES: dict[str, str] = {
    "RECAUDO_STATE": "Carpeta del estado: base embebida, archivos, fotos del día, secretos.",
    "RECAUDO_DEBUG": "Sólo para desarrollo.",
    "RECAUDO_SECRET_KEY": "Clave de firmas; si falta, se crea una y se guarda en la carpeta del estado.",
    "RECAUDO_HOSTS": "Nombres de equipo a los que responde, separados por comas.",
    "RECAUDO_ORIGINS": "Orígenes de confianza detrás de un proxy con TLS.",
    "RECAUDO_FIELD_KEY": "Clave de cifrado de campos (32 bytes en base64).",
    "RECAUDO_FIELD_KEY_ID": "Número de la clave con la que se cifra lo nuevo.",
    "RECAUDO_BLIND_INDEX_KEY": "Clave del índice ciego (32 bytes en base64).",
    "RECAUDO_SIGNING_KEY": "Semilla Ed25519 que firma anclas y expedientes (32 bytes en base64).",
    "RECAUDO_APP_DSN": "Interno: cómo llega el producto a la base. Lo fija el arranque.",
    "RECAUDO_OWNER_DSN": "Interno: cómo llegan las migraciones a la base. Lo fija el arranque.",
    "RECAUDO_PROXY_COUNT": "Cuántos proxies de confianza hay delante.",
    "RECAUDO_HTTPS": "true detrás de TLS: galletas seguras, HSTS, redirección.",
    "RECAUDO_MAX_UPLOAD_MB": "Tamaño máximo de un archivo que se carga.",
    "RECAUDO_INTAKE_FILES_DAYS": "Días que se guarda, cifrado, el archivo de una carga y que ésta puede deshacerse.",
    "RECAUDO_SNAPSHOTS_FOLDER": "Carpeta de las fotos del día, si no es la del estado; puede ser una compartida.",
    "RECAUDO_SNAPSHOTS_S3_BUCKET": "Depósito (con prefijo si se comparte) para las fotos del día en un almacén S3; vacío: en una carpeta.",
    "RECAUDO_SNAPSHOTS_S3_ENDPOINT": "Dirección del almacén S3 que no es de Amazon, con http:// o https://.",
    "RECAUDO_SNAPSHOTS_S3_REGION": "Región del depósito (us-east-1 si falta).",
    "RECAUDO_SNAPSHOTS_S3_KEY": "Clave de acceso al almacén S3; vacía: la del equipo (rol o AWS_*).",
    "RECAUDO_SNAPSHOTS_S3_SECRET": "Secreto de esa clave; no se escribe en registros ni en la base.",
    "RECAUDO_SNAPSHOTS_CACHE_GB": "Cuánto ocupan como mucho las copias locales de fotos leídas del almacén S3.",
    "RECAUDO_SMTP_HOST": "Servidor de correo; sin él el correo cae en el buzón de pruebas.",
    "RECAUDO_SMTP_PORT": "Puerto del servidor de correo.",
    "RECAUDO_SMTP_USER": "Usuario del servidor de correo.",
    "RECAUDO_SMTP_PASSWORD": "Contraseña del servidor de correo.",
    "RECAUDO_SMTP_TLS": "STARTTLS con el servidor de correo.",
    "RECAUDO_FROM": "Remitente del correo.",
    "RECAUDO_EMAIL_PROVIDER": "Proveedor de correo: smtp o sandbox.",
    "RECAUDO_SMS_PROVIDER": "Proveedor de SMS: sandbox o http.",
    "RECAUDO_EMAIL_PER_SECOND": "Mensajes por segundo acordados con el proveedor de correo, para todos los procesos juntos; 0, sin límite.",
    "RECAUDO_EMAIL_AT_ONCE": "Cuántos mensajes de correo se entregan a la vez.",
    "RECAUDO_SMS_PER_SECOND": "Mensajes por segundo acordados con el proveedor de SMS, para todos los procesos juntos; 0, sin límite.",
    "RECAUDO_SMS_AT_ONCE": "Cuántos mensajes de SMS se entregan a la vez.",
    "RECAUDO_IM_PER_SECOND": "Mensajes por segundo acordados con el proveedor de WhatsApp, para todos los procesos juntos; 0, sin límite.",
    "RECAUDO_IM_AT_ONCE": "Cuántos mensajes de WhatsApp se entregan a la vez.",
    "RECAUDO_SMS_URL": "Dirección https de la pasarela de SMS.",
    "RECAUDO_SMS_TOKEN": "Ficha de acceso de la pasarela de SMS.",
    "RECAUDO_SMS_SENDER": "Remitente de los SMS.",
    "RECAUDO_SMS_WEBHOOK_SECRETS": "Secretos con que la pasarela firma sus avisos, separados por comas.",
    "RECAUDO_WHATSAPP_URL": "Dirección de la Cloud API de WhatsApp, con su versión.",
    "RECAUDO_WHATSAPP_PHONE_ID": "Identificador del número en WhatsApp.",
    "RECAUDO_WHATSAPP_TOKEN": "Ficha de acceso de la Cloud API.",
    "RECAUDO_WHATSAPP_APP_SECRET": "Secreto de la aplicación con que Meta firma sus avisos.",
    "RECAUDO_WHATSAPP_VERIFY_TOKEN": "Palabra que se acuerda con Meta al registrar la dirección de avisos.",
    "RECAUDO_HOOK_SECRETS": "Secretos propios de una organización ante un proveedor, en JSON.",
    "RECAUDO_IM_PROVIDER": "Proveedor de WhatsApp: sandbox o whatsapp_cloud.",
    "RECAUDO_IDLE_MINUTES": "Minutos sin uso tras los que una sesión termina.",
    "RECAUDO_URL": "Dirección pública, para los enlaces de los mensajes.",
    "RECAUDO_LOG_LEVEL": "Nivel de los registros técnicos; no llevan datos personales.",
    "DATABASE_URL": "Su propio PostgreSQL (16 o más nuevo), con el rol de la aplicación.",
    "DATABASE_OWNER_URL": "El mismo, con el rol dueño, para las migraciones.",
    "DATABASE_ADMIN_URL": "El mismo, con un rol que ve todo, para respaldar y restaurar.",
    "RECAUDO_PG_BINDIR": "Carpeta de binarios de PostgreSQL para la base embebida.",
}


def settings() -> str:
    """From settings.py itself. Raises KeyError for a variable that nobody explained."""
    text = (Path(__file__).with_name("settings.py")).read_text(encoding="utf-8")
    found = dict.fromkeys(re.findall(r'(?:env|env_bool|env_int|secret|database)\(\s*"([A-Z0-9_]+)"', text))
    names = [*found, "DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_ADMIN_URL", "RECAUDO_PG_BINDIR"]
    lines = ["# Ajustes por variables de entorno", "", "Generado desde `project/settings.py`.", "", "| Variable | Para qué |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{name}` | {SENTENCES[name]} |" for name in names)]) + "\n"
