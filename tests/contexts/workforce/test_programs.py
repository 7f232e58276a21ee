"""Programs: a token signs in one person of the staff on the programs' interface, and nowhere else."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from tests.cast import _user, make_cast

from recaudo.journal.models import Event
from recaudo.kernel.permissions import ROLES
from recaudo.portfolio.models import Payment
from recaudo.store import tenancy
from recaudo.workforce import services
from recaudo.workforce.models import ApiAnswer, ApiToken


@pytest.fixture
def system(cast):
    return _user(cast.tenant.id, "banco", "Sistema del banco", ["integrator"])


@pytest.fixture
def issued(cast, system):
    return services.issue_token(system, name="Banco", days=30, by=cast.gabriel, at=timezone.now())


def ask(secret, path="/api/accounts", **more):
    return Client(enforce_csrf_checks=True).get(path, headers={"Authorization": f"Bearer {secret}"}, **more)


def pay(secret, cast, key="k", amount=50_000):
    body = {"account_id": str(cast.accounts["maria"].id), "amount_minor": amount, "currency": "MXN", "paid_on": "2026-11-20"}
    return Client(enforce_csrf_checks=True).post(
        "/api/payments", json.dumps(body), content_type="application/json",
        headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": key},
    )  # fmt: skip


def test_a_token_reads_and_reports_without_session_or_forgery_token(cast, issued):
    answer = ask(issued[1])
    assert answer.status_code == 200
    assert len(answer.json()["items"]) == 4
    assert not answer.cookies
    assert pay(issued[1], cast).status_code == 201
    assert Event.objects.filter(name="payment.applied", by_id=issued[0].user_id).exists()


def test_a_token_opens_no_page(cast, issued):
    for path in ("/", "/cuentas/", "/usuarios/"):
        assert ask(issued[1], path).status_code in {302, 404}


def test_a_token_grants_what_the_integrator_may_and_nothing_of_its_users_other_roles(cast, system):
    services.change_user(system, name="Sistema del banco", roles=["integrator", "collections_manager"], by=cast.gabriel, at=timezone.now())
    system.refresh_from_db()
    assert system.may("person.edit")
    _, secret = services.issue_token(system, name="Banco", days=30, by=cast.gabriel, at=timezone.now())
    signed_in = services.program_of(secret, at=timezone.now())
    assert signed_in.permissions == ROLES["integrator"].permissions
    assert ask(secret).status_code == 200
    system.refresh_from_db()
    assert set(system.roles) == {"integrator", "collections_manager"}, "cut for the request, not for good"


def test_who_comes_back_is_not_followed_by_their_old_tokens(cast, issued, system):
    services.deactivate_user(system, by=cast.gabriel, at=timezone.now())
    services.reactivate_user(system, by=cast.gabriel, at=timezone.now())
    assert ask(issued[1]).status_code == 401


@pytest.mark.parametrize("how", ["unknown", "expired", "revoked", "out", "no role", "empty"])
def test_a_token_that_does_not_count_is_refused_the_same_way(cast, issued, system, how):
    token, secret = issued
    if how == "unknown":
        secret = secret[:-1] + ("a" if secret[-1] != "a" else "b")
    elif how == "expired":
        ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif how == "revoked":
        services.revoke_token(token, by=cast.gabriel, at=timezone.now())
    elif how == "out":
        services.deactivate_user(system, by=cast.gabriel, at=timezone.now())
    elif how == "no role":
        services.change_user(system, name="x", roles=["executive"], by=cast.gabriel, at=timezone.now())
    else:
        secret = ""
    answer = ask(secret)
    assert (answer.status_code, answer["Content-Type"]) == ((403 if how == "no role" else 401), "application/problem+json")


def test_only_the_hash_is_kept_and_nothing_shows_the_token_again(cast, issued, client):
    token, secret = issued
    assert secret.encode() not in bytes(ApiToken.objects.get().token_hash)
    assert secret not in json.dumps([event.detail for event in Event.objects.all()])
    administrator = _user(cast.tenant.id, "jefa", "Jefa", ["tenant_admin"])
    client.force_login(administrator, backend="recaudo.workforce.backends.StaffBackend")
    page = client.get(f"/usuarios/{token.user_id}/").content.decode()
    assert "Banco" in page
    assert secret not in page


def test_an_administrator_issues_and_revokes(cast, system, client):
    client.force_login(_user(cast.tenant.id, "jefa", "Jefa", ["tenant_admin"]), backend="recaudo.workforce.backends.StaffBackend")
    shown = client.post(f"/usuarios/{system.id}/fichas/", {"name": "Banco", "days": "30"}).content.decode()
    secret = "rcd_" + shown.split('value="rcd_')[1].split('"')[0]
    assert ask(secret).status_code == 200
    client.post(f"/usuarios/fichas/{ApiToken.objects.get().id}/revocar/")
    assert ask(secret).status_code == 401
    assert [event.name for event in Event.objects.filter(name__startswith="token.").order_by("created_at", "id")] == ["token.issued", "token.revoked"]


def test_only_the_integrator_has_tokens_and_only_for_a_while(cast, system):
    with pytest.raises(services.NotAProgram):
        services.issue_token(cast.ana, name="x", days=30, by=cast.gabriel, at=cast.now)
    for days in (0, 367):
        with pytest.raises(services.programs.WrongExpiry):
            services.issue_token(system, name="x", days=days, by=cast.gabriel, at=cast.now)


def test_old_answers_are_forgotten_and_recent_ones_kept(cast, issued):
    pay(issued[1], cast)
    assert services.forget_answers(at=timezone.now() + timedelta(days=6)) == 0
    assert services.forget_answers(at=timezone.now() + timedelta(days=8)) == 1
    assert not ApiAnswer.objects.exists()


@pytest.fixture
def committed(own_database):
    return make_cast()


def test_fifty_requests_at_once_under_one_key_are_one_payment_with_one_answer(committed):
    with tenancy.acting(committed.tenant.id):
        system = _user(committed.tenant.id, "banco", "Sistema del banco", ["integrator"])
        _, secret = services.issue_token(system, name="Banco", days=30, by=committed.gabriel, at=timezone.now())
    connection.close()

    def one(_):
        try:
            answer = pay(secret, committed)
            return answer.status_code, answer.content
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(one, range(50)))
    assert len(answers) == 50
    assert len(set(answers)) == 1
    assert answers[0][0] == 201
    with tenancy.acting(committed.tenant.id):
        assert Payment.objects.count() == 1
