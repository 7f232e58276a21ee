"""Starting, probing and stopping the embedded server.

A server is alive when it answers a real connection; a pid file only says that it was. After a kill -9 the pid file is
stale, orphaned processes may hold the shared memory for a moment, and the number may belong to somebody else by now:
so starting is retried until the deadline.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg

from recaudo.kernel.problems import Problem
from recaudo.project.postgres.binaries import Binaries, server_binaries
from recaudo.project.postgres.endpoint import Dsn, Endpoint, outside_endpoint, readable_version
from recaudo.project.postgres.place import (
    CODE_VERSION,
    Place,
    Say,
    StateNotUsable,
    check_version,
    known_place,
    opened_state,
    settled_place,
    state_folder,
)
from recaudo.project.postgres.provision import ADMIN, APP, OWNER, address, is_provisioned, passwords, provision

# Recovery after a crash replays at most max_wal_size; two minutes are generous for 4 GB on a slow disk.
START_SECONDS = 120.0
RETRY_SECONDS = 0.25
SMALL_SHARED_MEMORY_BYTES = 256 * 2**20
STARTING_UP = "57P03"


class ServerDidNotStart(Problem):
    code = "postgres_did_not_start"
    message = "PostgreSQL no arrancó en {seconds} s. Su registro está en {log}; lo último que dijo: {last}"
    status = 503


@dataclass(frozen=True)
class Status:
    """What `status()` sees. kind: "outside" (DATABASE_URL) or "embedded"; is_app_held: row-level security holds the app."""

    kind: str
    is_running: bool
    version: str | None
    state: str | None
    data: str | None
    log: str | None
    socket: str | None
    account: str | None
    app_version: str
    is_app_held: bool | None


def tell(line: str) -> None:
    """Default for `say`: standard error, so that --json on standard output stays clean."""
    print(f"  · {line}", file=sys.stderr, flush=True)


def ensure(*, state: Path | str | None = None, say: Say = tell) -> Endpoint:
    """A database that answers, started and provisioned if need be. Safe to call from several processes at once.

    state    folder of the installation; None: RECAUDO_STATE, else `var`. Not used when DATABASE_URL is set
    say      gets one short Spanish line per thing done
    Raises   StateNotUsable, StateOfNewerVersion, BinariesNotFound, DataOfAnotherMajor, ServerDidNotStart;
             DatabaseUrlInvalid, DatabaseUnreachable with DATABASE_URL
    """
    outside = outside_endpoint()
    if outside:
        return outside
    folder = state_folder(state)
    opened_state(folder)
    with _locked(folder):
        check_version(folder)
        place = settled_place(folder, say=say)
        known = passwords(place)
        admin = address(place, ADMIN, known)
        version = probe({**admin, "dbname": ADMIN})
        was_running = version is not None
        if version is None:
            version = _started(place, server_binaries(place, say=say), known, say=say)
        owner = address(place, OWNER, known)
        if not is_provisioned(owner):
            say("Creando la base «recaudo», sus roles y extensiones")
            provision(admin, known)
        return Endpoint(owner, address(place, APP, known), admin, version=version, started_here=not was_running)


def stop(*, state: Path | str | None = None, say: Say = tell) -> bool:
    """Stop the embedded server in good order; True when one was running. An outside server is never touched."""
    folder = state_folder(state)
    if os.environ.get("DATABASE_URL") or known_place(folder) is None:
        return False
    with _locked(folder):
        place = settled_place(folder, say=say)
        if _running_pid(place) is None:
            return False
        say("Deteniendo PostgreSQL")
        control = server_binaries(place, say=say).program("pg_ctl")
        command = [control, "stop", "-D", str(place.data), "-m", "fast", "-w", "-t", "60"]
        return place.account.run(command, cwd=place.home).returncode == 0


def status(*, state: Path | str | None = None) -> Status:
    """What there is, starting nothing.

    Raises  DatabaseUrlInvalid, DatabaseUnreachable with DATABASE_URL
    """
    outside = outside_endpoint()
    if outside:
        held = _is_held(outside.app_dsn)
        host = outside.app_dsn.get("host")
        return Status("outside", True, outside.version, None, None, None, host, None, CODE_VERSION, held)
    folder = state_folder(state)
    place = known_place(folder)
    if place is None or not place.secrets.is_file():
        return Status("embedded", False, None, str(folder), None, None, None, None, CODE_VERSION, None)
    known = passwords(place)
    version = probe(address(place, ADMIN, known, dbname=ADMIN))
    held = _is_held(address(place, APP, known)) if version else None
    paths = (str(folder), str(place.data), str(place.log), str(place.sockets))
    return Status("embedded", version is not None, version, *paths, place.account.name, CODE_VERSION, held)


def probe(dsn: Dsn) -> str | None:
    """The version of the server that answers at this address, or None when none does.

    Raises  StateNotUsable when one answers and refuses our password
    """
    try:
        with psycopg.connect(**dsn, connect_timeout=5) as connection:  # type: ignore[arg-type]
            return readable_version(connection.info.server_version)
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            reason = "el servidor rechaza las claves de pg/secrets.json"
            raise StateNotUsable(folder=dsn["host"], reason=reason) from error
        return None


@contextlib.contextmanager
def _locked(state: Path) -> Iterator[None]:
    with open(state / "pg" / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _started(place: Place, binaries: Binaries, known: dict[str, str], *, say: Say) -> str:
    if not (place.data / "PG_VERSION").is_file():
        _make_cluster(place, binaries, known[ADMIN], say=say)
    _write_settings(place)
    say(f"Arrancando PostgreSQL {binaries.version} ({binaries.source}); solo por socket, en {place.sockets}")
    command = [binaries.program("pg_ctl"), "start", "-D", str(place.data), "-l", str(place.log), "-W", "-s"]
    admin = address(place, ADMIN, known, dbname=ADMIN)
    deadline = time.monotonic() + START_SECONDS
    tries = 0
    while time.monotonic() < deadline:
        if _running_pid(place) is None:
            tries += 1
            _forget_stale_pid(place)
            place.account.run(command, cwd=place.home)
        version = _probe_for(place, admin, seconds=min(2.0 * tries, 10.0))
        if version:
            return version
    raise ServerDidNotStart(seconds=int(START_SECONDS), log=place.log, last=_last_line(place.log))


def _probe_for(place: Place, admin: Dsn, *, seconds: float) -> str | None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        version = probe(admin)
        if version:
            return version
        time.sleep(RETRY_SECONDS / 5)
        if _running_pid(place) is None and time.monotonic() > until - seconds + RETRY_SECONDS:
            return None
    return None


def _make_cluster(place: Place, binaries: Binaries, password: str, *, say: Say) -> None:
    """initdb into a folder beside, renamed when whole: a run that was killed leaves no half cluster behind."""
    say(f"Creando los datos de PostgreSQL en {place.data}")
    if place.data.exists():
        raise StateNotUsable(folder=place.data, reason="ya existe y no son datos de PostgreSQL")
    with tempfile.TemporaryDirectory(prefix="initdb-", dir=place.home) as name:
        work = Path(name)
        secret = work / "password"
        secret.touch(mode=0o600)
        secret.write_text(password)
        if place.account.is_another:
            for path in (work, secret):
                os.chown(path, place.account.uid, place.account.gid)
        # From 17 on the order of text comes with the server and is the same everywhere; on 16 it is C.
        locale = ["--locale=C"]
        if binaries.major >= 17:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command = [binaries.program("initdb"), "-D", str(work / "data"), "-U", ADMIN, "-A", "scram-sha-256"]
        command += ["--pwfile", str(secret), "-E", "UTF8", "--data-checksums", *locale]
        done = place.account.run(command, cwd=work)
        if done.returncode != 0:
            raise StateNotUsable(folder=place.home, reason=_reason(done.stderr))
        if (work / "data").stat().st_mode & 0o077:
            raise StateNotUsable(folder=place.home, reason="el disco no guarda permisos (¿carpeta compartida o de red?)")
        (work / "data").rename(place.data)


def _reason(stderr: str) -> str:
    if "could not look up effective user ID" in stderr:
        return "la cuenta que lo ejecuta no figura en /etc/passwd; ejecute el contenedor con una cuenta que exista"
    lines = [line for line in stderr.strip().splitlines() if "error" in line] or ["initdb falló"]
    return lines[0]


def _write_settings(place: Place) -> None:
    """recaudo.conf in the data folder, included last by postgresql.conf; written anew before every start."""
    settings = {
        "listen_addresses": "''",
        "unix_socket_directories": f"'{place.sockets}'",
        "max_connections": "100",
        # A statement over the tables by month holds some hundred locks (each month, each index), a load or a day 800; the default
        # gives about 15 000 to all databases together, which twenty such transactions use up ("out of shared memory").
        "max_locks_per_transaction": "512",
        "shared_buffers": "'256MB'",
        "work_mem": "'32MB'",
        "maintenance_work_mem": "'256MB'",
        "max_wal_size": "'4GB'",
        "checkpoint_timeout": "'15min'",
        "random_page_cost": "1.1",
        "jit": "off",
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "password_encryption": "'scram-sha-256'",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        # Statements, parameters and the DETAIL of an error hold personal data; errors reach the program anyway.
        "log_min_messages": "'log'",
        "log_min_error_statement": "'panic'",
        "log_error_verbosity": "'terse'",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
    }
    if _has_small_shared_memory():
        # In a container /dev/shm has 64 MB and a parallel query fails there for lack of room.
        settings["dynamic_shared_memory_type"] = "'mmap'"
    own = place.data / "recaudo.conf"
    own.write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
    own.chmod(0o600)
    if place.account.is_another:
        os.chown(own, place.account.uid, place.account.gid)
    main = place.data / "postgresql.conf"
    if "include 'recaudo.conf'" not in main.read_text():
        with main.open("a") as file:
            file.write("\ninclude 'recaudo.conf'\n")


def _has_small_shared_memory() -> bool:
    folder = Path("/dev/shm")  # noqa: S108
    return sys.platform == "linux" and (
        not folder.is_dir() or shutil.disk_usage(folder).total < SMALL_SHARED_MEMORY_BYTES
    )


def _pid_noted(place: Place) -> int | None:
    try:
        return int((place.data / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None


def _running_pid(place: Place) -> int | None:
    """The postmaster's number while that process is really ours and alive."""
    pid = _pid_noted(place)
    if pid is None or not _is_alive(pid):
        return None
    own_folder = Path(f"/proc/{pid}/cwd")
    if not Path("/proc/self").exists():
        return pid
    try:
        return pid if own_folder.resolve(strict=True) == place.data.resolve() else None
    except OSError:
        return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _forget_stale_pid(place: Place) -> None:
    """Remove the pid file when its number belongs to a process of somebody else and no process works in the data folder.

    PostgreSQL takes a reused number for a running server (usual after a container restarts, where numbers are small). It
    must not go while an orphaned worker of the old server still lives: it guards the shared memory of that one.
    """
    if _pid_noted(place) is None or not Path("/proc/self").exists():
        return
    data = place.data.resolve()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").resolve(strict=True) == data:
                return
    (place.data / "postmaster.pid").unlink(missing_ok=True)


def _is_held(app: Dsn) -> bool | None:
    query = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    try:
        with psycopg.connect(**app, connect_timeout=5) as connection:  # type: ignore[arg-type]
            row = connection.execute(query).fetchone()
    except psycopg.OperationalError:
        return None
    return row is not None and not row[0]


def _last_line(log: Path) -> str:
    return _tail(log.open(errors="replace")) if log.is_file() else "nada"


def _tail(file: IO[str]) -> str:
    with file:
        lines = file.read().strip().splitlines()
    return lines[-1] if lines else "nada"
