"""A column of the file says who is restricted: only more, never less, and it goes back with the file."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.cast import NOW
from tests.contexts.intake.files import HUGO, ROSA, csv

from recaudo.intake import services as intake
from recaudo.intake.models import Layout, Rejection
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, Restriction
from recaudo.store import tenancy


@pytest.fixture
def said(cast, cards, book, load) -> Layout:
    load(csv(ROSA, HUGO), cards)
    return intake.save_layout(name="reservas", target="update", mapping={"number": "Cuenta", "restriction": "Reserva"}, portfolio=book, by=cast.raul, at=NOW)


def levels() -> dict[str, str]:
    return dict(Account.objects.filter(holder__restrictions__isnull=False).values_list("number", "holder__restrictions__level"))


def test_a_file_restricts_holders_and_never_lifts(cast, said, load) -> None:
    batch = load(csv("T-1,Empleado", "T-2,no", titles="Cuenta,Reserva"), said)
    assert levels() == {"T-1": "employee"} and batch.changes["restrictions"] == 1
    load(csv("T-1,ninguna", "T-2,PEP", titles="Cuenta,Reserva"), said, on=date(2026, 11, 25))
    assert levels() == {"T-1": "employee", "T-2": "vip"}


def test_what_a_person_decided_stands(cast, said, load) -> None:
    rosa = Account.objects.get(number="T-1").holder
    portfolio.restrict_person(person=rosa, level="litigious", reason="Demanda 12/2026", by=cast.gabriel, at=NOW)
    load(csv("T-1,VIP", titles="Cuenta,Reserva"), said, on=date(2026, 11, 25))
    assert levels() == {"T-1": "litigious"}


def test_a_word_nobody_knows_refuses_the_row(cast, said, load) -> None:
    batch = load(csv("T-1,secreto", "T-2,vip", titles="Cuenta,Reserva"), said, on=date(2026, 11, 25))
    found = Rejection.objects.get(batch=batch)
    assert (found.row_number, found.field) == (2, "Reserva")
    assert levels() == {"T-2": "vip"}


def test_undoing_the_file_takes_its_restrictions_back_whoever_undoes_it(cast, said, load) -> None:
    batch = load(csv("T-1,empleado", titles="Cuenta,Reserva"), said, on=date(2026, 11, 25))
    with tenancy.acting(cast.tenant.id, hides_restricted=True):
        assert not Account.objects.filter(number="T-1").exists()
        done = intake.undo(batch, by=cast.raul, at=NOW + timedelta(minutes=1))
    assert done.status == "undone" and not Restriction.objects.exists()
