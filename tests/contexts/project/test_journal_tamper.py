"""No change without its record: when the journal cannot be written, nothing else is (check 34).

The ways of altering what was written are told in tests/contexts/journal; here are the two that they leave: a record made up and put in
between with a seal of its own, and a chain that somebody with the whole database computes anew.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from django.db import DatabaseError, connection, transaction
from django.test import Client
from tests.cast import NOW, PASSWORD, make_cast

from recaudo.journal import queries, services
from recaudo.journal.chain import GENESIS, event_hash
from recaudo.journal.models import Event
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import ContactPoint, Payment
from recaudo.project.cli.journal import command
from recaudo.store import tenancy
from recaudo.store.keys import uuid7


def as_owner(dsns: dict[str, Any], statement: str, values: Any = None) -> None:
    with psycopg.connect(**dsns["admin"], autocommit=True) as admin:
        admin.execute(statement, values)


def lived(count: int = 6) -> Any:
    cast = make_cast()
    with tenancy.acting(cast.tenant.id):
        for number in range(count):
            services.record("account.changed", by=cast.sofia, at=NOW + timedelta(seconds=number), subject="account", n=number)
    return cast


def test_a_record_made_up_and_put_in_between_is_named_by_the_command(own_database: dict[str, Any]) -> None:
    cast = lived()
    with tenancy.acting(cast.tenant.id):
        services.seal(at=NOW)
        third = Event.objects.get(chain_number=3)
        made_up = Event(id=uuid7(), tenant_id=cast.tenant.id, created_at=NOW, name="account.changed", by_name="Nadie", detail={})
        digest = event_hash(bytes(third.hash), made_up, 4)
    # Its own seal is right; those after it are moved up by one and no longer fit what comes before them.
    as_owner(own_database, "UPDATE journal_event SET chain_number = chain_number + 1 WHERE chain_number >= 4")
    as_owner(
        own_database,
        "INSERT INTO journal_event (id, tenant_id, created_at, name, by_name, subject, detail, chain_number, hash)"
        " VALUES (%s, %s, %s, 'account.changed', 'Nadie', '', '{}', 4, %s)",
        [made_up.id, cast.tenant.id, NOW, digest],
    )
    told = CliRunner().invoke(command, ["verify", "--tenant", cast.tenant.slug])
    assert told.exit_code == 1 and "registro nº 5" in told.stdout


def test_a_chain_computed_anew_with_every_seal_right_is_found_by_the_anchor(own_database: dict[str, Any], tmp_path: Any) -> None:
    cast = lived()
    kept = tmp_path / "anclas.jsonl"
    assert CliRunner().invoke(command, ["anchor", "--export", str(kept)]).exit_code == 0
    with tenancy.acting(cast.tenant.id):
        events = list(Event.objects.exclude(hash=None).order_by("chain_number"))
    previous = GENESIS
    for number, event in enumerate(events, start=1):
        event.by_name = "Otra persona" if number == 2 else event.by_name
        previous = event_hash(previous, event, number)
        as_owner(own_database, "UPDATE journal_event SET by_name = %s, hash = %s WHERE id = %s", [event.by_name, previous, event.id])
    as_owner(own_database, "UPDATE journal_anchor SET hash = (SELECT hash FROM journal_event e WHERE e.chain_number = journal_anchor.chain_number AND e.tenant_id = journal_anchor.tenant_id)")  # fmt: skip
    with tenancy.acting(cast.tenant.id):
        assert "no lleva la firma" in queries.verify().reason_es, "whoever has the database cannot sign"
    as_owner(own_database, "DELETE FROM journal_anchor")
    with tenancy.acting(cast.tenant.id):
        assert queries.verify().is_whole, "with its anchors gone, nothing inside the database gives it away"
    told = CliRunner().invoke(command, ["verify", "--anchors", str(kept)])
    assert told.exit_code == 1 and "ancla" in told.stdout


def test_the_application_can_neither_change_nor_take_away_a_record(own_database: dict[str, Any]) -> None:
    cast = lived(2)
    for statement in ("UPDATE journal_event SET by_name = 'x'", "DELETE FROM journal_event", "TRUNCATE journal_event",
                      "UPDATE journal_anchor SET chain_number = 1", "DELETE FROM journal_anchor"):  # fmt: skip
        with pytest.raises(DatabaseError), tenancy.acting(cast.tenant.id), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.fixture
def deaf(own_database: dict[str, Any]) -> Any:
    """An organisation whose journal refuses every line; its administrator had signed in before."""
    cast = make_cast()
    with tenancy.identifying():
        cast.browser = Client(raise_request_exception=False)
        cast.browser.force_login(cast.ignacio, backend="recaudo.workforce.backends.StaffBackend")
    as_owner(own_database, "REVOKE INSERT ON journal_event FROM recaudo_app")
    return cast


def test_what_cannot_be_recorded_is_not_done(deaf: Any) -> None:
    account = deaf.accounts["maria"]
    with tenancy.acting(deaf.tenant.id):
        before = (Payment.objects.count(), type(account).objects.get(id=account.id).balance_minor, ContactPoint.objects.count())
    with pytest.raises(DatabaseError), tenancy.acting(deaf.tenant.id), transaction.atomic():
        portfolio.record_payment(account=account, amount_minor=100, currency="MXN", paid_on=deaf.today, external_id="x", by=deaf.raul, at=NOW)
    with pytest.raises(DatabaseError), tenancy.acting(deaf.tenant.id), transaction.atomic():
        portfolio.save_contact_point(person=deaf.maria, kind="email", value="otra@correo.example", source="debtor", by=deaf.ana, at=NOW)
    with tenancy.acting(deaf.tenant.id):
        after = (Payment.objects.count(), type(account).objects.get(id=account.id).balance_minor, ContactPoint.objects.count())
    assert after == before


def test_what_a_person_asks_for_on_a_page_is_not_done_either(deaf: Any) -> None:
    answer = deaf.browser.post(f"/usuarios/{deaf.ana.id}/desactivar/")
    assert answer.status_code == 500
    with tenancy.acting(deaf.tenant.id):
        deaf.ana.refresh_from_db()
        assert deaf.ana.is_active


def test_nobody_signs_in_unrecorded(deaf: Any) -> None:
    client = Client(raise_request_exception=False)
    client.post("/cuenta/entrar/", {"login": deaf.ana.email, "password": PASSWORD})
    assert client.get("/mi-cuenta/").status_code == 302
