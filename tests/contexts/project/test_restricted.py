"""Restricted persons (employees, VIP, in litigation) are not there for who may not see them, whichever door is tried.

What hides them is one filter in the database; each test here is red without it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.cast import NOW, TODAY
from tests.contexts.casework.scenes import authorise, plan

from recaudo.casework import services as casework
from recaudo.casework.models import Action, Case
from recaudo.journal.models import Event
from recaudo.kernel.permissions import ROLES
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, AccountParty, ContactPoint, Person, PersonMerge, Restriction
from recaudo.store import tenancy

# Tables that name a person or an account and stay in sight, and why.
IN_SIGHT = {
    "portfolio_accountparty": "ids and roles, which the filter of agencies reads; account and person are hidden",
    "portfolio_placement": "ids and days, which the filter of agencies reads; the account is hidden",
    "portfolio_restriction": "the list that the filter reads; its pages ask for restricted.view",
    "portfolio_quarantine": "keeps a value away from everybody, whoever it was said about; shows its last digits",
    "portfolio_quarantinerelease": "read where a value is judged for the whole organisation",
    "strategy_experimentmember": "ids drawn by lot, written by who starts an experiment for everybody",
}


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def maria(cast: Any) -> Account:
    """María works for the house: restricted by its manager."""
    portfolio.restrict_person(person=cast.maria, level="employee", reason="Trabaja en la casa", by=cast.gabriel, at=NOW)
    account: Account = cast.accounts["maria"]
    return account


def enter(user: Any) -> Client:
    client = Client()
    with tenancy.acting(user.tenant_id):
        client.force_login(user, backend="recaudo.workforce.backends.StaffBackend")
    return client


def test_every_table_with_a_person_or_an_account_has_the_filter(db: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'restricted' AND NOT p.polpermissive)"
            " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public' WHERE c.relkind IN ('r', 'p')"
            " AND NOT c.relispartition AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped"
            " AND a.attname IN ('person_id', 'account_id', 'holder_id', 'kept_id', 'merged_id'))"
        )
        found = dict(cursor.fetchall())
    assert len(found) > 25
    assert {table for table, is_hidden in found.items() if not is_hidden} == set(IN_SIGHT)


ADDRESSES = (
    ("desk:account", "account"), ("desk:history", "account"), ("desk:rest", "account"), ("desk:prescription", "account"), ("flow:why", "account"),
    ("portfolio:account-documents", "account"), ("portfolio:person-contact-points", "person"), ("portfolio:person-consents", "person"),
    ("portfolio:person-preferences", "person"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "of"), ADDRESSES)
def test_an_address_that_is_known_is_answered_as_one_of_nothing(cast: Any, maria: Account, name: str, of: str) -> None:
    client, theirs = enter(cast.sofia), maria.id if of == "account" else maria.holder_id
    known, nothing = (client.get(reverse(name, args=[one])) for one in (theirs, UUID(int=7)))
    assert (known.status_code, nothing.status_code) == (404, 404)
    assert enter(cast.gabriel).get(reverse(name, args=[theirs])).status_code == 200


def test_lists_search_and_exports_leave_them_out(cast: Any, maria: Account) -> None:
    client = enter(cast.sofia)
    for path in ("/cuentas/", "/cuentas/?q=CTA-MARIA", "/cuentas/?q=maria lopez", "/cuentas/?q=REFMARIA", "/cuentas/?q=%2B525512345678"):
        assert "María López" not in client.get(path).content.decode(), path
    told = b"".join(client.get("/cuentas/exportar/?formato=csv").streaming_content).decode()  # type: ignore[arg-type]
    assert "CTA-PEDRO" in told and "CTA-MARIA" not in told


def test_who_has_the_right_sees_and_finds_them(cast: Any, maria: Account) -> None:
    client = enter(cast.gabriel)
    assert client.get(f"/cuentas/{maria.id}/").status_code == 200
    assert "María López" in client.get("/cuentas/?q=CTA-MARIA").content.decode()
    assert "Trabaja en la casa" in client.get("/reservadas/").content.decode()


def test_programs_do_not_see_them_either(cast: Any, maria: Account) -> None:
    cast.raul.roles = ["integrator"]
    cast.raul.save(update_fields=["roles"])
    client = enter(cast.raul)
    listed = client.get("/api/accounts").content.decode()
    assert "CTA-PEDRO" in listed and "CTA-MARIA" not in listed
    assert client.get(f"/api/accounts/{maria.id}").status_code == 404


def test_their_work_goes_only_to_who_may_see_them(cast: Any, maria: Account) -> None:
    authorise(cast, "esquina", "call")
    first = plan(cast, "maria", by=cast.gabriel, priority=90)
    second = plan(cast, "esquina", by=cast.gabriel, priority=10)
    with tenancy.acting(cast.tenant.id, hides_restricted=True):
        assert casework.take_next(by=cast.ana, at=NOW).action == second
        assert not Action.objects.filter(id=first.id).exists() and not Case.objects.filter(person=cast.maria).exists()
    cast.beto.roles = ["call_agent", "restricted_access"]
    assert cast.beto.may("restricted.view")
    with tenancy.acting(cast.tenant.id, hides_restricted=not cast.beto.may("restricted.view")):
        assert casework.take_next(by=cast.beto, at=NOW).action == first


def test_a_call_to_who_answers_for_their_debt_is_not_given_out_but_counts(cast: Any, maria: Account) -> None:
    AccountParty.objects.create(account=maria, person=cast.pedro, role="co_debtor", created_at=NOW)
    planned = plan(cast, "pedro", by=cast.gabriel, priority=50)
    Action.objects.filter(id=planned.id).update(account_id=maria.id)
    with tenancy.acting(cast.tenant.id, hides_restricted=True):
        assert casework.take_next(by=cast.ana, at=NOW) is None
        # The gate counts every contact with Pedro, also about what the agent may not see.
        assert Action.objects.filter(id=planned.id).exists()
        assert not Account.objects.filter(id=maria.id).exists()
    assert casework.take_next(by=cast.gabriel, at=NOW).action.id == planned.id


def test_an_agency_does_not_see_them_though_they_are_placed_with_it(cast: Any, maria: Account) -> None:
    portfolio.place_accounts(account_ids=[maria.id], agency=cast.agencies["NORTE"], team=None, from_on=TODAY, by=cast.gabriel, at=NOW)
    assert enter(cast.nadia).get(f"/cuentas/{maria.id}/").status_code == 404


def test_the_organisation_itself_still_decides_them(cast: Any, maria: Account) -> None:
    """The day, the worker and the reactions act for the house, also inside the request of who sees less."""
    with tenancy.acting(cast.tenant.id, hides_restricted=True):
        assert not Person.objects.filter(id=cast.maria.id).exists()
        with tenancy.acting(cast.tenant.id):
            assert Person.objects.filter(id=cast.maria.id).exists()
        assert not ContactPoint.objects.filter(person_id=cast.maria.id).exists()
    assert casework.review_cases(on=cast.today, by=cast.gabriel, at=NOW).opened == 3


def test_a_restriction_is_set_changed_and_lifted_by_who_may_and_each_is_told(cast: Any) -> None:
    path = f"/personas/{cast.maria.id}/reserva/"
    assert enter(cast.sofia).get(path).status_code == 403 and enter(cast.sofia).post(path, {"level": "vip", "reason": "x"}).status_code == 403
    client = enter(cast.carmen)
    assert "escriba" in client.post(path, {"level": "vip", "reason": "  "}).content.decode().lower() or not Restriction.objects.exists()
    client.post(path, {"level": "vip", "reason": "Cargo público"})
    client.post(path, {"level": "litigious", "reason": "Demandó a la casa"})
    assert Restriction.objects.values_list("level", "reason", "by_name").get() == ("litigious", "Demandó a la casa", "Carmen Lara")
    assert client.post(f"{path}quitar/", {"reason": ""}).status_code == 200 and Restriction.objects.exists()
    client.post(f"{path}quitar/", {"reason": "Terminó el juicio"})
    assert not Restriction.objects.exists()
    told = Event.objects.filter(subject_id=cast.maria.id, name__startswith="restriction").order_by("created_at", "id")
    assert [(one.name, one.detail["level"]) for one in told] == [
        ("restriction.set", "vip"), ("restriction.set", "litigious"), ("restriction.lifted", "litigious")
    ]  # fmt: skip


def test_an_auditor_reads_and_does_not_restrict(cast: Any, maria: Account) -> None:
    cast.raul.roles = ["auditor"]
    cast.raul.save(update_fields=["roles"])
    client = enter(cast.raul)
    assert client.get(f"/personas/{cast.maria.id}/reserva/").status_code == 200
    assert client.post(f"/personas/{cast.maria.id}/reserva/", {"level": "vip", "reason": "x"}).status_code == 403


def test_a_level_nobody_knows_says_so(cast: Any) -> None:
    with pytest.raises(portfolio.BadRestriction, match="empleado, VIP o en litigio"):
        portfolio.restrict_person(person=cast.maria, level="famous", reason="x", by=cast.gabriel, at=NOW)
    with pytest.raises(portfolio.BadRestriction, match="motivo"):
        portfolio.restrict_person(person=cast.maria, level="vip", reason=" ", by=cast.gabriel, at=NOW)


def test_a_record_joined_to_another_takes_its_restriction_along_and_back(cast: Any, maria: Account) -> None:
    portfolio.merge_persons(kept=cast.lucia, merged=cast.maria, reason="Misma persona", by=cast.gabriel, at=NOW)
    assert Restriction.objects.get().person_id == cast.lucia.id
    portfolio.unmerge_persons(PersonMerge.objects.get(), by=cast.gabriel, at=NOW + timedelta(minutes=1))
    assert Restriction.objects.get().person_id == cast.maria.id


def test_no_agencys_role_sees_restricted_persons() -> None:
    assert not [role.code for role in ROLES.values() if role.is_agency and "restricted.view" in role.permissions]
