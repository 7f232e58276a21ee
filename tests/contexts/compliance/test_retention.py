"""Data goes when its time is over and not before: canaries in tables and files, a legal hold, two people, a proof (check 35)."""

from __future__ import annotations

import json
import logging
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from tests.cast import NOW, TODAY, make_cast
from tests.contexts.casework.scenes import call, close

from recaudo.casework import services as casework
from recaudo.casework.models import Action, Case, Dispute
from recaudo.compliance import queries, reach, services
from recaudo.compliance.models import RemovalProof
from recaudo.compliance.services.removal import pseudonym
from recaudo.compliance.services.retention import NothingDue, NotWaiting, RunOpen, SamePerson, TermTooShort
from recaudo.intake.models import Batch, Rejection
from recaudo.journal import queries as journal_queries
from recaudo.journal import services as journal
from recaudo.journal.models import Event
from recaudo.law.queries import rules
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, Document, Payment, Person
from recaudo.store import tenancy

CANARY = re.compile(rb"CANARIO|canario", re.IGNORECASE)
# What identified Pedro: plain, and as the blind index would find it.
PLAIN = ("Pedro Soto", "pedro soto", "123456785", "+56912345678", "56912345678", "pedro@correo.example")
PAST = timedelta(days=3 * 366)


def close_long_ago(cast: Any, who: str, *, past: timedelta = PAST) -> None:
    """A person's account was paid and everything about them ended years ago."""
    then = NOW - past
    key = cast.people[who].id
    Account.objects.filter(id=cast.accounts[who].id).update(status="closed_paid", closed_on=then.date(), last_payment_on=then.date())
    Person.objects.filter(id=key).update(created_at=then)
    Action.objects.filter(person_id=key).update(occurred_at=then)
    Payment.objects.filter(account=cast.accounts[who]).update(paid_on=then.date())
    Case.objects.filter(person_id=key, status="open").update(status="closed", closed_at=then)


def lived(cast: Any, who: str = "pedro") -> None:
    """Canaries wherever the product writes about a person."""
    action, permit = call(cast, who)
    close(cast, action, permit, "NC01", note="CANARIO en la nota")
    person, account = cast.people[who], cast.accounts[who]
    portfolio.record_payment(account=account, amount_minor=100, currency=account.currency, paid_on=TODAY, external_id=f"x-{who}", payer="CANARIO SA", by=cast.raul, at=NOW)
    Dispute.objects.create(person=person, kind="debt", text="CANARIO en la aclaración", status="withdrawn", created_at=NOW)
    path = default_storage.save(f"documents/{who}.txt", ContentFile(b"CANARIO en un documento"))
    Document.objects.create(account=account, kind="note", title="Pagaré de CANARIO", path=path, media_type="text/plain", size=10, sha256="0" * 64, created_at=NOW)
    services.open_complaint(person=person, cause="hours", channel="email", received_on=TODAY, text="CANARIO se queja", rules=rules(), by=cast.raul, at=NOW, on=TODAY)
    row = queries.complaints()[0]
    services.answer_complaint(row, result="unfounded", answer="Estimado CANARIO, no procede.", measure="", by=cast.carmen, at=NOW)
    services.export_evidence(person=person, reason="Requerimiento", is_masked=False, by=cast.carmen, at=NOW)
    batch = Batch.objects.create(
        file_name="carga.csv", path=default_storage.save("intake/carga.csv", ContentFile(b"CANARIO;Pedro Soto")), size=18, sha256="1" * 64, on=TODAY,
        portfolio=account.portfolio, created_at=NOW - PAST,
    )  # fmt: skip
    default_storage.save(f"intake/{batch.id}/before.parquet", ContentFile(b"CANARIO antes"))
    Rejection.objects.create(batch=batch, row_number=1, field="x", code="x", reason="x", row='["CANARIO"]', created_at=NOW)


def every_table(dsn: dict[str, Any], tenant: Any) -> dict[str, str]:
    """The whole database as text, table by table, with encrypted columns opened where the product can open them."""
    found = {}
    with psycopg.connect(**dsn) as admin:
        tables = admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'procrastinate%'").fetchall()
        for (table,) in tables:
            rows = admin.execute(f'SELECT to_jsonb(t) FROM "{table}" t').fetchall()
            found[table] = "\n".join(json.dumps(row[0], ensure_ascii=False) for row in rows)
    return found


def opened_rows(person_id: Any, accounts: list[Any]) -> str:
    """Every row of the person as the product itself reads it, secrets opened."""
    said = [reach.written(row, is_masked=False) for one in reach.belongings() for row in one.rows(person_id, accounts)]
    return json.dumps(said, ensure_ascii=False)


def test_after_the_purge_no_canary_is_left_in_tables_files_or_logs(own_database: dict[str, Any], tmp_state: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    cast = make_cast()
    with tenancy.acting(cast.tenant.id):
        lived(cast)
        lived(cast, "maria")
        close_long_ago(cast, "pedro")
        key, accounts = cast.pedro.id, [cast.accounts["pedro"].id]
        assert "CANARIO" in opened_rows(key, accounts), "the canaries can be seen at all"
    files = [path for path in (tmp_state / "files").rglob("*") if path.is_file()]
    assert any(CANARY.search(path.read_bytes()) for path in files)
    with tenancy.acting(cast.tenant.id):
        run = services.propose_run(on=TODAY, rules=rules(), by=cast.carmen, at=NOW)
        assert (run.due_count, run.held_count) == (1, 0)
        services.decide_run(run, approve=True, by=cast.ignacio, at=NOW)
    done = services.carry_out(run.id, rules=rules, by=cast.ignacio, clock=lambda: NOW, tenant=cast.tenant.id)
    assert (done.status, done.done_count) == ("done", 1)
    with tenancy.acting(cast.tenant.id):
        said = opened_rows(key, accounts)
        assert "CANARIO" not in said
        for plain in PLAIN:
            assert plain not in said, plain
        assert "CANARIO" in opened_rows(cast.maria.id, [cast.accounts["maria"].id]), "whoever still owes is untouched"
        assert not Rejection.objects.exclude(row=None).filter(batch__portfolio=cast.accounts["pedro"].portfolio).exists()
    tables = every_table(own_database["admin"], cast.tenant.id)
    for plain in PLAIN:
        assert not [table for table, text in tables.items() if plain in text], plain
    left = [str(path.relative_to(tmp_state / "files")) for path in (tmp_state / "files").rglob("*") if path.is_file()]
    with tenancy.acting(cast.tenant.id):
        theirs = [batch.path for batch in Batch.objects.filter(portfolio=cast.accounts["maria"].portfolio)]
        before = [f"intake/{batch.id}/before.parquet" for batch in Batch.objects.filter(portfolio=cast.accounts["maria"].portfolio)]
        mine = [made.path for made in queries.evidence_files() if made.status == "ready"]
    # Mexico has no term: what was María's is still there, and nothing else is.
    assert sorted(left) == sorted(["documents/maria.txt", *theirs, *before, *mine]) and len(mine) == 1
    assert "CANARIO" not in caplog.text and not any(plain in caplog.text for plain in PLAIN)


def test_the_journal_keeps_a_pseudonym_and_stays_whole(own_database: dict[str, Any], tmp_state: Path) -> None:
    cast = make_cast()
    with tenancy.acting(cast.tenant.id):
        lived(cast)
        close_long_ago(cast, "pedro")
        journal.anchor(at=NOW)
        services.remove_person(cast.pedro, basis="retention", rules=rules(), on=TODAY, by=cast.carmen, at=NOW)
        journal.seal(at=NOW)
        assert journal_queries.verify().is_whole
        event = Event.objects.get(name="person.erased")
        proof = RemovalProof.objects.get()
        assert event.subject_id == cast.pedro.id and event.detail["digest"] == proof.digest
        assert proof.pseudonym == pseudonym(cast.pedro.id) and str(cast.pedro.id) not in json.dumps([proof.pseudonym, proof.tables, proof.digest])
        assert proof.tables["casework.Action"] >= 1 and proof.tables["casework.PermitRecord"] >= 1 and proof.file_count >= 2
        told = json.dumps([event.detail for event in Event.objects.all()], ensure_ascii=False)
        assert not any(plain in told for plain in PLAIN)


@pytest.mark.parametrize("reason", ["legal", "dispute", "complaint", "owes", "too soon"])
def test_what_must_be_kept_is_kept_and_says_why(cast: Any, tmp_state: Path, reason: str) -> None:
    close_long_ago(cast, "pedro", past=timedelta(days=700) if reason == "too soon" else PAST)
    if reason == "legal":
        casework.open_hold(person=cast.pedro, kind="legal", reason="Juicio en curso", by=cast.carmen, at=NOW)
    elif reason == "dispute":
        Dispute.objects.create(person=cast.pedro, kind="debt", text="x", created_at=NOW)
    elif reason == "complaint":
        services.open_complaint(person=cast.pedro, cause="hours", channel="email", received_on=TODAY, text="x", rules=rules(), by=cast.raul, at=NOW, on=TODAY)
    elif reason == "owes":
        Account.objects.filter(id=cast.accounts["pedro"].id).update(status="delinquent")
    keeps = services.what_keeps(cast.pedro, rules=rules(), on=TODAY)
    assert len(keeps) == 1, keeps
    with pytest.raises(services.MustKeep):
        services.remove_person(cast.pedro, basis="retention", rules=rules(), on=TODAY, by=cast.carmen, at=NOW)
    assert Person.objects.get(id=cast.pedro.id).name == "Pedro Soto Díaz"
    if reason == "too soon":
        assert keeps[0].rule == "CL-RET-GESTIONES" and keeps[0].until == TODAY - timedelta(days=700) + timedelta(days=2 * 365 + 1)


def test_a_legal_hold_that_came_after_the_approval_still_wins(own_database: dict[str, Any], tmp_state: Path) -> None:
    cast = make_cast()
    with tenancy.acting(cast.tenant.id):
        close_long_ago(cast, "pedro")
        run = services.propose_run(on=TODAY, rules=rules(), by=cast.carmen, at=NOW)
        services.decide_run(run, approve=True, by=cast.ignacio, at=NOW)
        casework.open_hold(person=cast.pedro, kind="regulator", reason="Oficio", by=cast.carmen, at=NOW)
    done = services.carry_out(run.id, rules=rules, by=cast.ignacio, clock=lambda: NOW, tenant=cast.tenant.id)
    assert (done.done_count, done.held_count) == (0, 1)
    with tenancy.acting(cast.tenant.id):
        assert Person.objects.get(id=cast.pedro.id).name == "Pedro Soto Díaz"


def test_a_run_that_was_killed_goes_on_where_it_was(own_database: dict[str, Any], tmp_state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cast = make_cast()
    with tenancy.acting(cast.tenant.id):
        services.decide_term(services.propose_term(country="MX", years=2, reason="Política", rules=rules(), by=cast.carmen, at=NOW), approve=True, by=cast.ignacio, at=NOW)
        for who in ("pedro", "lucia"):
            close_long_ago(cast, who)
        run = services.propose_run(on=TODAY, rules=rules(), by=cast.carmen, at=NOW)
        services.decide_run(run, approve=True, by=cast.ignacio, at=NOW)
    monkeypatch.setattr(services.retention, "BATCH", 1)
    whole = services.retention.remove_person
    monkeypatch.setattr(services.retention, "remove_person", lambda person, **given: whole(person, **given) if person.id == cast.pedro.id else 1 / 0)
    with pytest.raises(ZeroDivisionError):
        services.carry_out(run.id, rules=rules, by=cast.ignacio, clock=lambda: NOW, tenant=cast.tenant.id)
    with tenancy.acting(cast.tenant.id):
        run.refresh_from_db()
        assert (run.status, run.done_count, run.problem) == ("failed", 1, "Error interno (ZeroDivisionError)")
    monkeypatch.setattr(services.retention, "remove_person", whole)
    done = services.carry_out(run.id, rules=rules, by=cast.ignacio, clock=lambda: NOW, tenant=cast.tenant.id)
    assert (done.status, done.done_count) == ("done", 2)
    with pytest.raises(NotWaiting):
        services.carry_out(run.id, rules=rules, by=cast.ignacio, clock=lambda: NOW, tenant=cast.tenant.id)


def test_refused_rows_go_though_the_file_they_came_in_is_long_gone(own_database: dict[str, Any], tmp_state: Path) -> None:
    cast = make_cast()
    with tenancy.acting(cast.tenant.id):
        batch = Batch.objects.create(
            file_name="carga.csv", path="intake/no-esta.csv", size=18, sha256="1" * 64, on=TODAY, portfolio=cast.accounts["pedro"].portfolio, created_at=NOW - PAST,
        )  # fmt: skip
        Rejection.objects.create(batch=batch, row_number=1, field="x", code="x", reason="x", row='["CANARIO"]', created_at=NOW)
        run = services.propose_run(on=TODAY, rules=rules(), by=cast.carmen, at=NOW)
        services.decide_run(run, approve=True, by=cast.ignacio, at=NOW)
    done = services.carry_out(run.id, rules=rules, by=cast.ignacio, clock=lambda: NOW, tenant=cast.tenant.id)
    assert done.removed == {"files": 0, "intake.Rejection": 1}
    with tenancy.acting(cast.tenant.id):
        assert Rejection.objects.get().row is None


def test_two_people_decide_a_removal(cast: Any) -> None:
    with pytest.raises(NothingDue):
        services.propose_run(on=TODAY, rules=rules(), by=cast.carmen, at=NOW)
    close_long_ago(cast, "pedro")
    run = services.propose_run(on=TODAY, rules=rules(), by=cast.carmen, at=NOW)
    with pytest.raises(RunOpen):
        services.propose_run(on=TODAY, rules=rules(), by=cast.ignacio, at=NOW)
    with pytest.raises(SamePerson):
        services.decide_run(run, approve=True, by=cast.carmen, at=NOW)
    assert services.decide_run(run, approve=False, by=cast.ignacio, at=NOW).status == "rejected"
    with pytest.raises(NotWaiting):
        services.decide_run(run, approve=True, by=cast.ignacio, at=NOW)
    # The database itself refuses one person in both places.
    with pytest.raises(IntegrityError, match="retention_run_two_people"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE compliance_retentionrun SET approved_by_id = proposed_by_id WHERE id = %s", [run.id])


def test_where_nobody_says_how_long_nothing_is_removed_until_two_people_decide(cast: Any, tmp_state: Path) -> None:
    close_long_ago(cast, "lucia", past=timedelta(days=20 * 366))
    keeps = services.what_keeps(cast.lucia, rules=rules(), on=TODAY)
    assert [one.reason_es for one in keeps] == ["ni el libro de leyes ni la casa fijan cuánto se conserva en su país: fíjelo en «Conservación»"]
    row = services.propose_term(country="MX", years=5, reason="Consejo del abogado", rules=rules(), by=cast.carmen, at=NOW)
    assert services.what_keeps(cast.lucia, rules=rules(), on=TODAY), "a proposal counts for nothing"
    with pytest.raises(SamePerson):
        services.decide_term(row, approve=True, by=cast.carmen, at=NOW)
    services.decide_term(row, approve=True, by=cast.ignacio, at=NOW)
    assert services.what_keeps(cast.lucia, rules=rules(), on=TODAY) == []


def test_the_house_keeps_longer_than_the_law_never_shorter(cast: Any) -> None:
    with pytest.raises(TermTooShort):
        services.propose_term(country="CL", years=1, reason="Ahorrar", rules=rules(), by=cast.carmen, at=NOW)
    row = services.propose_term(country="CL", years=6, reason="Prescripción", rules=rules(), by=cast.carmen, at=NOW)
    services.decide_term(row, approve=True, by=cast.ignacio, at=NOW)
    close_long_ago(cast, "pedro")
    assert services.what_keeps(cast.pedro, rules=rules(), on=TODAY), "three years ago is not six"
    line = next(one for one in queries.country_terms(rules(), on=TODAY) if one.country == "CL")
    assert line.term and line.term.years == 6 and (line.closed, line.due) == (1, 0)


def test_a_merged_record_goes_with_the_person(cast: Any, tmp_state: Path) -> None:
    close_long_ago(cast, "pedro")
    twin = Person.objects.create(name="Pedro S. CANARIO", search_name="pedro s", country="CL", merged_into=cast.pedro, created_at=NOW - PAST)
    services.remove_person(cast.pedro, basis="retention", rules=rules(), on=TODAY, by=cast.carmen, at=NOW)
    twin.refresh_from_db()
    assert twin.name == "(suprimido)"


def test_every_personal_table_that_belongs_to_a_person_is_reached() -> None:
    """A new table with personal fields must say whose it is, or be named here with the reason."""
    from django.apps import apps

    from recaudo.store.models import TenantRow

    elsewhere = {
        "intake.Rejection": "goes with its file",
        "compliance.EvidenceFile": "destroyed by remove_person itself",
    }
    personal = {model._meta.label for model in apps.get_models() if issubclass(model, TenantRow) and getattr(model.Personal, "fields", None)}
    reached = {one.name for one in reach.belongings() if one.erased}
    assert personal - reached - set(elsewhere) == set()


