"""An agency reads what is of the accounts placed with it, also when its person owes to others."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.cast import NOW, TODAY

from recaudo.casework import services as casework
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, AccountParty
from recaudo.store import tenancy

ELSEWHERE = ("nota-de-otro-acreedor", "aclaracion-de-otro-acreedor", "suspension-de-otro-acreedor")


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def account(cast: Any) -> Account:
    """María's card, placed with Despacho Norte; she also holds Lucía's account, which is not, and of which there is a story."""
    mine, other, by = cast.accounts["maria"], cast.accounts["lucia"], cast.gabriel
    AccountParty.objects.filter(account=other, role="holder").update(person=cast.maria)
    Account.objects.filter(id=other.id).update(holder=cast.maria)
    other.refresh_from_db()
    portfolio.place_accounts(account_ids=[mine.id], agency=cast.agencies["NORTE"], team=None, from_on=TODAY, by=by, at=NOW)
    casework.add_note(person=cast.maria, account=other, text=ELSEWHERE[0], by=by, at=NOW)
    casework.open_dispute(person=cast.maria, account=other, kind="amount", text=ELSEWHERE[1], by=by, at=NOW)
    casework.open_hold(person=cast.maria, account=other, kind="legal", reason=ELSEWHERE[2], until_at=None, by=by, at=NOW)
    casework.add_note(person=cast.maria, account=mine, text="nota-de-la-cuenta", by=by, at=NOW)
    return mine


def page(user: Any, path: str) -> str:
    client = Client()
    with tenancy.acting(user.tenant_id):
        client.force_login(user, backend="recaudo.workforce.backends.StaffBackend")
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("tail", ["", "historia/"])
def test_an_agency_does_not_read_what_was_written_of_another_creditors_account(cast: Any, account: Account, tail: str) -> None:
    seen = page(cast.nadia, f"/cuentas/{account.id}/{tail}")
    assert "nota-de-la-cuenta" in seen
    assert not [text for text in ELSEWHERE if text in seen]


def test_the_organisation_reads_all_of_it(cast: Any, account: Account) -> None:
    seen = page(cast.gabriel, f"/cuentas/{account.id}/")
    assert not [text for text in ELSEWHERE if text not in seen]
