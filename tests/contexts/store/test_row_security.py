"""Row security, seen from the database: every table that has a tenant is closed to everybody else, whatever the code forgets."""

from __future__ import annotations

import random
import uuid

import psycopg
import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from recaudo.casework.models import Action
from recaudo.portfolio.models import Account, ContactPoint, Creditor, Payment, Person
from recaudo.portfolio.services import place_accounts, recall_accounts
from recaudo.store import tenancy

OURS = [model for model in apps.get_models() if model.__module__.startswith("recaudo.")]
TENANT_TABLES = sorted(model._meta.db_table for model in OURS if any(f.column == "tenant_id" for f in model._meta.concrete_fields))


def rows(cursor, text, params=()):
    cursor.execute(text, params)
    return cursor.fetchall()


@pytest.mark.django_db
def test_every_table_with_a_tenant_forces_row_security():
    with connection.cursor() as cursor:
        found = {
            name: (enabled, forced, policies)
            for name, enabled, forced, policies in rows(
                cursor,
                "SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, "
                "       (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid AND p.polpermissive) "
                "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped "
                "JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public' WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition",
            )
        }
    assert set(TENANT_TABLES) == set(found)
    assert {name: state for name, state in found.items() if not (state[0] and state[1] and state[2] >= 1)} == {}


@pytest.mark.django_db
def test_a_partition_cannot_be_read_past_its_parent(cast):
    with connection.cursor() as cursor:
        partitions = [r[0] for r in rows(cursor, "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")]
        assert len(partitions) > 10
        states = rows(cursor, "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' AND NOT (relrowsecurity AND relforcerowsecurity)")
        assert states == []


@pytest.mark.django_db
def test_the_application_is_nobody_special():
    with connection.cursor() as cursor:
        (role,) = rows(cursor, "SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user")
        assert role == (False, False, False)
        owned = rows(cursor, "SELECT count(*) FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)")
        assert owned == [(0,)]


@pytest.mark.django_db
@pytest.mark.parametrize("table", TENANT_TABLES)
def test_without_a_tenant_there_are_no_rows(table, cast):
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('recaudo.tenant', '', true), set_config('recaudo.identity', '', true)")
        assert rows(cursor, f'SELECT count(*) FROM "{table}"') == [(0,)]


@pytest.mark.django_db
def test_a_row_cannot_be_written_for_another_tenant(cast):
    with pytest.raises(DatabaseError), transaction.atomic():
        Creditor.objects.create(tenant_id=cast.other_tenant.id, code="X", name="X", country="MX", created_at=cast.now)
    with tenancy.acting(cast.other_tenant.id):
        assert Person._base_manager.filter(pk=cast.maria.pk).count() == 0
        with connection.cursor() as cursor:
            cursor.execute("UPDATE portfolio_person SET name = 'robado' WHERE id = %s", [cast.maria.id])
            assert cursor.rowcount == 0


@pytest.mark.django_db
def test_settings_do_not_survive_their_transaction(cast):
    """One connection, many tenants, random failures in between: never a row of somebody else."""
    pick = random.Random(5)
    tenants = [cast.tenant.id, cast.other_tenant.id]
    owners = {cast.tenant.id: 4, cast.other_tenant.id: 0}
    for _ in range(300):
        tenant = pick.choice(tenants)
        try:
            with transaction.atomic(), tenancy.acting(tenant):
                assert Person.objects.count() == owners[tenant]
                if pick.random() < 0.4:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            pass


@pytest.mark.django_db
def test_an_agency_sees_only_what_is_placed_with_it(cast):
    norte, sur = cast.agencies["NORTE"], cast.agencies["SUR"]
    maria, pedro = cast.accounts["maria"], cast.accounts["pedro"]
    place_accounts(account_ids=[maria.id], agency=norte, team=None, from_on=cast.today, by=cast.gabriel, at=cast.now)
    place_accounts(account_ids=[pedro.id], agency=sur, team=None, from_on=cast.today, by=cast.gabriel, at=cast.now)
    with tenancy.acting(cast.tenant.id, norte.id):
        assert list(Account.objects.values_list("id", flat=True)) == [maria.id]
        assert list(Person.objects.values_list("id", flat=True)) == [cast.maria.id]
        assert set(ContactPoint.objects.values_list("person_id", flat=True)) == {cast.maria.id}
        assert Payment.objects.count() == 0
        assert not Account.objects.filter(id=uuid.uuid4()).exists() and not Account.objects.filter(id=pedro.id).exists()
    recall_accounts(account_ids=[maria.id], by=cast.gabriel, at=cast.now)
    with tenancy.acting(cast.tenant.id, norte.id):
        assert Account.objects.count() == 0
        assert Action.objects.count() == 0


@pytest.mark.django_db
def test_the_trail_and_the_ledger_only_grow(cast):
    for statement in (
        "UPDATE journal_event SET name = 'x'", "DELETE FROM journal_event", "UPDATE portfolio_ledgerentry SET amount_minor = 1",
        "DELETE FROM portfolio_ledgerentry", "UPDATE portfolio_buckethistory SET dpd = 0", "DELETE FROM casework_permitrecord",
    ):  # fmt: skip
        with pytest.raises(DatabaseError) as refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege)
