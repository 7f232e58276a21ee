"""Backup into one file, and restoring it.

A backup is pg_dump's custom format plus a manifest beside it (`<file>.json`: SHA-256, versions, instant, size). It holds
the database only: the keys of encrypted fields are not in it and are kept apart on purpose.
A restore is made into a new database that takes the place of the old one when it is whole; a failed restore changes nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from recaudo.kernel.problems import Problem
from recaudo.project.postgres.binaries import client_binaries
from recaudo.project.postgres.endpoint import Dsn, Endpoint
from recaudo.project.postgres.place import CODE_VERSION, Say, as_numbers
from recaudo.project.postgres.provision import create_database, write_private
from recaudo.project.postgres.server import ensure, tell

TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"


class BackupFailed(Problem):
    code = "backup_failed"
    message = "El respaldo no se completó y no se dejó ningún archivo: {reason}"


class BackupNotValid(Problem):
    code = "backup_not_valid"
    message = "No se puede restaurar {file}: {reason}. La base actual no cambió."


class DatabaseNotEmpty(Problem):
    code = "database_not_empty"
    message = (
        "La base «{dbname}» ya tiene {tables} tablas. Restaurar las reemplaza todas: repita la orden con --force "
        "si está seguro."
    )


class NeedsAdmin(Problem):
    code = "needs_admin"
    message = (
        "Respaldar y restaurar necesitan una cuenta que vea todas las filas. Con un servidor propio, indique una "
        "en DATABASE_ADMIN_URL."
    )


@dataclass(frozen=True)
class Copy:
    """The manifest of a backup. size_bytes and sha256 are of the file; taken_at is UTC; tables counts schema public."""

    file: str
    sha256: str
    size_bytes: int
    taken_at: str
    app_version: str
    server_version: str
    tables: int


def backup(target: Path | str, *, at: datetime | None = None, endpoint: Endpoint | None = None, say: Say = tell) -> Copy:
    """Write the whole database to `target` and its manifest to `<target>.json`; both appear when whole, or not at all.

    at        the instant to write down; None: now
    endpoint  None: that of this installation
    Raises    NeedsAdmin, BackupFailed, BinariesNotFound
    """
    endpoint = endpoint or ensure(say=say)
    admin = _admin(endpoint)
    file = Path(target).absolute()
    unfinished = file.with_name(file.name + ".part")
    say(f"Respaldando en {file}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        _run(endpoint, "pg_dump", ["--format=custom", f"--file={unfinished}"], admin)
    except (OSError, subprocess.CalledProcessError) as error:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise BackupFailed(reason=_said(error)) from error
    made = Copy(
        file=file.name,
        sha256=_digest(unfinished),
        size_bytes=unfinished.stat().st_size,
        taken_at=(at or datetime.now(UTC)).isoformat(timespec="seconds"),
        app_version=CODE_VERSION,
        server_version=endpoint.version,
        tables=_count_tables(admin),
    )
    unfinished.rename(file)
    write_private(_manifest(file), json.dumps(asdict(made), indent=1) + "\n")
    return made


def restore(
    source: Path | str, *, force: bool = False, endpoint: Endpoint | None = None, say: Say = tell
) -> Copy:
    """Put the database of a backup in the place of ours; connections that are open to it end.

    force    replace a database that has tables
    Returns  the manifest of what was restored
    Raises   BackupNotValid (missing, altered, or written by a newer recaudo), DatabaseNotEmpty, NeedsAdmin
    """
    file = Path(source).absolute()
    copy = read_manifest(file)
    endpoint = endpoint or ensure(say=say)
    admin = _admin(endpoint)
    tables = _count_tables(admin)
    if tables and not force:
        raise DatabaseNotEmpty(dbname=admin["dbname"], tables=tables)
    say(f"Restaurando {file.name} del {copy.taken_at}: {copy.tables} tablas")
    fresh = f"{admin['dbname']}_restoring"
    with psycopg.connect(**{**admin, "dbname": "postgres"}, autocommit=True) as connection:  # type: ignore[arg-type]
        _drop(connection, fresh)
        create_database(
            connection, fresh, owner=endpoint.owner_dsn["user"], app=endpoint.app_dsn["user"], template="template0"
        )
        try:
            options = ["--exit-on-error", "--single-transaction", str(file)]
            _run(endpoint, "pg_restore", options, {**admin, "dbname": fresh})
        except subprocess.CalledProcessError as error:
            _drop(connection, fresh)
            raise BackupNotValid(file=file.name, reason=_said(error)) from error
        _drop(connection, admin["dbname"])
        _rename(connection, fresh, admin["dbname"])
    return copy


def read_manifest(file: Path) -> Copy:
    """The manifest beside a backup, checked against the file.

    Raises  BackupNotValid
    """
    try:
        copy = Copy(**json.loads(_manifest(file).read_text()))
        found = _digest(file)
    except OSError as error:
        raise BackupNotValid(file=file.name, reason="falta el archivo o su manifiesto .json") from error
    except (ValueError, TypeError) as error:
        raise BackupNotValid(file=file.name, reason="su manifiesto .json está dañado") from error
    if found != copy.sha256:
        raise BackupNotValid(file=file.name, reason="su contenido cambió desde que se hizo (SHA-256 distinto)")
    if as_numbers(copy.app_version) > as_numbers(CODE_VERSION):
        raise BackupNotValid(file=file.name, reason=f"lo hizo recaudo {copy.app_version}, posterior a este programa")
    return copy


def _admin(endpoint: Endpoint) -> Dsn:
    # Row-level security is forced on the owner too; pg_dump as the owner would refuse, or leave rows out.
    if endpoint.admin_dsn is None:
        raise NeedsAdmin()
    return {**endpoint.admin_dsn, "dbname": endpoint.owner_dsn["dbname"]}


def _run(endpoint: Endpoint, program: str, options: list[str], dsn: Dsn) -> None:
    binaries = client_binaries(server_major=endpoint.major)
    # The password goes by the environment: the command line of a process can be read by every user.
    open_part: dict[str, Any] = {key: value for key, value in dsn.items() if key != "password"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    environment |= {"PGPASSWORD": dsn.get("password", ""), "LC_ALL": "C"}
    command = [binaries.program(program), "--no-password", f"--dbname={make_conninfo(**open_part)}", *options]
    subprocess.run(command, check=True, capture_output=True, text=True, env=environment)


def _said(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = str(error.stderr).strip().splitlines()
        return lines[0] if lines else f"código {error.returncode}"
    return getattr(error, "strerror", None) or str(error)


def _drop(connection: psycopg.Connection, name: str) -> None:
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _rename(connection: psycopg.Connection, old: str, new: str) -> None:
    connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new)))


def _count_tables(dsn: Dsn) -> int:
    with psycopg.connect(**dsn) as connection:  # type: ignore[arg-type]
        row = connection.execute(TABLES).fetchone()
    return int(row[0]) if row else 0


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _manifest(file: Path) -> Path:
    return file.with_name(file.name + ".json")
