"""Snapshots in a folder and in a bucket: the same promises, the bucket against a real server of S3's protocol on loopback."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from recaudo.store import objects
from recaudo.store.objects import Bucket, Folder, StorageAway, StorageRefused

DAY = "t1/on=2026-11-24/accounts.parquet"
KEY = {"key": "clave", "secret": "secreto"}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def bucket(server: str, tmp_path: Path) -> Bucket:
    made = Bucket(bucket=f"fotos-{tmp_path.name.replace('_', '-')[-40:]}".lower(), endpoint=server, cache=tmp_path / "copies", **KEY)
    made.options["allow_bucket_creation"] = True
    made.files.create_dir(made.bucket)
    return made


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return Folder(location=tmp_path / "kept") if request.param == "folder" else request.getfixturevalue("bucket")


def written(folder: Path, content: bytes) -> Path:
    path = folder / f"draft-{len(content)}"
    path.write_bytes(content)
    return path


def test_what_is_put_is_read_and_replaced(storage: Any, tmp_path: Path) -> None:
    assert not storage.exists(DAY)
    storage.replace(DAY, written(tmp_path, b"lunes"))
    assert storage.exists(DAY) and Path(storage.path(DAY)).read_bytes() == b"lunes"
    storage.replace(DAY, written(tmp_path, b"lunes otra vez"))
    with storage.open(DAY, "rb") as kept:
        assert kept.read() == b"lunes otra vez"
    storage.delete(DAY)
    assert not storage.exists(DAY)


def test_a_storage_that_works_passes_its_trial(storage: Any) -> None:
    storage.probe()
    assert storage.where


def test_a_write_that_fails_leaves_what_was_there(storage: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage.replace(DAY, written(tmp_path, b"ayer"))
    today = written(tmp_path, b"x" * (3 * objects.BLOCK))
    opened = Path.open

    def breaks(self: Path, *mode: Any, **more: Any) -> Any:
        found = opened(self, *mode, **more)
        if self == today:
            read = found.read
            reads = iter([lambda size: read(size), _fail])
            return _Source(found, lambda size: next(reads)(size))
        return found

    monkeypatch.setattr(Path, "open", breaks)
    monkeypatch.setattr(objects.shutil, "copyfile", lambda source, target: Path(target).write_bytes(b"xx") and _fail(0))
    with pytest.raises((OSError, StorageAway)):
        storage.replace(DAY, today)
    monkeypatch.undo()
    assert Path(storage.path(DAY)).read_bytes() == b"ayer"
    assert names(storage) == ["accounts.parquet"]  # and nothing half written beside it


def names(storage: Any) -> list[str]:
    folder = DAY.rpartition("/")[0]
    if isinstance(storage, Folder):
        return sorted(one.name for one in Path(storage.path(folder)).iterdir())
    return sorted(one.base_name for one in storage.files.get_file_info(objects.FileSelector(f"{storage.bucket}/{folder}")))


class _Source:
    def __init__(self, file: Any, read: Any) -> None:
        self.file, self.read = file, read

    def __enter__(self) -> _Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


def _fail(size: int) -> bytes:
    raise OSError(28, "No space left on device")


def test_another_machine_sees_the_new_file_and_not_its_copy(bucket: Bucket, tmp_path: Path) -> None:
    other = Bucket(bucket=bucket.bucket, endpoint=bucket.options["scheme"] + "://" + bucket.options["endpoint_override"], cache=tmp_path / "other", **KEY)
    bucket.replace(DAY, written(tmp_path, b"primera"))
    assert Path(other.path(DAY)).read_bytes() == b"primera"
    os.utime(bucket.path(DAY), (1, 1))
    bucket.replace(DAY, written(tmp_path, b"segunda corrida"))
    assert Path(other.path(DAY)).read_bytes() == b"segunda corrida"


def test_yesterday_is_read_while_the_storage_is_away(bucket: Bucket, tmp_path: Path) -> None:
    bucket.replace(DAY, written(tmp_path, b"ayer"))
    bucket.options["endpoint_override"] = "127.0.0.1:9"
    bucket._files = None
    assert bucket.exists(DAY) and Path(bucket.path(DAY)).read_bytes() == b"ayer"
    with pytest.raises(StorageAway) as caught:
        bucket.replace("t1/on=2026-11-25/accounts.parquet", written(tmp_path, b"hoy"))
    assert "Lo guardado antes sigue intacto" in caught.value.text and "nadie contesta" in caught.value.text
    with pytest.raises(StorageAway):
        bucket.exists("t1/on=2026-11-20/accounts.parquet")


def test_a_bucket_that_is_not_there_is_named(server: str, tmp_path: Path) -> None:
    missing = Bucket(bucket="no-existe", endpoint=server, cache=tmp_path, **KEY)
    with pytest.raises(StorageRefused) as caught:
        missing.probe()
    assert "el depósito no existe" in caught.value.text and "secreto" not in caught.value.text.replace("RECAUDO_SNAPSHOTS_S3_SECRET", "")


def test_copies_make_room_for_the_newest(bucket: Bucket, tmp_path: Path) -> None:
    bucket.cache_bytes = 1500
    for day in (1, 2, 3):
        bucket.replace(f"t1/on=2026-11-0{day}/accounts.parquet", written(tmp_path, b"z" * (600 + day)))
        os.utime(bucket._kept(f"t1/on=2026-11-0{day}/accounts.parquet"), (day, day))
    copies = [one.parent.name for one in bucket.cache.rglob("*.parquet")]
    assert sorted(copies) == ["on=2026-11-02", "on=2026-11-03"]
    assert Path(bucket.path("t1/on=2026-11-01/accounts.parquet")).stat().st_size == 601  # still in the bucket


def test_a_name_cannot_leave_the_folder_of_copies(bucket: Bucket) -> None:
    with pytest.raises(FileNotFoundError):
        bucket.path("../../secrets/recaudo_field_key")
