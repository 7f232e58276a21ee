"""How to reach the database, as each of its roles."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

import psycopg
from psycopg.conninfo import conninfo_to_dict

from recaudo.kernel.problems import Problem

Dsn = dict[str, str]
"""dbname, user, password, host, port (and libpq options such as sslmode): `psycopg.connect(**dsn)` takes it as it is."""

OLDEST_MAJOR = 16


class DatabaseUrlInvalid(Problem):
    code = "database_url_invalid"
    message = (
        "La variable {variable} no es una dirección de PostgreSQL válida. Use la forma "
        "postgresql://usuario:clave@servidor:5432/base."
    )


class DatabaseUnreachable(Problem):
    code = "database_unreachable"
    message = (
        "No se puede usar la base de datos que indica {variable}: {reason}. Revise que el servidor esté encendido y que "
        "la dirección, el usuario y la clave sean correctos."
    )
    status = 503


@dataclass(frozen=True)
class Endpoint:
    """The database of this installation.

    owner_dsn     role that owns the tables and runs migrations
    app_dsn       role that the product works as; held by row-level security
    admin_dsn     superuser for provisioning, backup and restore; None when an outside server gave none
    version       of the server, for example "18.6"
    started_here  this call started the server (False: it was running already, or is not ours)
    """

    owner_dsn: Dsn = field(repr=False)
    app_dsn: Dsn = field(repr=False)
    admin_dsn: Dsn | None = field(repr=False)
    version: str
    started_here: bool

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])


def as_django(dsn: Dsn) -> dict[str, object]:
    """The same address in the words of Django's DATABASES: ENGINE, NAME, USER, PASSWORD, HOST, PORT, OPTIONS."""
    rest = dict(dsn)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": rest.pop("dbname", ""),
        "USER": rest.pop("user", ""),
        "PASSWORD": rest.pop("password", ""),
        "HOST": rest.pop("host", ""),
        "PORT": rest.pop("port", ""),
        "OPTIONS": rest,
    }


def outside_endpoint(environ: Mapping[str, str] = os.environ) -> Endpoint | None:
    """The server of `DATABASE_URL` (tables' owner: `DATABASE_OWNER_URL`, superuser: `DATABASE_ADMIN_URL`), or None.

    Raises  DatabaseUrlInvalid, DatabaseUnreachable (also when it is older than PostgreSQL 16)
    """
    if not environ.get("DATABASE_URL"):
        return None
    app = _parsed("DATABASE_URL", environ)
    owner = _parsed("DATABASE_OWNER_URL", environ) if environ.get("DATABASE_OWNER_URL") else dict(app)
    admin = _parsed("DATABASE_ADMIN_URL", environ) if environ.get("DATABASE_ADMIN_URL") else None
    return Endpoint(owner, app, admin, version=_version_of(app, "DATABASE_URL"), started_here=False)


def readable_version(number: int) -> str:
    """180006 is "18.6"."""
    return f"{number // 10000}.{number % 10000}"


def _parsed(variable: str, environ: Mapping[str, str]) -> Dsn:
    try:
        dsn = {key: str(value) for key, value in conninfo_to_dict(environ[variable]).items() if value is not None}
    except psycopg.ProgrammingError as error:
        raise DatabaseUrlInvalid(variable=variable) from error
    if "dbname" not in dsn:
        raise DatabaseUrlInvalid(variable=variable)
    return dsn


def _version_of(dsn: Dsn, variable: str) -> str:
    try:
        with psycopg.connect(**dsn, connect_timeout=5) as connection:  # type: ignore[arg-type]
            number = connection.info.server_version
    except psycopg.Error as error:
        # The first line names the host and the cause, never the password.
        raise DatabaseUnreachable(variable=variable, reason=str(error).strip().splitlines()[0]) from error
    if number < OLDEST_MAJOR * 10000:
        reason = f"es PostgreSQL {readable_version(number)} y se necesita {OLDEST_MAJOR} o posterior"
        raise DatabaseUnreachable(variable=variable, reason=reason)
    return readable_version(number)
