"""What a load keeps on the disk: sealed, bound to its batch, readable while it can be undone, and gone afterwards."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cast import NOW, Cast
from tests.contexts.intake.files import HUGO, ROSA, csv

from recaudo.intake import services as intake
from recaudo.intake.models import Batch
from recaudo.intake.services import keeping
from recaudo.journal.models import Event
from recaudo.journal.services import SYSTEM
from recaudo.portfolio.models import Account
from recaudo.store import files
from recaudo.store.fields import CannotDecrypt

SAID = (b"GODE561231GR8", b"rosa@correo.mx", b"9876", b"ROSA DIAZ")


def on_disk(state: Path) -> list[Path]:
    return [path for path in state.rglob("*") if path.is_file() and "intake" in path.parts]


def loaded_twice(load: Any, cards: Any) -> Batch:
    load(csv(ROSA, HUGO), cards)
    return load(csv(ROSA.replace('"12,500.50"', '"11,000.00"'), HUGO), cards, on=NOW.date() + timedelta(days=1))


def test_neither_the_file_nor_what_an_undo_needs_lies_in_the_open(cards, load, tmp_state: Path) -> None:
    loaded_twice(load, cards)
    kept = on_disk(tmp_state)
    assert sorted(path.name for path in kept) == ["accounts.before", "instalments.before", "source", "source"]
    for path in kept:
        data = path.read_bytes()
        assert data.startswith(files.MAGIC) and b"PAR1" not in data and path.stat().st_mode & 0o077 == 0
        assert not any(said in data for said in SAID)


def test_the_search_would_see_a_file_that_is_not_sealed(cards, load, tmp_state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Plain:
        def encrypt(self, _nonce: bytes, data: bytes, _bound: bytes) -> bytes:
            return data + bytes(16)

        def decrypt(self, _nonce: bytes, data: bytes, _bound: bytes) -> bytes:
            return data[:-16]

    monkeypatch.setattr(files, "_cipher", lambda *_: Plain())
    load(csv(ROSA), cards)
    data = on_disk(tmp_state)[0].read_bytes()
    assert all(said in data for said in SAID)


def test_a_changed_figure_comes_back_from_the_sealed_rows(cast: Cast, cards, load) -> None:
    batch = loaded_twice(load, cards)
    intake.undo(batch, by=cast.raul, at=NOW + timedelta(hours=1))
    assert Account.objects.get(number="T-1").balance_minor == 1_250_050


def test_a_file_of_another_batch_is_not_read_in_its_place(cast: Cast, cards, load) -> None:
    one, other = load(csv(ROSA), cards), load(csv(HUGO), cards)
    keeping._path(other.id, "source").replace(keeping._path(one.id, "source"))
    with pytest.raises(CannotDecrypt):
        intake.preview(one)


@pytest.mark.parametrize("size", [0, 1, files.BLOCK_BYTES, files.BLOCK_BYTES + 1, 3 * files.BLOCK_BYTES - 1])
def test_what_is_sealed_comes_back_whole(tmp_path: Path, size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    files.write_sealed([data[:size]], tmp_path / "x", bound="here")
    assert b"".join(files.read_sealed(tmp_path / "x", bound="here")) == data[:size]


@pytest.mark.parametrize("harm", ["cut", "bit", "swap", "double", "head", "empty"])
def test_a_sealed_file_that_was_touched_is_not_read(tmp_path: Path, harm: str) -> None:
    path, frame = tmp_path / "x", files.BLOCK_BYTES + 20
    files.write_sealed([bytes(3 * files.BLOCK_BYTES)], path, bound="here")
    data = path.read_bytes()
    head, rest = data[:21], data[21:]
    frames = [rest[at : at + frame] for at in range(0, len(rest), frame)]
    done = {
        "cut": head + b"".join(frames[:2]), "bit": data[:-1] + bytes([data[-1] ^ 1]), "swap": head + frames[1] + frames[0] + frames[2],
        "double": head + frames[0] + b"".join(frames), "head": b"PAR1" + data[4:], "empty": head,
    }  # fmt: skip
    path.write_bytes(done[harm])
    with pytest.raises(CannotDecrypt):
        list(files.read_sealed(path, bound="here"))


def test_a_plain_copy_has_no_name_and_goes_with_its_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for in_memory in (files.IN_MEMORY_BYTES, 0):  # in memory, then on the disk
        monkeypatch.setattr(files, "IN_MEMORY_BYTES", in_memory)
        files.write_sealed([b"hola"], tmp_path / "x", bound="here")
        path, plain = files.opened(tmp_path / "x", bound="here")
        assert path.read_bytes() == b"hola" and [one.name for one in tmp_path.iterdir()] == ["x"]
        plain.close()
        assert not path.exists()


def test_files_go_when_the_time_to_undo_is_over_and_the_journal_says_so(cast: Cast, cards, load, tmp_state: Path, settings: Any) -> None:
    settings.INTAKE_FILES_KEPT_DAYS = 30
    batch = load(csv(ROSA, HUGO.replace("900.00", "x")), cards)
    assert intake.forget_files(by=SYSTEM, at=NOW + timedelta(days=30)) == 0
    assert len(on_disk(tmp_state)) == 1
    late = NOW + timedelta(days=30, seconds=1)
    assert (intake.forget_files(by=SYSTEM, at=late), intake.forget_files(by=SYSTEM, at=late)) == (1, 0)
    assert on_disk(tmp_state) == [] and Event.objects.filter(name="batch.files_deleted", subject_id=batch.id).count() == 1
    with pytest.raises(intake.FilesGone, match="30 días"):
        intake.undo(batch, by=cast.raul, at=late)
    with pytest.raises(intake.FilesGone):
        intake.preview(Batch.objects.get(id=batch.id))
    assert b"no es un n" in b"".join(intake.rejections_csv(batch, by=cast.raul, at=late))


def test_a_file_nobody_applied_goes_too_and_one_being_worked_on_stays(cast: Cast, cards, load, tmp_state: Path) -> None:
    waiting, working = (load("x\n", cards) for _ in range(2))
    Batch.objects.filter(id=working.id).update(status="applying")
    intake.forget_files(by=SYSTEM, at=NOW + timedelta(days=365))
    assert Batch.objects.get(id=waiting.id).files_gone_at is not None
    assert [path.parent.name for path in on_disk(tmp_state)] == [str(working.id)]
