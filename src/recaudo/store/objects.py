"""Large files that are written whole and read often: the days' snapshots and the lists of simulations.

They lie in a folder (`Folder`) or in storage that speaks S3 (`Bucket`); both are storages of Django under the alias «snapshots», with
two more verbs: `replace` puts a file in the place of another in one step, so that what was there is whole until the new one is;
`probe` tries whether it would work. `path` is where a program on this machine reads a file. A bucket keeps a copy of what was read, and goes on giving it while the storage
is away. It does not encrypt: the storage does, or the disk.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any
from uuid import uuid4

import pyarrow as pa
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage
from pyarrow.fs import AwsStandardS3RetryStrategy, FileSelector, FileType, S3FileSystem

from recaudo.kernel.problems import Problem

BLOCK = 8 << 20


class StorageAway(Problem):
    code = "storage_away"
    message = (
        "El almacén de fotos {where} no respondió: {why}. Lo guardado antes sigue intacto; "
        "revise la red y las variables RECAUDO_SNAPSHOTS_*, y repita: «recaudo doctor» lo comprueba."
    )
    status = 503


class StorageRefused(Problem):
    code = "storage_refused"
    message = (
        "El almacén de fotos {where} no lo permite: {why}. Lo guardado antes sigue intacto; revise la clave "
        "(RECAUDO_SNAPSHOTS_S3_KEY y RECAUDO_SNAPSHOTS_S3_SECRET), el depósito y sus permisos de leer, listar, escribir y borrar."
    )
    status = 503


class Folder(FileSystemStorage):
    """A folder of this machine, or one that several share."""

    @property
    def where(self) -> str:
        return str(self.location)

    def probe(self) -> None:
        """Write and delete a small file beside the others. Raises OSError."""
        Path(self.location).mkdir(parents=True, exist_ok=True, mode=0o700)
        with NamedTemporaryFile(dir=self.location, prefix=".prueba-"):
            pass

    def replace(self, name: str, written: Path) -> None:
        """Put a copy of the file `written` where `name` is, whole or not at all. Raises OSError."""
        target = Path(self.path(name))
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _copy_into_place(target, lambda draft: shutil.copyfile(written, draft))


class Bucket(Storage):
    """A bucket of S3 or of what speaks like it (MinIO, Ceph, R2, ...).

    bucket    its name, with a prefix if it is shared: "datos/recaudo"
    endpoint  address of what is not Amazon's, with its scheme; "" for Amazon's
    key, secret  "" both: what the machine has (its role, AWS_* of the environment)
    cache     folder for copies of what is read; cache_bytes: the oldest go beyond it
    """

    def __init__(
        self, *, bucket: str, cache: Path, endpoint: str = "", region: str = "", key: str = "", secret: str = "", cache_bytes: int = 20 << 30
    ) -> None:
        self.bucket, self.cache, self.cache_bytes = bucket.strip("/"), Path(cache), cache_bytes
        self.where = f"s3://{self.bucket}" + (f" ({endpoint})" if endpoint else "")
        scheme, _, host = endpoint.rpartition("://")
        self.options = {
            "endpoint_override": host or None, "scheme": scheme or "https", "region": region or "us-east-1",
            "access_key": key or None, "secret_key": secret or None, "connect_timeout": 5, "request_timeout": 60,
            "retry_strategy": AwsStandardS3RetryStrategy(max_attempts=3), "allow_bucket_creation": False,
        }  # fmt: skip
        self._files: tuple[int, S3FileSystem] | None = None

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__name__}", [], {"bucket": self.bucket, "cache": self.cache}

    @property
    def files(self) -> S3FileSystem:
        """Made when first asked for, and anew in a process that was forked: its threads do not come along."""
        if self._files is None or self._files[0] != os.getpid():
            self._files = os.getpid(), S3FileSystem(**self.options)
        return self._files[1]

    # -- what Django's storages do

    def exists(self, name: str) -> bool:
        """Whether it is kept. While the storage is away: whether this machine has a copy; without one, raises StorageAway."""
        try:
            return self._state(name) is not None
        except StorageAway:
            if self._kept(name).is_file():
                return True
            raise

    def size(self, name: str) -> int:
        return int(Path(self.path(name)).stat().st_size)

    def path(self, name: str) -> str:
        """The copy on this machine, fetched when there is none or the storage has another. Raises StorageAway, FileNotFoundError."""
        kept = self._kept(name)
        try:
            state = self._state(name)
        except StorageAway:
            if kept.is_file():
                return str(kept)
            raise
        if state is None:
            raise FileNotFoundError(name)
        if not kept.is_file() or _stamp(kept) != state:
            self._fetch(name, kept, state)
        os.utime(kept, (datetime.now(UTC).timestamp(), state[1]))  # read just now, written then
        return str(kept)

    def address(self, name: str) -> str:
        """Where a cluster of Hadoop or Spark reads it."""
        return f"s3a://{self._key(name)}"

    def delete(self, name: str) -> None:
        self._say(lambda: self.files.delete_file(self._key(name)))
        self._kept(name).unlink(missing_ok=True)

    def url(self, name: str | None) -> str:
        raise NotImplementedError("snapshots are not served to browsers")

    def _open(self, name: str, mode: str = "rb") -> File:
        assert mode == "rb"
        return File(Path(self.path(name)).open("rb"), name=name)

    def _save(self, name: str, content: IO[bytes]) -> str:
        with NamedTemporaryFile() as draft:
            shutil.copyfileobj(content, draft, BLOCK)
            draft.flush()
            self.replace(name, Path(draft.name))
        return name

    # -- and beyond

    def replace(self, name: str, written: Path) -> None:
        """Put a copy of the file `written` where `name` is, whole or not at all. Raises StorageAway, StorageRefused.

        It goes to a name of its own first: a stream to S3 that breaks off would be closed, and a closed one is published as it is.
        """
        folder, _, last = self._key(name).rpartition("/")
        draft, size = f"{folder}/.{last}.{uuid4().hex}", written.stat().st_size

        def put() -> None:
            try:
                with written.open("rb") as source, self.files.open_output_stream(draft) as target:
                    shutil.copyfileobj(source, target, BLOCK)
                arrived = self.files.get_file_info(draft).size
                if arrived != size:
                    raise OSError(f"llegaron {arrived} de {size} bytes")
                self.files.copy_file(draft, self._key(name))
            finally:
                with suppress(OSError):
                    self.files.delete_file(draft)

        self._say(put)
        state = self._state(name)
        if state is not None and state[0] == size:  # who writes it reads it next
            self._keep(name, state, lambda draft: shutil.copyfile(written, draft))

    def probe(self) -> None:
        """Write, list, read and delete a small file beside the others. Raises StorageAway, StorageRefused."""
        key = self._key(f".prueba-{os.getpid()}")

        def trial() -> None:
            with self.files.open_output_stream(key) as target:
                target.write(b"recaudo")
            self.files.get_file_info(FileSelector(self.bucket))
            with self.files.open_input_stream(key) as source:
                source.read()
            self.files.delete_file(key)

        self._say(trial)

    def _key(self, name: str) -> str:
        return f"{self.bucket}/{name}"

    def _kept(self, name: str) -> Path:
        kept = (self.cache / name).resolve()
        if not kept.is_relative_to(self.cache.resolve()):
            raise FileNotFoundError(name)
        return kept

    def _state(self, name: str) -> tuple[int, float] | None:
        """Size and time of the file in the bucket; None when there is none."""
        found = self._say(lambda: self.files.get_file_info(self._key(name)))
        return None if found.type != FileType.File else (found.size, round(found.mtime_ns / 1e9, 3))

    def _fetch(self, name: str, kept: Path, state: tuple[int, float]) -> None:
        def get(draft: Path) -> None:
            with self.files.open_input_stream(self._key(name)) as source, draft.open("wb") as target:
                shutil.copyfileobj(source, target, BLOCK)

        self._say(lambda: self._keep(name, state, get))

    def _keep(self, name: str, state: tuple[int, float], write: Callable[[Path], object]) -> None:
        kept = self._kept(name)
        kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _copy_into_place(kept, write, at=state[1])
        self._make_room(kept)

    def _make_room(self, newest: Path) -> None:
        """Copies that nobody read for longest go, beyond what the cache may hold."""
        copies = sorted((one for one in self.cache.rglob("*") if one.is_file()), key=lambda one: one.stat().st_atime)
        held = sum(one.stat().st_size for one in copies)
        for one in copies:
            if held <= self.cache_bytes:
                return
            if one != newest:
                held -= one.stat().st_size
                one.unlink(missing_ok=True)

    def _say(self, ask: Callable[[], Any]) -> Any:
        """What the storage answers, its errors as a person can read them."""
        try:
            return ask()
        except (OSError, pa.ArrowException) as error:
            if isinstance(error, FileNotFoundError) and error.errno is not None and error.filename:
                raise  # of this machine
            raise _problem(error, self.where) from None


def _problem(error: Exception, where: str) -> Problem:
    text = str(error)
    for mark, why in _REFUSED.items():
        if mark in text:
            return StorageRefused(where=where, why=why)
    for mark, why in _AWAY.items():
        if mark in text:
            return StorageAway(where=where, why=why)
    return StorageAway(where=where, why=text.splitlines()[0][:200] if text else type(error).__name__)


_REFUSED = {
    "InvalidAccessKeyId": "no conoce la clave", "INVALID_ACCESS_KEY_ID": "no conoce la clave", "SignatureDoesNotMatch": "el secreto no es el de la clave",
    "SIGNATURE_DOES_NOT_MATCH": "el secreto no es el de la clave", "ACCESS_DENIED": "la clave no tiene permiso", "AccessDenied": "la clave no tiene permiso",
    "HTTP status 403": "la clave no tiene permiso", "code: 403": "la clave no tiene permiso", "NO_SUCH_BUCKET": "el depósito no existe",
    "NoSuchBucket": "el depósito no existe", "Bucket does not exist": "el depósito no existe", "does not exist": "el depósito o el archivo no existe", "Path does not exist": "el archivo ya no está",
}  # fmt: skip
_AWAY = {
    "curlCode: 7": "nadie contesta en esa dirección", "curlCode: 6": "el nombre del equipo no existe", "curlCode: 28": "no contestó a tiempo",
    "curlCode: 60": "su certificado no es válido", "SLOW_DOWN": "pide ir más despacio", "HTTP status 503": "está fuera de servicio",
}  # fmt: skip


def _stamp(path: Path) -> tuple[int, float]:
    found = path.stat()
    return found.st_size, round(found.st_mtime, 3)


def _copy_into_place(target: Path, write: Callable[[Path], object], *, at: float | None = None) -> None:
    """Write beside, then rename: a reader sees the old file or the new one. at: the time to give it, in seconds."""
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        write(draft)
        draft.chmod(0o600)
        if at is not None:
            os.utime(draft, (at, at))
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
