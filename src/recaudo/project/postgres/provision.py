"""Passwords, roles, the database, its extensions and the rights that new tables get.

`recaudo_owner` owns the database and may create others (tests need it). `recaudo_app` owns nothing, is no superuser and
does not bypass row-level security: a superuser would skip the policies silently. The extensions and default rights are
put into `template1` as well, so that a database made for tests is like the real one.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

import psycopg
from psycopg import sql

from recaudo.project.postgres.endpoint import Dsn
from recaudo.project.postgres.place import PORT, Place, StateNotUsable

ADMIN, OWNER, APP = "postgres", "recaudo_owner", "recaudo_app"
DATABASE = "recaudo"
EXTENSIONS = ("pg_trgm", "btree_gist")
PASSWORD_BYTES = 24

ROLES = {
    OWNER: "LOGIN CREATEDB NOSUPERUSER NOCREATEROLE NOBYPASSRLS NOREPLICATION",
    APP: "LOGIN NOCREATEDB NOSUPERUSER NOCREATEROLE NOBYPASSRLS NOREPLICATION",
}
RIGHTS = f"""
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP};
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {APP};
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO {APP};
GRANT USAGE ON SCHEMA public TO {OWNER}, {APP};
"""


def passwords(place: Place) -> dict[str, str]:
    """One per role, made on the first call and kept in secrets.json (0600).

    Raises  StateNotUsable when the data are there and their passwords are gone
    """
    if place.secrets.is_file():
        return dict(json.loads(place.secrets.read_text()))
    if (place.data / "PG_VERSION").is_file():
        reason = f"falta {place.secrets.name} (claves de la base); recupérelo de su respaldo"
        raise StateNotUsable(folder=place.keep, reason=reason)
    made = {role: secrets.token_urlsafe(PASSWORD_BYTES) for role in (ADMIN, OWNER, APP)}
    write_private(place.secrets, json.dumps(made, indent=1) + "\n")
    return made


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody else can read, whole or not at all."""
    unfinished = path.with_name(path.name + ".part")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)


def address(place: Place, role: str, known: dict[str, str], *, dbname: str = DATABASE) -> Dsn:
    """The address of a database of this place, as one role."""
    return {
        "dbname": dbname,
        "user": role,
        "password": known[role],
        "host": str(place.sockets),
        "port": PORT,
    }


def is_provisioned(owner: Dsn) -> bool:
    """The owner gets in, and the extensions and the app's role are there."""
    try:
        with psycopg.connect(**owner, connect_timeout=5) as connection:  # type: ignore[arg-type]
            row = connection.execute(
                "SELECT (SELECT count(*) FROM pg_extension WHERE extname = ANY(%s)),"
                " (SELECT count(*) FROM pg_roles WHERE rolname = %s), (SELECT count(*) FROM pg_default_acl)",
                [list(EXTENSIONS), APP],
            ).fetchone()
    except psycopg.OperationalError:
        return False
    return row is not None and row[0] == len(EXTENSIONS) and row[1] == 1 and row[2] >= 3


def provision(admin: Dsn, known: dict[str, str]) -> None:
    """Make what is missing; harmless when all is there. `admin` points at any database of the server."""
    with psycopg.connect(**{**admin, "dbname": ADMIN}, autocommit=True) as connection:  # type: ignore[arg-type]
        for role, attributes in ROLES.items():
            _settle_role(connection, role, attributes, known[role])
        if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", DATABASE):
            # Without its rights a database must not be there: the next call would take it for finished.
            _equip({**admin, "dbname": "template1"})
            create_database(connection, DATABASE)
    _equip({**admin, "dbname": DATABASE})


def create_database(
    connection: psycopg.Connection, name: str, *, owner: str = OWNER, app: str = APP, template: str = "template1"
) -> None:
    """An empty database of the owner, closed to all but the two roles."""
    connection.execute(
        sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} ENCODING 'UTF8'").format(
            sql.Identifier(name), sql.Identifier(owner), sql.Identifier(template)
        )
    )
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
    connection.execute(
        sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(sql.Identifier(name), sql.Identifier(app))
    )


def _settle_role(connection: psycopg.Connection, role: str, attributes: str, password: str) -> None:
    known = _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", role)
    # Hashed here: the server never sees the password, so it can be in no log.
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    connection.execute(
        sql.SQL("{} ROLE {} WITH {} PASSWORD {}").format(
            sql.SQL("ALTER" if known else "CREATE"), sql.Identifier(role), sql.SQL(attributes), sql.Literal(verifier)
        )
    )


def _equip(database: Dsn) -> None:
    with psycopg.connect(**database) as connection:  # type: ignore[arg-type]
        for extension in EXTENSIONS:
            connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))
        # Under row security an index serves only conditions that cannot tell about hidden rows. LIKE tells nothing but its
        # answer; PostgreSQL does not say so of it, and a name among a million would be looked for row by row.
        connection.execute("ALTER FUNCTION pg_catalog.textlike(text, text) LEAKPROOF")
        connection.execute(sql.SQL(RIGHTS))


def _exists(connection: psycopg.Connection, query: str, name: str) -> bool:
    return connection.execute(query, [name]).fetchone() is not None
