"""The programs' interface: who may use it, problem+json, idempotency."""

from __future__ import annotations

import json

import pytest
from tests.cast import _user

from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Payment
from recaudo.store import tenancy


@pytest.fixture
def program(cast, client):
    user = _user(cast.tenant.id, "programa", "Sistema del banco", ["integrator"])
    client.force_login(user, backend="recaudo.workforce.backends.StaffBackend")
    return client


def report(client, body, key="bank-1"):
    headers = {"Idempotency-Key": key} if key is not None else {}
    return client.post("/api/payments", json.dumps(body), content_type="application/json", headers=headers)


@pytest.fixture
def body(cast):
    return {"account_id": str(cast.accounts["maria"].id), "amount_minor": 100_000, "currency": "MXN", "paid_on": "2026-11-20", "reference": "R"}


def test_a_payment_is_taken_and_told_again_the_same(cast, program, body):
    first, again = report(program, body), report(program, body)
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert first.json()["received_as"] == "applied"
    assert Payment.objects.count() == 1
    portfolio.reverse_payment(Payment.objects.get(), reason="x", by=cast.gabriel, at=cast.now)
    assert report(program, body).content == first.content


@pytest.mark.parametrize("change", [{"amount_minor": 1}, {"paid_on": "2026-11-19"}, {"reference": "S"}, {"account_id": None}], ids=str)
def test_another_body_under_the_same_key_is_refused(cast, program, body, change):
    report(program, body)
    answer = report(program, body | change)
    assert (answer.status_code, answer.json()["type"]) == (422, "idempotency_key_reused")
    assert Payment.objects.count() == 1


def test_a_refused_request_does_not_use_its_key_up(cast, program, body):
    assert report(program, body | {"currency": "ZZZ"}).status_code == 422
    assert report(program, body).status_code == 201


def test_the_number_of_the_bank_is_taken_once_under_whatever_key(cast, program, body):
    first, again = report(program, body | {"external_id": "BCO-9"}, "a"), report(program, body | {"external_id": "BCO-9"}, "b")
    assert first.json()["id"] == again.json()["id"]
    assert report(program, body | {"external_id": "BCO-9", "amount_minor": 5}, "c").json()["type"] == "payment_differs"
    assert Payment.objects.count() == 1


def test_two_programs_may_use_the_same_key(cast, client, body):
    for name, amount in (("uno", 100_000), ("dos", 70_000)):
        client.force_login(_user(cast.tenant.id, name, name, ["integrator"]), backend="recaudo.workforce.backends.StaffBackend")
        assert report(client, body | {"amount_minor": amount}).status_code == 201
    assert Payment.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "key", "status"),
    [({"amount_minor": 0}, "k", 422), ({"amount_minor": 10**18}, "k", 422), ({"amount_minor": "x"}, "k", 422), ({"currency": "ZZZ"}, "k", 422),
     ({"paid_on": "2026-13-01"}, "k", 422), ({"paid_on": "2999-01-01"}, "k", 422), ({"reference": "\x00"}, "k", 422), ({}, None, 422),
     ({}, "k" * 81, 422), ({"account_id": "00000000-0000-7000-8000-000000000000"}, "k", 404), ({"account_id": "nada"}, "k", 422)],
)  # fmt: skip
def test_every_error_is_problem_json_in_spanish_and_leaves_nothing(cast, program, body, change, key, status):
    answer = report(program, body | change, key)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status"} <= answer.json().keys()
    assert not Payment.objects.exists()


def test_a_body_that_is_no_json_is_told_so(cast, program):
    answer = program.post("/api/payments", "{", content_type="application/json", headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_accounts_are_read_page_by_page(cast, program):
    seen, after = [], ""
    while after is not None:
        page = program.get("/api/accounts", {"limit": 3, **({"after": after} if after else {})}).json()
        seen += [item["number"] for item in page["items"]]
        after = page["next"]
    assert sorted(seen) == ["CTA-ESQUINA", "CTA-LUCIA", "CTA-MARIA", "CTA-PEDRO"]
    assert [i["number"] for i in program.get("/api/accounts", {"bucket": "B2"}).json()["items"]] == ["CTA-MARIA"]
    assert program.get("/api/accounts", {"limit": 501}).status_code == 422


def test_one_account_has_its_instalments_and_no_personal_data(cast, program):
    answer = program.get(f"/api/accounts/{cast.accounts['maria'].id}")
    assert [item["amount_minor"] for item in answer.json()["instalments"]] == [250_000, 1_000_000]
    assert "María" not in answer.content.decode()


def test_portfolios_come_with_their_figures(cast, program):
    rows = {row["code"]: row for row in program.get("/api/portfolios").json()}
    assert rows["credit_card-MX"]["balance_minor"] == 1_550_000
    assert rows["credit_card-MX"]["par30"] == pytest.approx(1_250_000 / 1_550_000)


def test_without_signing_in_nothing_is_told(cast, client, body):
    for path in ("/api/accounts", "/api/portfolios", f"/api/accounts/{cast.accounts['maria'].id}"):
        answer = client.get(path)
        assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert report(client, body).status_code in {401, 403}
    assert client.get("/api/openapi.json").status_code == 302


def test_the_description_is_for_those_who_may_use_the_interface(cast, program):
    assert "/api/payments" in program.get("/api/openapi.json").json()["paths"]
    program.force_login(cast.ana, backend="recaudo.workforce.backends.StaffBackend")
    assert program.get("/api/openapi.json").status_code == 403


@pytest.mark.parametrize("who", ["ana", "gabriel", "nadia"])
def test_the_interface_is_for_those_whose_role_has_it(cast, client, body, who):
    client.force_login(cast.users[who], backend="recaudo.workforce.backends.StaffBackend")
    assert client.get("/api/accounts").status_code == 403
    assert report(client, body).status_code == 403
    assert not Payment.objects.exists()


def test_another_tenant_is_out_of_reach(cast, client, body):
    with tenancy.acting(cast.other_tenant.id):
        user = _user(cast.other_tenant.id, "ajeno", "Sistema ajeno", ["integrator"])
        client.force_login(user, backend="recaudo.workforce.backends.StaffBackend")
        assert client.get("/api/accounts").json()["items"] == []
        theirs = client.get(f"/api/accounts/{cast.accounts['maria'].id}")
        nobodys = client.get("/api/accounts/00000000-0000-7000-8000-000000000000")
        assert (theirs.status_code, theirs.content) == (404, nobodys.content)
        assert report(client, body).status_code == 404


def test_writing_needs_the_forgery_token(cast, body):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(_user(cast.tenant.id, "programa", "Sistema", ["integrator"]), backend="recaudo.workforce.backends.StaffBackend")
    assert report(strict, body).status_code == 403
    assert not Payment.objects.exists()


def test_reading_takes_few_queries(cast, program, django_assert_max_num_queries):
    with django_assert_max_num_queries(16):  # with the session, the user, the tenant and the settings of the transaction
        program.get("/api/accounts")
