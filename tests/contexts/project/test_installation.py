"""An installation from the command line: it begins, is examined, is backed up, is lost and comes back."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from django.db import connection, connections
from django.utils import timezone
from tests.cast import make_cast

from recaudo.project import archive, checks, postgres
from recaudo.store import tenancy
from recaudo.workforce.models import Tenant, User


def found_by(check: Callable[[datetime], list[checks.Finding]]) -> dict[str, str]:
    return {finding.check: finding.level for finding in check(timezone.now())}


def as_admin(dsns: dict[str, Any], *statements: str) -> None:
    with psycopg.connect(**dsns["admin"], autocommit=True) as admin:
        for statement in statements:
            admin.execute(statement)


# ---- recaudo init


def run_init(tmp_path: Path, **changes: str) -> Any:
    from recaudo.project.cli.init import command

    secret = tmp_path / "clave"
    secret.write_text("una-frase-bien-larga-7\n")
    given = {"name": "Crédito Uno", "country": "MX", "admin-email": "ada@uno.example", "admin-name": "Ada Uno", **changes}
    options = [part for name, value in given.items() for part in (f"--{name}", value) if part]
    return CliRunner().invoke(command, [*options, "--password-file", str(secret)])


def test_an_installation_begins_once(own_database: dict[str, Any], tmp_path: Path) -> None:
    begun = run_init(tmp_path)
    assert begun.exit_code == 0, begun.output
    assert "Siguientes pasos" in begun.output and "una-frase" not in begun.output
    with tenancy.identifying():
        assert User.objects.get().check_password("una-frase-bien-larga-7")
    again = run_init(tmp_path, **{"admin-email": "b@uno.example"})
    assert again.exit_code != 0 and "Ya existe la organización" in str(again.exception)
    other = run_init(tmp_path, **{"admin-email": "b@uno.example", "another": ""})
    assert other.exit_code == 0 and Tenant.objects.count() == 2


# ---- recaudo doctor


def test_the_doctor_finds_a_sound_installation_sound(own_database: dict[str, Any]) -> None:
    make_cast()
    for check in (
        checks.role_is_held, checks.row_security, checks.append_only, checks.migrations, checks.months, checks.clock,
        checks.queue, checks.journals,
    ):  # fmt: skip
        assert set(found_by(check).values()) == {"ok"}, (check.__name__, check(timezone.now()))
    assert {finding.level for finding in (*checks.zones(), *checks.holiday_data())} == {"ok"}


FAULTS: dict[str, tuple[str, Callable[[datetime], list[checks.Finding]], str]] = {
    "row security taken off": ("ALTER TABLE portfolio_account NO FORCE ROW LEVEL SECURITY", checks.row_security, "row_security"),
    "a policy dropped": ("DROP POLICY tenant ON portfolio_account; DROP POLICY IF EXISTS agency ON portfolio_account", checks.row_security, "row_security"),
    "a reading of the law can be deleted": ("GRANT DELETE ON law_lawdecision TO recaudo_app", checks.append_only, "grants"),
    "the journal can be changed": ("GRANT UPDATE ON journal_event TO recaudo_app", checks.append_only, "grants"),
    "a migration is missing": ("DELETE FROM django_migrations WHERE app = 'workforce' AND name LIKE '0003%'", checks.migrations, "migrations"),
    "a job was left half done": (
        "INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES ('default', 'x', 'doing')", checks.queue, "stalled"),
    "nobody works": ("INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('default', 'x')", checks.queue, "workers"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_the_doctor_names_the_fault(fault: str, own_database: dict[str, Any]) -> None:
    statement, check, name = FAULTS[fault]
    assert found_by(check).get(name, "ok") == "ok"
    as_admin(own_database, statement)
    assert found_by(check)[name] in {"bad", "warn"}


def test_the_doctor_sees_a_missing_month(own_database: dict[str, Any]) -> None:
    after = timezone.now() + timedelta(days=400)
    assert checks.months(after)[0].level == "bad"


def test_the_doctor_sees_clocks_that_differ(own_database: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_rows", lambda *_: [(datetime.now(UTC) - timedelta(seconds=31),)])
    assert checks.clock(timezone.now())[0].level == "bad"


def test_the_doctor_sees_a_role_that_steps_around_row_security(own_database: dict[str, Any]) -> None:
    admin = own_database["admin"]
    before = {key: connection.settings_dict[key] for key in ("USER", "PASSWORD")}
    connection.close()
    connection.settings_dict.update(USER=admin["user"], PASSWORD=admin["password"])
    try:
        assert found_by(checks.role_is_held) == {"role": "bad"}
    finally:
        connection.close()
        connection.settings_dict.update(before)


def test_the_doctor_sees_assets_that_were_not_built_or_were_changed(settings: Any, tmp_path: Path) -> None:
    settings.PACKAGE = tmp_path
    vendor = tmp_path / "ui" / "static" / "vendor"
    vendor.mkdir(parents=True)
    assert checks.assets()[0].level == "bad"
    (vendor / "app.js").write_text("1")
    (vendor / "MANIFEST.sha256").write_text(f"{hashlib.sha256(b'1').hexdigest()}  app.js\n")
    assert checks.assets()[0].level == "ok"
    (vendor / "app.js").write_text("2")
    assert checks.assets()[0].level == "bad"


def test_the_doctor_sees_keys_that_others_can_read(settings: Any, tmp_path: Path) -> None:
    settings.STATE = tmp_path
    key = tmp_path / "secrets" / "recaudo_field_key"
    key.parent.mkdir()
    key.touch(mode=0o600)
    assert checks.secret_files()[0].level == "ok"
    key.chmod(0o644)
    assert checks.secret_files()[0].level == "bad"


def test_the_doctor_prints_json_and_exits_by_what_it_found(own_database: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from recaudo.project.cli.doctor import command

    monkeypatch.setattr(checks, "_WITHOUT", {})
    make_cast()
    well = CliRunner().invoke(command, ["--json"])
    assert well.exit_code == 0 and json.loads(well.stdout)["is_well"] is True
    as_admin(own_database, "GRANT DELETE ON journal_event TO recaudo_app")
    ill = CliRunner().invoke(command, ["--json"])
    assert ill.exit_code == 1
    assert [finding["check"] for finding in json.loads(ill.stdout)["findings"] if finding["level"] == "bad"] == ["grants"]


def test_a_dead_database_is_said_plainly_and_hides_nothing_else(own_database: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def dead() -> list[checks.Finding]:
        raise psycopg.OperationalError("connection refused")

    monkeypatch.setattr(checks, "database_answers", dead)
    found = {finding.check: finding.level for finding in checks.examine(now=timezone.now())}
    assert found["database"] == "bad" and "time_zones" in found and "journal" not in found


# ---- recaudo backup, recaudo restore


@pytest.fixture
def endpoint_of(endpoint: Any, own_database: dict[str, Any]) -> Any:
    """The test's own database as an installation would know it."""
    name = own_database["app"]["dbname"]
    changed = {key: {**getattr(endpoint, key), "dbname": name} for key in ("owner_dsn", "app_dsn")}
    return dataclasses.replace(endpoint, **changed, admin_dsn={**endpoint.admin_dsn, "dbname": name})


def filled(state: Path) -> None:
    for name, text in {"files/a/b.txt": "documento", "snapshots/t/x.parquet": "foto", "secrets/recaudo_field_key": "k" * 44}.items():
        (state / name).parent.mkdir(parents=True, exist_ok=True)
        (state / name).write_text(text)


def digest_of_everything() -> str:
    """The application's own sum over every table it may read, inside the tenant."""
    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'public' AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), \'\')) FROM "{table}" t')
            digest.update(f"{table}{cursor.fetchone()[0]}".encode())
    return digest.hexdigest()


def close_all() -> None:
    for alias in connections:
        connections[alias].close()


def test_what_was_backed_up_comes_back_equal(own_database: dict[str, Any], endpoint_of: Any, tmp_path: Path) -> None:
    cast = make_cast()
    state, file = tmp_path / "state", tmp_path / "copia.tar"
    filled(state)
    with tenancy.acting(cast.tenant.id):
        before = digest_of_everything()
    close_all()
    made = archive.write(file, state=state, at=timezone.now(), endpoint=endpoint_of)
    assert not any(name.startswith("secrets") for name in made.parts) and file.stat().st_mode & 0o077 == 0
    with tenancy.acting(cast.tenant.id):
        User.objects.filter(pk=cast.ana.pk).update(name="Perdida")
        assert digest_of_everything() != before, "the sum does not see a change: it proves nothing"
    (state / "files/a/b.txt").write_text("estropeado")
    close_all()
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    assert archive.unpack(file, unpacked) == made
    with pytest.raises(postgres.DatabaseNotEmpty):
        postgres.restore(unpacked / archive.DUMP, endpoint=endpoint_of)
    postgres.restore(unpacked / archive.DUMP, endpoint=endpoint_of, force=True)
    archive.put_folders(unpacked, state)
    with tenancy.acting(cast.tenant.id):
        assert digest_of_everything() == before
    assert (state / "files/a/b.txt").read_text() == "documento"


@pytest.fixture
def copied(own_database: dict[str, Any], endpoint_of: Any, tmp_path: Path) -> Path:
    close_all()
    filled(tmp_path / "state")
    archive.write(tmp_path / "copia.tar", state=tmp_path / "state", at=timezone.now(), endpoint=endpoint_of, with_secrets=True)
    return tmp_path / "copia.tar"


def test_a_damaged_or_foreign_file_is_refused(copied: Path, tmp_path: Path) -> None:
    whole = copied.read_bytes()
    at = whole.index(b"documento")
    spoiled = {
        "changed": whole[:at] + b"Documento" + whole[at + 9 :],
        "cut": whole[: len(whole) // 2],
        "foreign": b"no es un tar",
    }
    for name, content in spoiled.items():
        file, into = tmp_path / f"{name}.tar", tmp_path / f"into-{name}"
        file.write_bytes(content)
        into.mkdir()
        with pytest.raises(archive.NotABackup):
            archive.unpack(file, into)


def test_a_file_that_climbs_out_of_its_folder_is_refused(tmp_path: Path) -> None:
    evil = tmp_path / "evil.tar"
    (tmp_path / "x").write_text("x")
    with tarfile.open(evil, "w") as tar:
        tar.add(tmp_path / "x", arcname="../../escaped")
    into = tmp_path / "into" / "deep"
    into.mkdir(parents=True)
    with pytest.raises(archive.NotABackup):
        archive.unpack(evil, into)
    assert not (tmp_path / "escaped").exists()


def test_keys_travel_only_when_asked_and_never_over_others(copied: Path, tmp_path: Path) -> None:
    unpacked, other = tmp_path / "u", tmp_path / "other"
    unpacked.mkdir()
    assert archive.unpack(copied, unpacked).with_secrets
    archive.put_secrets(unpacked, other, force=False)
    kept = other / "secrets" / "recaudo_field_key"
    assert kept.read_text() == "k" * 44 and kept.stat().st_mode & 0o077 == 0
    kept.write_text("otra clave")
    with pytest.raises(archive.StateNotClean):
        archive.put_secrets(unpacked, other, force=False)
    assert kept.read_text() == "otra clave"


def test_a_backup_does_not_overwrite_another(copied: Path, tmp_path: Path, endpoint_of: Any) -> None:
    with pytest.raises(archive.FileExists):
        archive.write(copied, state=tmp_path / "state", at=timezone.now(), endpoint=endpoint_of)
    assert not list(tmp_path.glob("*.part"))


def test_files_already_there_stop_a_restore(copied: Path, tmp_path: Path) -> None:
    with pytest.raises(archive.StateNotClean):
        archive.require_clean(tmp_path / "state")
    archive.require_clean(tmp_path / "empty")
