"""Where the server's files lie and which account owns them.

PostgreSQL refuses to run as root, so under root an unprivileged account that exists already runs it (`postgres`, else
`nobody`). We never create an account and never open a parent folder: when that account cannot reach the state folder,
the server's files go to a folder that it can reach, and the choice is kept in `<state>/pg/place.json`.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import stat
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import recaudo
from recaudo.kernel.problems import Problem

Say = Callable[[str], None]

# The limit of a socket's path is 107 bytes on Linux and 103 on macOS.
LONGEST_SOCKET_PATH_BYTES = 100
PORT = "5432"
CODE_VERSION = getattr(recaudo, "__version__", "0.1.0")


class StateNotUsable(Problem):
    code = "state_not_usable"
    message = (
        "No se puede usar la carpeta de estado {folder}: {reason}. Elija otra con la variable RECAUDO_STATE "
        "o indique un PostgreSQL propio con DATABASE_URL."
    )


class StateOfNewerVersion(Problem):
    code = "state_of_newer_version"
    message = (
        "La carpeta de estado {folder} fue escrita por recaudo {written}, posterior a este programa ({running}). "
        "Actualice el programa, o use otra carpeta con RECAUDO_STATE."
    )


@dataclass(frozen=True)
class Account:
    """Who runs the server; `name` is for messages."""

    uid: int
    gid: int
    name: str

    @property
    def is_another(self) -> bool:
        return self.uid != os.geteuid()

    def run(self, command: list[str], *, cwd: Path, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run to the end as this account; the caller looks at returncode.

        Nothing of our environment goes along: PG* variables of the shell would change what the tools do.
        """
        switch = {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_another else {}
        environment = {"LC_ALL": "C", "TZ": "UTC", "HOME": str(cwd), "PATH": os.environ.get("PATH", os.defpath)}
        # Files, not pipes: the server inherits them and would keep a pipe open for as long as it lives.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            done = subprocess.run(
                command,
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                umask=0o077,
                timeout=seconds,
                check=False,
                **switch,  # type: ignore[call-overload]
            )
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(command, done.returncode, out.read(), err.read())


@dataclass(frozen=True)
class Place:
    """state: the installation's folder; home: the server's files; sockets: folder of the socket; account: who owns."""

    state: Path
    home: Path
    sockets: Path
    account: Account

    @property
    def keep(self) -> Path:
        """What only recaudo reads: passwords, versions, the lock."""
        return self.state / "pg"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "log" / "server.log"

    @property
    def secrets(self) -> Path:
        return self.keep / "secrets.json"


def state_folder(state: Path | str | None = None) -> Path:
    """The argument, else RECAUDO_STATE, else `var` of the project (a tree with a pyproject.toml) or of the working folder."""
    if state or os.environ.get("RECAUDO_STATE"):
        return Path(state or os.environ["RECAUDO_STATE"]).expanduser().absolute()
    tree = Path(recaudo.__file__).resolve().parents[2]
    return (tree if (tree / "pyproject.toml").is_file() else Path.cwd()) / "var"


def server_account() -> Account:
    """Ourselves; as root the existing `postgres`, else `nobody`.

    Raises  StateNotUsable when root finds neither
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), str(os.geteuid()))
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, name)
    raise StateNotUsable(folder=state_folder(), reason="no existe la cuenta «postgres» ni «nobody» para el servidor")


def settled_place(state: Path, *, say: Say) -> Place:
    """Make the folders with the right owners and return where everything lies. Call it under the lock.

    Raises  StateNotUsable
    """
    account = server_account()
    keep = state / "pg"
    home = _chosen_home(state, account, say=say)
    _own_folder(home, 0o711)
    for folder in (home / "log",):
        _own_folder(folder, 0o700, account)
    place = Place(state, home, _chosen_sockets(home, account), account)
    _own_folder(place.sockets, 0o711, account)
    (keep / "place.json").write_text(json.dumps({"home": str(home)}) + "\n")
    return place


def known_place(state: Path) -> Place | None:
    """Where things lie, touching nothing; None when this state never had a server."""
    note = state / "pg" / "place.json"
    if not note.is_file():
        return None
    account = server_account()
    home = Path(json.loads(note.read_text())["home"])
    return Place(state, home, _chosen_sockets(home, account), account)


def opened_state(state: Path) -> Path:
    """Make `<state>/pg` when missing; readable only by us.

    Raises  StateNotUsable
    """
    keep = state / "pg"
    try:
        state.mkdir(parents=True, exist_ok=True)
        keep.mkdir(mode=0o711, exist_ok=True)
    except OSError as error:
        raise StateNotUsable(folder=state, reason=error.strerror or "no se puede crear") from error
    if not os.access(keep, os.W_OK | os.X_OK):
        raise StateNotUsable(folder=state, reason="no tiene permiso de escritura")
    return keep


def check_version(state: Path) -> None:
    """Refuse what a newer program wrote; note our version otherwise.

    Raises  StateOfNewerVersion
    """
    note = state / "pg" / "app.json"
    written = json.loads(note.read_text())["version"] if note.is_file() else "0"
    if as_numbers(written) > as_numbers(CODE_VERSION):
        raise StateOfNewerVersion(folder=state, written=written, running=CODE_VERSION)
    if written != CODE_VERSION:
        note.write_text(json.dumps({"version": CODE_VERSION}) + "\n")


def as_numbers(version: str) -> tuple[int, ...]:
    """"1.10.2" is (1, 10, 2); letters after a number are left out, so that "1.2rc1" sorts as 1.2."""
    parts = ("".join(filter(str.isdigit, part.split("rc")[0])) for part in version.split("."))
    return tuple(int(part) for part in parts if part)


def folder_mark(folder: Path) -> str:
    """Short and stable name for a folder, for what must lie elsewhere."""
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:10]


def _chosen_home(state: Path, account: Account, *, say: Say) -> Path:
    note = state / "pg" / "place.json"
    if note.is_file():
        return Path(json.loads(note.read_text())["home"])
    normal = state / "pg"
    if not account.is_another or _reaches(account, normal):
        return normal
    mark = folder_mark(state)
    for parent, name in ((Path("/var/lib"), f"recaudo-{mark}"), (Path("/tmp"), f"{os.geteuid()}-{mark}")):  # noqa: S108
        if os.access(parent, os.W_OK) and _reaches(account, parent):
            say(f"La cuenta «{account.name}» no llega a {normal}: los datos de PostgreSQL quedan en {parent / name}")
            return parent / name
    raise StateNotUsable(folder=state, reason=f"la cuenta «{account.name}» no llega a ella")


def _chosen_sockets(home: Path, account: Account) -> Path:
    normal = home / "run"
    if len(os.fsencode(normal / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH_BYTES:
        return normal
    return Path("/tmp") / f"{account.uid}-{folder_mark(home)}"  # noqa: S108


def _reaches(account: Account, folder: Path) -> bool:
    # Asked as the account itself: access lists and mounts make any computation from mode bits wrong.
    asked = account.run(["/bin/sh", "-c", 'test -x "$1"', "sh", str(folder)], cwd=Path("/"), seconds=10)
    return asked.returncode == 0


def _own_folder(folder: Path, mode: int, account: Account | None = None) -> None:
    """Make a folder of ours, or refuse what somebody else has put there (a link in /tmp, for example)."""
    owner = account.uid if account else os.geteuid()
    try:
        folder.mkdir(mode=mode, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (owner, os.geteuid()):
            raise StateNotUsable(folder=folder, reason="ya existe y es de otra cuenta")
        if account and account.is_another:
            os.chown(folder, account.uid, account.gid)
        if stat.S_IMODE(found.st_mode) != mode:
            folder.chmod(mode)
    except OSError as error:
        raise StateNotUsable(folder=folder, reason=error.strerror or "no se puede crear") from error
