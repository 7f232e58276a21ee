"""What `recaudo doctor` looks at. Each check answers by itself: one that fails does not hide the others.

A check returns one or more Findings. `ok` is well; `warn` should be looked at; `bad` must be mended (exit code 1).
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
import shutil
import stat
import zoneinfo
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import storages
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from recaudo.engine import comply
from recaudo.journal import queries as journal
from recaudo.journal.models import Event
from recaudo.kernel.problems import Problem
from recaudo.law import queries as law
from recaudo.law.models import LawDecision
from recaudo.project.database import APPEND_ONLY, NEVER_DELETED, PARTITIONED
from recaudo.store import tenancy
from recaudo.workforce.models import Tenant

OLDEST_POSTGRES = 160_000
OLDEST_TZDATA = (2025, 2)  # 2025b, the first with America/Coyhaique
OLDEST_HOLIDAYS = (0, 109)
FREE_BYTES_BAD, FREE_BYTES_WARN = 1 << 30, 5 << 30
LARGEST_SKEW_SECONDS = 30
QUEUE_WARN = 10_000
STALLED_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Finding:
    """check: name of the check; level: ok, warn or bad; text: what was found and, if not well, how to mend it."""

    check: str
    level: str
    text: str


def examine(*, now: datetime) -> Iterator[Finding]:
    """Every check in turn. Without a database the rest that needs it is left out."""
    yield versions()
    reached = _guarded("database", database_answers)
    yield from reached
    if all(finding.level != "bad" for finding in reached):
        for name, check in _WITH_DATABASE.items():
            yield from _guarded(name, lambda check=check: check(now))  # type: ignore[misc]
    for name, plain in _WITHOUT.items():
        yield from _guarded(name, plain)


def _guarded(name: str, check: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        return check()
    except Exception as error:  # a check that cannot run is a finding, not an end
        return [Finding(name, "bad", f"no se pudo comprobar: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")]


def versions() -> Finding:
    names = ("recaudo", "django", "psycopg", "procrastinate", "django-allauth", "duckdb", "pyarrow")
    known = [f"{name} {_version(name)}" for name in names if _version(name)]
    return Finding("versions", "ok", f"Python {platform.python_version()}, " + ", ".join(known))


def database_answers() -> list[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int, current_setting('server_version'), current_setting('data_checksums')")
        number, version, checksums = cursor.fetchone()
    found = [Finding("database", "ok", f"PostgreSQL {version} responde")]
    if number < OLDEST_POSTGRES:
        found.append(Finding("database", "bad", f"PostgreSQL {version} es muy antiguo: se necesita 16 o posterior"))
    if checksums != "on":
        found.append(Finding("checksums", "warn", "las sumas de verificación de PostgreSQL están apagadas: un disco dañado no se notaría. Actívelas con pg_checksums"))
    else:
        found.append(Finding("checksums", "ok", "sumas de verificación activas"))
    return found


def role_is_held(now: datetime) -> list[Finding]:
    """The application must not be able to step around row security."""
    query = "SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
    rows = _rows(query)
    name, is_super, bypasses = rows[0]
    owned = _rows("SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user")[0][0]
    if is_super or bypasses or owned:
        return [Finding("role", "bad", f"el rol «{name}» puede saltarse la seguridad por filas (superusuario, BYPASSRLS o dueño de {owned} tablas): use otro en DATABASE_URL")]
    return [Finding("role", "ok", f"el rol «{name}» está sujeto a la seguridad por filas")]


def row_security(now: datetime) -> list[Finding]:
    open_tables = [row[0] for row in _rows(OPEN_TABLES)]
    if open_tables:
        return [Finding("row_security", "bad", f"tablas con datos de organizaciones sin seguridad por filas forzada: {', '.join(open_tables)}. Ejecute «recaudo manage migrate --database=owner»")]
    count = _rows("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND relforcerowsecurity")[0][0]
    return [Finding("row_security", "ok", f"forzada en {count} tablas")]


OPEN_TABLES = """
SELECT DISTINCT c.relname FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity
  AND (c.relispartition OR EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid)))
ORDER BY 1
"""


def append_only(now: datetime) -> list[Finding]:
    loose = [
        table
        for tables, rights in ((APPEND_ONLY, "UPDATE, DELETE"), (NEVER_DELETED, "DELETE"))
        for table in tables
        if _rows("SELECT has_table_privilege(%s, %s)", [table, rights])[0][0]
    ]
    if loose:
        return [Finding("grants", "bad", f"el programa podría cambiar o borrar lo que debe quedar: {', '.join(loose)}. Ejecute «recaudo up», que renueva los permisos")]
    return [Finding("grants", "ok", f"{len(APPEND_ONLY) + len(NEVER_DELETED)} tablas cuyas filas deben quedar, protegidas")]


def migrations(now: datetime) -> list[Finding]:
    loader = MigrationExecutor(connections["owner"]).loader
    # Not Django's plan: it looks at the newest of each application, and takes the ones before for granted.
    pending = loader.graph.nodes.keys() - loader.applied_migrations.keys()
    if pending:
        return [Finding("migrations", "bad", f"faltan {len(pending)} migraciones. Ejecute «recaudo up» o «recaudo manage migrate --database=owner»")]
    return [Finding("migrations", "ok", "al día")]


def months(now: datetime) -> list[Finding]:
    """A month without its partition lands in the default one, and is slow to move out of it."""
    following = (now.date().replace(day=1) + timedelta(days=32)).replace(day=1)
    missing = [f"{table}_{month:%Y%m}" for table in PARTITIONED for month in (now.date(), following) if not _exists(f"{table}_{month:%Y%m}")]
    if missing:
        return [Finding("partitions", "bad", f"faltan particiones: {', '.join(missing)}. Ejecute «recaudo up» o arranque el trabajador, que las hace")]
    return [Finding("partitions", "ok", f"hechas hasta {following:%Y-%m}")]


def clock(now: datetime) -> list[Finding]:
    there = _rows("SELECT clock_timestamp()")[0][0]
    skew = abs((there - datetime.now(UTC)).total_seconds())
    if skew > LARGEST_SKEW_SECONDS:
        return [Finding("clock", "bad", f"los relojes del programa y de la base difieren {skew:,.0f} s (máximo {LARGEST_SKEW_SECONDS}). Sincronice con NTP: los horarios de contacto dependen de ello")]
    return [Finding("clock", "ok", f"difieren {skew:.1f} s")]


def queue(now: datetime) -> list[Finding]:
    todo = _rows("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now()")[0][0]
    stalled = _rows(
        "SELECT count(*) FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id"
        " WHERE j.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < now() - make_interval(secs => %s))",
        [STALLED_SECONDS],
    )[0][0]
    failed = _rows(
        "SELECT count(DISTINCT e.job_id) FROM procrastinate_events e WHERE e.type = 'failed' AND e.at > now() - interval '1 day'"
    )[0][0]
    workers = _rows("SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %s)", [STALLED_SECONDS])[0][0]
    found = [Finding("queue", "warn" if todo > QUEUE_WARN else "ok", f"{todo:,} trabajos listos y {workers} trabajadores activos")]
    if todo and not workers:
        found.append(Finding("workers", "warn", "hay trabajos y ningún trabajador: arranque «recaudo worker» o «recaudo up»"))
    if stalled:
        found.append(Finding("stalled", "bad", f"{stalled} trabajos quedaron a medias de un trabajador que murió; «recaudo worker» los retoma al arrancar"))
    if failed:
        found.append(Finding("failed_jobs", "warn", f"{failed} trabajos fallaron en el último día; el motivo está en el registro del trabajador"))
    return found


def journals(now: datetime) -> list[Finding]:
    found = []
    for tenant in Tenant.objects.order_by("slug"):
        with tenancy.acting(tenant.id):
            checked = journal.verify()
        if checked.is_whole:
            found.append(Finding("journal", "ok", f"{tenant.slug}: cadena íntegra, {checked.sealed:,} sellados y {checked.unsealed:,} por sellar"))
        else:
            found.append(Finding("journal", "bad", f"{tenant.slug}: ALTERADA en el registro nº {checked.broken_number}: {checked.reason_es}"))
    return found or [Finding("organisation", "warn", "no hay ninguna organización: ejecute «recaudo init» (o «make demo» para probar)")]


def laws(now: datetime) -> list[Finding]:
    """The signed decisions over the law: genuine, and none missing of those that the journal tells of."""
    found = []
    for tenant in Tenant.objects.order_by("slug"):
        with tenancy.acting(tenant.id):
            trouble, gone = law.rules().trouble, _missing_acts()
        if trouble:
            found.append(Finding("law", "bad", f"{tenant.slug}: {trouble}"))
        if gone:
            found.append(Finding("law", "bad", f"{tenant.slug}: la bitácora cuenta decisiones normativas que ya no están ({gone}): restaure la base de un respaldo"))
        if not trouble and not gone:
            found.append(Finding("law", "ok", f"{tenant.slug}: decisiones normativas firmadas y completas"))
    return found


def _missing_acts() -> str:
    """What the journal says was decided and the tables do not have: the newest acts can be cut off without breaking the chain."""
    told = Event.objects.filter(name="law.changed").exclude(detail__step="seen").values_list("subject_id", "detail")
    numbers = {detail["number"] for _, detail in told if "number" in detail}
    choices = {subject: detail["toggle"] for subject, detail in told if detail.get("step") == "approved" and "toggle" in detail}
    have = {row.number for row in law.acts()}
    kept = set(LawDecision.objects.exclude(approved_at=None).values_list("id", flat=True))
    lost = [f"acto n.º {number}" for number in sorted(numbers - have)] + sorted(name for subject, name in choices.items() if subject not in kept)
    return ", ".join(lost)


def lawbook() -> list[Finding]:
    """The law that is shipped, and whether this machine's holiday and zone data are what it requires: if not, nothing is sent."""
    findings = comply.lint()
    if findings:
        first = findings[0]
        return [Finding("lawbook", "bad", f"{len(findings)} faltas en las normas; la primera: {first.file} {first.rule} {first.text} Vea «recaudo law check»")]
    libraries = comply.libraries_ok(comply.lawbook())
    if not libraries.ok:
        return [Finding("lawbook", "bad", f"no se contacta a nadie: {problem}") for problem in libraries.problems]
    return [Finding("lawbook", "ok", f"normas sin faltas, versión {comply.lawbook().version[:16]}")]


def zones() -> list[Finding]:
    version = _version("tzdata")
    if _numbers(version) < OLDEST_TZDATA:
        return [Finding("time_zones", "bad", f"datos de zonas horarias {version or 'ausentes'}: se necesita 2025b o posterior (paquete tzdata 2025.2)")]
    if "America/Coyhaique" not in zoneinfo.available_timezones():
        return [Finding("time_zones", "bad", "el sistema tapa los datos de zonas del paquete con otros más viejos (falta America/Coyhaique). Actualice tzdata del sistema o defina PYTHONTZPATH vacío")]
    return [Finding("time_zones", "ok", f"tzdata {version}")]


def holiday_data() -> list[Finding]:
    version = _version("holidays")
    if _numbers(version) < OLDEST_HOLIDAYS:
        return [Finding("holidays", "bad", f"feriados {version or 'ausentes'}: se necesita holidays 0.109 o posterior")]
    return [Finding("holidays", "ok", f"holidays {version}")]


def disk() -> list[Finding]:
    free = shutil.disk_usage(settings.STATE).free
    text = f"{free / 2**30:,.1f} GB libres en {settings.STATE}"
    level = "bad" if free < FREE_BYTES_BAD else "warn" if free < FREE_BYTES_WARN else "ok"
    return [Finding("disk", level, text if level == "ok" else f"{text}: libere espacio antes de la próxima jornada")]


def snapshots() -> list[Finding]:
    """Whether today's snapshot could be kept: a file is written and deleted where they lie."""
    storage: Any = storages["snapshots"]
    try:
        storage.probe()
    except Problem as problem:
        return [Finding("snapshots", "bad", problem.text)]
    except OSError as error:
        return [Finding("snapshots", "bad", f"no se puede escribir en {storage.where} ({error.strerror}): dé permiso a la carpeta o cambie RECAUDO_SNAPSHOTS_FOLDER")]
    return [Finding("snapshots", "ok", f"se escriben y leen en {storage.where}")]


def assets() -> list[Finding]:
    folder = settings.PACKAGE / "ui" / "static" / "vendor"
    listed = folder / "MANIFEST.sha256"
    if not listed.exists():
        return [Finding("assets", "bad", "las pantallas no se construyeron: ejecute «make assets»")]
    wrong = [name for digest, name in _manifest(listed) if not _is_same(folder / name, digest)]
    if wrong:
        return [Finding("assets", "bad", f"archivos de pantalla incompletos: {', '.join(wrong)}. Ejecute «make assets»")]
    return [Finding("assets", "ok", "construidos y completos")]


def secret_files() -> list[Finding]:
    open_files = [path.name for path in sorted((settings.STATE / "secrets").glob("*")) if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)]
    if open_files:
        return [Finding("secrets", "bad", f"otros usuarios del equipo pueden leer {', '.join(open_files)}: ejecute chmod 600 en la carpeta de claves")]
    found = [Finding("secrets", "ok", "sólo legibles por el programa")]
    if not settings.HTTPS and settings.PUBLIC_URL.startswith("http://") and "127.0.0.1" not in settings.PUBLIC_URL and "localhost" not in settings.PUBLIC_URL:
        found.append(Finding("https", "bad", "se publica sin cifrar: ponga TLS delante y defina RECAUDO_HTTPS=true"))
    if settings.DEBUG:
        found.append(Finding("debug", "bad", "RECAUDO_DEBUG está activo: muestra datos internos en los errores"))
    return found


def mail() -> list[Finding]:
    if not settings.EMAIL_HOST:
        return [Finding("mail", "warn", f"sin servidor de correo (RECAUDO_SMTP_HOST): lo que el programa escribe a su equipo queda en {settings.EMAIL_FILE_PATH}")]
    return [Finding("mail", "ok", f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}")]


_WITH_DATABASE: dict[str, Callable[[datetime], list[Finding]]] = {
    "migrations": migrations, "role": role_is_held, "row_security": row_security, "grants": append_only,
    "partitions": months, "clock": clock, "queue": queue, "journal": journals,
    "law": laws,
}  # fmt: skip
_WITHOUT: dict[str, Callable[[], list[Finding]]] = {
    "lawbook": lawbook, "time_zones": zones, "holidays": holiday_data, "disk": disk, "snapshots": snapshots, "assets": assets, "secrets": secret_files, "mail": mail,
}  # fmt: skip


def _rows(query: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def _exists(table: str) -> bool:
    return _rows("SELECT to_regclass(%s) IS NOT NULL", [table])[0][0] is True


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _manifest(file: Path) -> Iterator[tuple[str, str]]:
    for line in file.read_text().splitlines():
        digest, _, name = line.partition("  ")
        yield digest, name


def _is_same(file: Path, digest: str) -> bool:
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == digest
