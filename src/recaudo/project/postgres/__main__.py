"""`python -m recaudo.project.postgres up|stop|status|psql`: the embedded server by hand."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict

from recaudo.kernel.problems import Problem
from recaudo.project.postgres import ensure, status, stop
from recaudo.project.postgres.binaries import client_binaries


def main(arguments: list[str] | None = None) -> int:
    """Exit codes: 0 done, 1 refused with a reason, 2 wrong usage, 3 `status` found no server."""
    parser = argparse.ArgumentParser(prog="recaudo-postgres", description="PostgreSQL propio de recaudo")
    parser.add_argument("--state", help="carpeta de estado (o RECAUDO_STATE)")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="arrancar y preparar")
    commands.add_parser("stop", help="detener")
    commands.add_parser("status", help="estado, en JSON")
    psql = commands.add_parser("psql", help="abrir psql; lo demás son opciones suyas")
    psql.add_argument("--role", choices=("app", "owner", "admin"), default="owner", help="rol con el que se entra")
    chosen, rest = parser.parse_known_args(arguments)
    if rest and chosen.command != "psql":
        parser.error(f"no se entiende: {' '.join(rest)}")
    chosen.rest = rest
    try:
        return COMMANDS[chosen.command](chosen)
    except Problem as problem:
        print(f"  ✗ {problem}", file=sys.stderr)
        return 1


def _up(chosen: argparse.Namespace) -> int:
    endpoint = ensure(state=chosen.state)
    done = "arrancado" if endpoint.started_here else "ya estaba en marcha"
    print(f"PostgreSQL {endpoint.version} {done}")
    return 0


def _stop(chosen: argparse.Namespace) -> int:
    print("PostgreSQL detenido" if stop(state=chosen.state) else "No había PostgreSQL propio en marcha")
    return 0


def _status(chosen: argparse.Namespace) -> int:
    found = status(state=chosen.state)
    print(json.dumps(asdict(found), indent=1, ensure_ascii=False))
    return 0 if found.is_running else 3


def _psql(chosen: argparse.Namespace) -> int:
    endpoint = ensure(state=chosen.state)
    dsn = {"app": endpoint.app_dsn, "owner": endpoint.owner_dsn, "admin": endpoint.admin_dsn}[chosen.role]
    if dsn is None:
        print("  ✗ Falta DATABASE_ADMIN_URL", file=sys.stderr)
        return 1
    names = {"dbname": "PGDATABASE", "user": "PGUSER", "password": "PGPASSWORD", "host": "PGHOST", "port": "PGPORT"}
    names["sslmode"] = "PGSSLMODE"
    environment = os.environ | {names[key]: value for key, value in dsn.items() if key in names}
    program = client_binaries(server_major=endpoint.major).program("psql")
    os.execve(program, [program, *chosen.rest], environment)  # noqa: S606


COMMANDS = {"up": _up, "stop": _stop, "status": _status, "psql": _psql}

if __name__ == "__main__":
    sys.exit(main())
