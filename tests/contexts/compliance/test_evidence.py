"""A person's file is verified by a third party without the product, and whatever was altered is named (N-04)."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.contexts.casework.scenes import authorise, call, close, plan, point

from recaudo.casework import services as casework
from recaudo.casework.services import ContactRefused
from recaudo.compliance import services
from recaudo.compliance.models import EvidenceFile
from recaudo.journal import services as journal
from recaudo.journal.models import Event
from recaudo.portfolio import services as portfolio


@pytest.fixture
def lived(cast: Any, tmp_state: Path) -> Any:
    """María was called, paid, was refused a second call; Pedro and others lived beside her."""
    authorise(cast, "maria", "call")
    action, permit = call(cast)
    close(cast, action, permit, "NC01", note="Suena ocupado")
    portfolio.record_payment(
        account=cast.accounts["maria"], amount_minor=10_000, currency="MXN", paid_on=cast.today, external_id="p1", by=cast.raul, at=cast.now
    )
    with pytest.raises(ContactRefused):
        casework.clear(action=plan(cast), contact_point=point(cast, "maria"), at=cast.now.replace(hour=5), by=cast.ana)
    journal.anchor(at=cast.now)
    other, theirs = call(cast, "pedro")
    close(cast, other, theirs, "NC01", note="SECRETO DE PEDRO")
    portfolio.save_contact_point(person=cast.maria, kind="email", value="nueva@correo.example", source="debtor", by=cast.ana, at=cast.now)
    return cast


def taken(cast: Any, **more: Any) -> bytes:
    made = services.export_evidence(person=cast.maria, reason="Requerimiento de la autoridad", by=cast.carmen, at=cast.now, **more)
    return services.read_evidence(made, by=cast.carmen, at=cast.now)


def unpacked(body: bytes, folder: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        archive.extractall(folder)
        return {name: archive.read(name) for name in archive.namelist()}


def verified(script: Path, folder: Path, *more: str) -> tuple[int, str]:
    """The verifier as a third party runs it: another process, isolated, without this project on its path."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(script), str(folder), *more], capture_output=True, text=True, check=False, cwd="/", env={"PATH": "/usr/bin"}
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def test_a_third_party_verifies_the_file_without_the_product(lived: Any, tmp_path: Path) -> None:
    files = unpacked(taken(lived), tmp_path / "e")
    code, said = verified(tmp_path / "e" / "verify.py", tmp_path / "e", "--huella", journal.fingerprint())
    assert code == 0 and "ÍNTEGRO" in said, said
    events = [json.loads(line) for line in files["prueba/registros.jsonl"].splitlines()]
    names = [one["contenido"]["name"] for one in events]
    assert {"action.closed", "contact.refused", "payment.applied", "contact_point.changed", "evidence.exported"} <= set(names)
    assert len({one["ancla"] for one in events}) == 2, "events under two anchors"
    assert files["expediente.pdf"].startswith(b"%PDF") and len(files["expediente.pdf"]) > 8000
    code, said = verified(tmp_path / "e" / "verify.py", tmp_path / "e", "--huella", "00" * 32)
    assert code == 1 and "la clave no es la de la huella" in said


def test_one_byte_changed_in_any_file_is_named(lived: Any, tmp_path: Path) -> None:
    files = unpacked(taken(lived), tmp_path / "e")
    script = tmp_path / "clean.py"
    script.write_bytes(files["verify.py"])
    assert len(files) > 20
    for name, body in files.items():
        path = tmp_path / "e" / name
        changed = bytearray(body)
        changed[len(changed) // 2] ^= 1
        path.write_bytes(bytes(changed))
        code, said = verified(script, tmp_path / "e")
        assert code == 1 and name in said, f"{name}: {said}"
        path.write_bytes(body)
    assert verified(script, tmp_path / "e")[0] == 0


def test_a_record_that_was_changed_is_named_by_its_id(lived: Any, tmp_path: Path) -> None:
    files = unpacked(taken(lived), tmp_path / "e")
    path = tmp_path / "e" / "datos" / "gestiones.jsonl"
    first = json.loads(files["datos/gestiones.jsonl"].splitlines()[0])
    path.write_bytes(files["datos/gestiones.jsonl"].replace(b"Suena ocupado", b"Suena OCUPADO"))
    code, said = verified(tmp_path / "e" / "verify.py", tmp_path / "e")
    assert code == 1 and f"registro {first['id']}" in said


def test_a_removed_file_and_an_added_one_are_named(lived: Any, tmp_path: Path) -> None:
    unpacked(taken(lived), tmp_path / "e")
    (tmp_path / "e" / "datos" / "pagos.jsonl").unlink()
    (tmp_path / "e" / "datos" / "otro.jsonl").write_text("{}\n")
    code, said = verified(tmp_path / "e" / "verify.py", tmp_path / "e")
    assert code == 1 and "datos/pagos.jsonl: falta" in said and "datos/otro.jsonl: no está en el manifiesto" in said


def test_an_event_that_was_rewritten_is_named_even_under_a_manifest_signed_anew(lived: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody changes a sealed event in the database; the installation exports and signs what it finds: the seal gives it away."""
    journal.anchor(at=lived.now)
    closed = Event.objects.filter(name="action.closed").order_by("chain_number")[0]
    honest = services.evidence.events_of

    def forged(ids: Any) -> list[Event]:
        found = honest(ids)
        for event in found:
            event.by_name = "Otra persona" if event.id == closed.id else event.by_name
        return found

    monkeypatch.setattr(services.evidence, "events_of", forged)
    unpacked(taken(lived), tmp_path / "e")
    code, said = verified(tmp_path / "e" / "verify.py", tmp_path / "e")
    assert code == 1 and f"nº {closed.chain_number} (action.closed, {closed.id}): el contenido no da su sello" in said


def test_nothing_of_anybody_else_is_in_the_file(lived: Any, tmp_path: Path) -> None:
    files = unpacked(taken(lived, is_masked=False), tmp_path / "e")
    everything = b"\n".join(body for name, body in files.items() if not name.endswith(".pdf")).decode()
    for alien in ("SECRETO DE PEDRO", str(lived.pedro.id), "Pedro", "CTA-PEDRO", "pedro@correo.example", str(lived.other_tenant.id)):
        assert alien not in everything, alien
    assert "+525512345678" in everything and "LOMM800101AB1" in everything


def test_a_masked_file_does_not_give_what_reaches_the_person(lived: Any, tmp_path: Path) -> None:
    files = unpacked(taken(lived), tmp_path / "e")
    everything = b"\n".join(body for name, body in files.items() if not name.endswith(".pdf")).decode()
    assert "5512345678" not in everything and "LOMM800101AB1" not in everything and "nueva@correo.example" not in everything
    assert "··5678" in everything


def test_each_export_and_each_download_is_recorded_with_its_reason(lived: Any) -> None:
    taken(lived, recipient="CONDUSEF")
    made = EvidenceFile.objects.get()
    assert (made.reason, made.recipient, made.status) == ("Requerimiento de la autoridad", "CONDUSEF", "ready")
    assert made.event_count > 5 and made.record_count > 10
    assert Event.objects.filter(name="evidence.exported", subject_id=lived.maria.id).count() == 1
    assert Event.objects.filter(name="evidence.downloaded").count() == 1
    with pytest.raises(services.evidence.ReasonMissing):
        services.export_evidence(person=lived.maria, reason="  ", by=lived.carmen, at=lived.now)


def test_a_file_lies_sealed_on_the_disk(lived: Any, tmp_state: Path) -> None:
    made = services.export_evidence(person=lived.maria, reason="Juicio", by=lived.carmen, at=lived.now, is_masked=False)
    path = tmp_state / "files" / made.path
    assert not zipfile.is_zipfile(path) and path.stat().st_mode & 0o077 == 0
    body = services.read_evidence(made, by=lived.carmen, at=lived.now)
    assert zipfile.is_zipfile(io.BytesIO(body)) and len(body) == made.size


def test_a_file_that_was_changed_on_disk_is_not_given_out(lived: Any, tmp_state: Path) -> None:
    made = services.export_evidence(person=lived.maria, reason="Juicio", by=lived.carmen, at=lived.now)
    path = tmp_state / "files" / made.path
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(services.evidence.NotReady):
        services.read_evidence(made, by=lived.carmen, at=lived.now)


def test_a_rewritten_journal_is_found_with_an_anchor_kept_before(lived: Any, tmp_path: Path) -> None:
    files = unpacked(taken(lived), tmp_path / "e")
    name = sorted(n for n in files if n.startswith("prueba/anclas/"))[0]
    says = json.loads(files[name])
    (tmp_path / "kept").mkdir()
    kept = tmp_path / "kept" / "ancla-mia.json"
    kept.write_text(json.dumps(says))
    script, folder = tmp_path / "e" / "verify.py", tmp_path / "e"
    assert verified(script, folder, "--anclas", str(tmp_path / "kept"))[0] == 0
    kept.write_text(json.dumps({**says, "sello": "00" * 32}))
    code, said = verified(script, folder, "--anclas", str(tmp_path / "kept"))
    assert code == 1 and "ancla-mia.json" in said and "se reescribió" in said
