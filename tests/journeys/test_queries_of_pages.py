"""What a list page asks the database does not grow with what there is: at most twelve queries, few rows or many (RELIABILITY 40)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recaudo.casework.models import Action, Case, Wave
from recaudo.journal import services as journal
from recaudo.messaging.models import Message
from recaudo.portfolio.models import Account, Payment, Person
from recaudo.store import kept
from recaudo.store.keys import uuid7
from recaudo.store.tenancy import acting
from recaudo.workforce.models import User
from tests.cast import NOW, TODAY, Cast
from tests.contexts.flow.worlds import signed_in

MOST = 12
FRAME = ("SAVEPOINT", "RELEASE", "SELECT set_config", "SELECT current_setting", "BEGIN", "COMMIT")
LISTS = {
    "/bitacora/": "ignacio", "/bitacora/?name=payment.": "ignacio", "/pagos/": "raul", "/pagos/?status=reversed": "raul", "/pagos/?q=R1": "raul",
    "/envios/": "sofia", "/buzon/": "sofia", "/turno/": "sofia", "/turno/?ver=libres": "sofia", "/cola/": "ana", "/agenda/": "ana",
    "/usuarios/": "ignacio", "/cuentas/": "sofia", "/cargas/": "raul", "/jornadas/": "sofia",
}  # fmt: skip


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


def more(cast: Cast, begin: int, count: int) -> None:
    """So many more of everything that a list shows."""
    book = cast.accounts["maria"]
    with acting(cast.tenant.id):
        for number in range(begin, begin + count):
            person = Person.objects.create(name=f"Persona {number}", search_name=f"persona {number}", country="MX", zones=["America/Mexico_City"], created_at=NOW)
            account = Account.objects.create(
                creditor_id=book.creditor_id, portfolio_id=book.portfolio_id, number=f"Q{number}", holder=person, product="credit_card", currency="MXN",
                status="delinquent", bucket="B1", dpd=3, balance_minor=100, overdue_minor=100, created_at=NOW,
            )  # fmt: skip
            Case.objects.create(person=person, dpd_max=3, opened_at=NOW, next_at=NOW, created_at=NOW)
            Payment.objects.create(
                account=account, amount_minor=100, currency="MXN", paid_on=TODAY, external_id=f"q{number}", reference=f"R{number}",
                status="reversed" if number % 2 else "applied", created_at=NOW,
            )  # fmt: skip
            wave = Wave.objects.create(run_id=uuid7(), on=TODAY, channel="sms", action_count=1, created_at=NOW)
            action = Action.objects.create(
                person_id=person.id, account_id=account.id, channel="sms", status="planned", wave_id=wave.id, template=f"T{number}", planned_on=TODAY, created_at=NOW,
            )  # fmt: skip
            Message.objects.create(
                action_id=action.id, person_id=person.id, account_id=account.id, direction="in", channel="sms", provider="sandbox", to="+525511110000",
                to_hint="…0000", body="hola", status="received", reason="DG05", created_at=NOW,
            )  # fmt: skip
            user = User(tenant_id=cast.tenant.id, email=f"q{number}@valle.example", name=f"Quien {number}", roles=["call_agent"], created_at=NOW)
            user.set_unusable_password()
            user.save()
            journal.record("list.exported", by=user, at=NOW - timedelta(seconds=number), list="pagos", rows=number)


def asked(client: Any, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(path).status_code == 200, path
    return sum(not one["sql"].startswith(FRAME) for one in seen.captured_queries)


def test_a_list_asks_as_much_of_many_rows_as_of_few(cast: Cast) -> None:
    clients = {name: signed_in(cast.users[name]) for name in set(LISTS.values())}
    more(cast, 0, 3)
    few = {path: asked(clients[name], path) for path, name in LISTS.items()}
    more(cast, 3, 60)
    many = {path: asked(clients[name], path) for path, name in LISTS.items()}
    assert {path: (few[path], many[path]) for path in LISTS if many[path] > few[path]} == {}
    assert {path: count for path, count in many.items() if count > MOST} == {}


def test_a_dear_count_is_kept_for_who_asked_and_a_cheap_one_is_not(cast: Cast) -> None:
    made: list[int] = []

    def count(size: int) -> int:
        made.append(size)
        return size

    def ask(name: str, size: int) -> int:
        return kept.kept_when_large(name, lambda: count(size), size=lambda found: found, from_size=100, seconds=60)

    with acting(cast.tenant.id):
        assert [ask("small", 99), ask("small", 50), ask("large", 100), ask("large", 500)] == [99, 50, 100, 100]
    with acting(cast.other_tenant.id):
        assert ask("large", 500) == 500, "another organisation counts its own"
    with acting(cast.tenant.id, cast.agencies["NORTE"].id):
        assert ask("large", 300) == 300, "and so does an agency"
    assert made == [99, 50, 100, 500, 300]
