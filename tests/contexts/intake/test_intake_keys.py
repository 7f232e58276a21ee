"""References that the database holds by asking once a statement: nothing points at what is not there, at another organisation's, or at what goes."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from tests.cast import Cast
from tests.contexts.intake.files import HUGO, ROSA, csv

from recaudo.portfolio.models import Account, ContactPoint, Instalment, LedgerEntry, Person
from recaudo.store import tenancy
from recaudo.store.keys import uuid7
from recaudo.workforce.models import Tenant


@pytest.fixture
def rosa(cards, load) -> Account:
    load(csv(ROSA, HUGO), cards)
    return Account.objects.get(number="T-1")


def refused(write) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        write()


def test_no_row_is_written_that_points_at_nothing(cast: Cast, rosa: Account) -> None:
    common = {"created_at": cast.now, "due_on": cast.today, "amount_minor": 100}
    refused(lambda: Instalment.objects.create(account_id=uuid7(), number=1, **common))
    entry = {"created_at": cast.now, "on": cast.today, "kind": "charge", "amount_minor": 100, "account": rosa}
    for column in ("payment_id", "instalment_id", "reverses_id"):
        refused(lambda column=column: LedgerEntry.objects.create(**entry, **{column: uuid7()}))
    refused(lambda: Account.objects.create(creditor=rosa.creditor, portfolio=rosa.portfolio, holder_id=uuid7(), number="T-9", product="x", currency="MXN", created_at=cast.now))


def test_one_bad_row_among_many_refuses_them_all(cast: Cast, rosa: Account) -> None:
    rows = [Instalment(account_id=account, number=900 + n, created_at=cast.now, due_on=cast.today, amount_minor=1) for n, account in enumerate([rosa.id] * 50 + [uuid7()])]
    refused(lambda: Instalment.objects.bulk_create(rows))
    assert not rosa.instalments.filter(number__gte=900).exists()


def test_a_reference_cannot_be_turned_to_nothing(rosa: Account) -> None:
    refused(lambda: Account.objects.filter(id=rosa.id).update(holder_id=uuid7()))
    refused(lambda: ContactPoint.objects.filter(person=rosa.holder).update(person_id=uuid7()))
    Account.objects.filter(id=rosa.id).update(holder=Account.objects.get(number="T-2").holder)


def test_another_organisations_person_cannot_hold_an_account(cast: Cast, rosa: Account) -> None:
    other = Tenant.objects.create(name="Otra", slug="otra-casa", country="MX", zone="America/Mexico_City", currency="MXN", created_at=cast.now)
    with tenancy.acting(other.id):
        stranger = Person.objects.create(name="Otra Persona", search_name="otra persona", country="MX", created_at=cast.now)
    refused(lambda: Account.objects.filter(id=rosa.id).update(holder_id=stranger.id))


@pytest.mark.parametrize("table", ["portfolio_person", "portfolio_account", "portfolio_creditor", "portfolio_portfolio"])
def test_what_is_pointed_at_cannot_go(rosa: Account, table: str) -> None:
    keys = {"portfolio_person": rosa.holder_id, "portfolio_account": rosa.id, "portfolio_creditor": rosa.creditor_id, "portfolio_portfolio": rosa.portfolio_id}

    def delete() -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE id = %s", [keys[table]])

    refused(delete)


def test_what_nobody_points_at_may_go(cast: Cast, rosa: Account) -> None:
    alone = Person.objects.create(name="Nadie", search_name="nadie", country="MX", created_at=cast.now)
    assert Person.objects.filter(id=alone.id).delete()[0] == 1
