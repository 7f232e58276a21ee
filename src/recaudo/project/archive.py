"""A backup of the whole installation in one file, and bringing it back.

A tar with `database.dump` (pg_dump's custom format), `files/`, `snapshots/` and `manifest.json` (SHA-256 of every part, the
instant, versions, and a fingerprint of the keys). The keys themselves stay out unless asked for: who holds the file and
the keys reads everything. The database is dumped first: a file that a row points at was there before the row.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from recaudo.kernel.problems import Problem
from recaudo.project import postgres
from recaudo.project.postgres import place

FOLDERS = ("files", "snapshots")
SECRETS = "secrets"
DUMP = "database.dump"
MANIFEST = "manifest.json"
KEYS = ("recaudo_field_key", "recaudo_blind_index_key")


class NotABackup(Problem):
    code = "not_a_backup"
    message = "{file} no es un respaldo de recaudo completo: {reason}. No se cambió nada."


class StateNotClean(Problem):
    code = "state_not_clean"
    message = "Esta instalación ya tiene {what}. Restaurar lo reemplaza: repita la orden con --force si está seguro."


class OtherKeys(Problem):
    code = "other_keys"
    message = (
        "Las claves de esta instalación no son las del respaldo: los datos cifrados no podrían leerse. Copie antes la "
        "carpeta de claves que guardó aparte a {folder}, o use --with-secrets si el respaldo las trae."
    )


class FileExists(Problem):
    code = "file_exists"
    message = "{file} ya existe y no se reemplaza. Elija otro nombre."


@dataclass(frozen=True)
class Manifest:
    """What an archive holds. parts: {path in the tar: SHA-256}; keys: {name: fingerprint of the key}."""

    taken_at: str
    app_version: str
    server_version: str
    tables: int
    with_secrets: bool
    keys: dict[str, str]
    parts: dict[str, str] = field(default_factory=dict)


def write(
    target: Path, *, state: Path, at: datetime, with_secrets: bool = False, endpoint: postgres.Endpoint | None = None
) -> Manifest:
    """Write the archive; it appears under its name when it is whole, readable only by us.

    endpoint  None: the database of this installation
    Raises  FileExists; BackupFailed, NeedsAdmin (project.postgres)
    """
    target = target.absolute()
    if target.exists():
        raise FileExists(file=target)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(target.name + ".part")
    try:
        with tempfile.TemporaryDirectory(prefix=".recaudo-", dir=target.parent) as work:
            copy = postgres.backup(Path(work) / DUMP, at=at, endpoint=endpoint)
            made = Manifest(
                taken_at=copy.taken_at, app_version=copy.app_version, server_version=copy.server_version,
                tables=copy.tables, with_secrets=with_secrets, keys=key_fingerprints(state),
            )  # fmt: skip
            os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
            with tarfile.open(unfinished, "w") as tar:
                _add(tar, Path(work) / DUMP, DUMP, made.parts)
                _add(tar, Path(work) / f"{DUMP}.json", f"{DUMP}.json", made.parts)
                for path, name in _content(state, (*FOLDERS, SECRETS) if with_secrets else FOLDERS):
                    _add(tar, path, name, made.parts)
                _add_text(tar, MANIFEST, json.dumps(asdict(made), indent=1), at)
        unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return made


def unpack(source: Path, into: Path) -> Manifest:
    """Take the archive apart in a folder and check every part. Raises NotABackup."""
    try:
        with tarfile.open(source, "r:") as tar:
            tar.extractall(into, filter="data")
        found = Manifest(**json.loads((into / MANIFEST).read_text()))
    except (OSError, tarfile.TarError, ValueError, TypeError) as error:
        raise NotABackup(file=source.name, reason="falta, está truncado o no tiene manifiesto") from error
    if place.as_numbers(found.app_version) > place.as_numbers(place.CODE_VERSION):
        raise NotABackup(file=source.name, reason=f"lo hizo recaudo {found.app_version}, posterior a este programa")
    present = {str(path.relative_to(into)) for path in into.rglob("*") if path.is_file()} - {MANIFEST}
    if present != found.parts.keys():
        raise NotABackup(file=source.name, reason="le faltan o le sobran partes")
    for name, digest in found.parts.items():
        with (into / name).open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != digest:
                raise NotABackup(file=source.name, reason=f"«{name}» cambió desde que se hizo")
    return found


def require_clean(state: Path) -> None:
    """Raises StateNotClean when a folder of ours holds something. (The database is looked at by `postgres.restore`.)"""
    for folder in FOLDERS:
        if any(path.is_file() for path in (state / folder).rglob("*")):
            raise StateNotClean(what=f"archivos en {state / folder}")


def put_secrets(unpacked: Path, state: Path, *, force: bool) -> None:
    """Lay the keys of the archive into the state folder. Raises StateNotClean when others are there."""
    target = state / SECRETS
    for path in sorted((unpacked / SECRETS).glob("*")):
        kept = target / path.name
        if kept.exists() and kept.read_text() != path.read_text() and not force:
            raise StateNotClean(what=f"otras claves en {target}")
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept.touch(mode=0o600)
        kept.write_text(path.read_text())


def put_folders(unpacked: Path, state: Path) -> None:
    """Put the files and snapshots in their place; what was there is set aside until the new ones stand."""
    for folder in FOLDERS:
        fresh, kept, aside = unpacked / folder, state / folder, state / f"{folder}.before"
        shutil.rmtree(aside, ignore_errors=True)
        if kept.exists():
            kept.rename(aside)
        if fresh.exists():
            shutil.move(fresh, kept)
        else:
            kept.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(aside, ignore_errors=True)


def key_fingerprints(state: Path) -> dict[str, str]:
    """A short hash of each data key, from the environment or the state folder: tells keys apart, gives nothing away."""
    found = {}
    for name in KEYS:
        path = state / SECRETS / name
        text = os.environ.get(name.upper()) or (path.read_text().strip() if path.exists() else "")
        if text:
            found[name] = hashlib.sha256(f"recaudo-key|{text}".encode()).hexdigest()[:16]
    return found


def _content(state: Path, folders: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    for folder in folders:
        for path in sorted((state / folder).rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path, str(path.relative_to(state))


def _add(tar: tarfile.TarFile, path: Path, name: str, parts: dict[str, str]) -> None:
    """Add a file, hashing exactly the bytes that go in: it may grow while we read."""
    info = tar.gettarinfo(path, arcname=name)
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    with path.open("rb") as content:
        hashing = _Hashing(content)
        tar.addfile(info, hashing)  # type: ignore[arg-type]
    parts[name] = hashing.digest.hexdigest()


def _add_text(tar: tarfile.TarFile, name: str, text: str, at: datetime) -> None:
    import io

    raw = text.encode()
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = len(raw), 0o600, int(at.timestamp())
    tar.addfile(info, io.BytesIO(raw))


class _Hashing:
    """Reads through and hashes on the way."""

    def __init__(self, content: IO[bytes]) -> None:
        self.content, self.digest = content, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self.content.read(size)
        self.digest.update(block)
        return block


def as_plain(manifest: Manifest) -> dict[str, Any]:
    """For `--json`: without the list of parts, with their number."""
    plain = asdict(manifest)
    return plain | {"parts": len(manifest.parts)}
