"""The programs' interface under anything a program may send: it never breaks, and says every error as problem+json (check 20).

Cases come from the schema the product publishes (schemathesis), right and wrong ones; the seed is fixed, so that a failing case returns.
RECAUDO_FUZZ_CASES sets how many in all; a soak run asks for 20,000.
"""

from __future__ import annotations

import json
import os
import threading
from typing import Any

import psycopg
import pytest
import schemathesis
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from tests.cast import _user, make_cast

from recaudo.portfolio.models import Payment
from recaudo.store import tenancy

CASES = int(os.environ.get("RECAUDO_FUZZ_CASES", "1000"))
BODY = {"amount_minor": 100_000, "currency": "MXN", "paid_on": "2026-11-20", "reference": "R"}


@pytest.fixture
def program(db: Any) -> Any:
    """A program of the bank, signed in; and an account for it to ask for."""
    cast = make_cast()
    with tenancy.acting(cast.tenant.id):
        user = _user(cast.tenant.id, "programa", "Sistema del banco", ["integrator"])
    client = Client(raise_request_exception=False)
    with tenancy.identifying():
        client.force_login(user, backend="recaudo.workforce.backends.StaffBackend")
    client.account_id = str(cast.accounts["maria"].id)
    client.tenant_id = cast.tenant.id
    return client


def operations(client: Client) -> list[Any]:
    document = json.loads(client.get("/api/openapi.json").content)
    document.pop("servers", None)
    schema = schemathesis.openapi.from_dict(document)
    return [found.ok() for found in schema.get_all_operations()]


def send(client: Client, case: Any) -> Any:
    """One case over Django's test client: the same path that a request takes, without a socket."""
    path = case.formatted_path
    if not path.startswith("/api"):
        path = "/api" + path
    headers = {str(key): _latin(str(value)) for key, value in dict(case.headers or {}).items()}
    query = {str(key): value for key, value in dict(case.query or {}).items()}
    body = case.body
    if type(body).__name__ == "NotSet":
        raw, kind = b"", "application/json"
    elif isinstance(body, bytes):
        raw, kind = body, case.media_type or "application/json"
    else:
        raw, kind = json.dumps(body, default=str).encode("utf-8", "surrogatepass"), case.media_type or "application/json"
    return client.generic(case.method.upper(), path, raw, content_type=kind, query_params=query, headers=headers)


def _latin(text: str) -> str:
    # A header travels as Latin-1, without line ends: what cannot, no server would pass on.
    return text.encode("latin-1", "replace").decode("latin-1").replace("\n", " ").replace("\r", " ").replace("\x00", "")


def broken(answer: Any, what: str) -> str:
    """Empty, or what is wrong with an answer."""
    if answer.status_code >= 500:
        return f"{what}: {answer.status_code}"
    if answer.status_code >= 400:
        if answer["Content-Type"] != "application/problem+json":
            return f"{what}: {answer.status_code} as {answer['Content-Type']}"
        told = json.loads(answer.content)
        if not {"type", "title", "status"} <= told.keys() or told["status"] != answer.status_code:
            return f"{what}: {told}"
    return ""


@pytest.mark.parametrize("mode", ["right", "wrong"])
def test_nothing_that_a_program_sends_breaks_the_interface(mode: str, program: Client) -> None:
    found = operations(program)
    assert len(found) >= 4, "the schema names no operations"
    how = GenerationMode.POSITIVE if mode == "right" else GenerationMode.NEGATIVE
    wrong: list[str] = []
    statuses: dict[int, int] = {}
    for operation in found:
        try:
            strategy = operation.as_strategy(generation_mode=how)
        except Exception:  # an operation without parameters has no wrong form
            continue

        @seed(7)
        @settings(
            max_examples=max(CASES // (2 * len(found)), 5), deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=strategy)
        def check(case: Any) -> None:
            answer = send(program, case)
            statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
            if said := broken(answer, f"{case.method} {case.formatted_path} {dict(case.query or {})} {str(case.body)[:200]}"):
                wrong.append(said)

        try:
            check()
        except Exception as error:
            if type(error).__name__ not in {"Unsatisfiable", "SkipTest"}:
                raise
    assert not wrong, f"{len(wrong)} of {sum(statuses.values())}: " + "\n".join(wrong[:10])
    assert sum(statuses.values()) >= CASES // 8, statuses
    print(f"{mode}: {statuses}")


HOSTILE = ["", "\x00", "%00", "é" * 5000, "'; DROP TABLE portfolio_account; --", "{{7*7}}", "-1", "1e309", "NaN", "\ud800", "0x10", "a" * 100_000]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_in_every_place_is_an_error_of_the_caller(text: str, program: Client) -> None:
    wrong = []
    plain = text.encode("utf-8", "replace").decode()
    for name in ("number", "portfolio_id", "stage", "bucket", "status", "after", "limit"):
        wrong.append(broken(program.get("/api/accounts", {name: plain}), name))
    for name in (*BODY, "account_id", "method"):
        raw = json.dumps(BODY | {name: text})
        wrong.append(broken(program.post("/api/payments", raw, content_type="application/json", headers={"Idempotency-Key": "k"}), name))
    for raw in (text.encode("utf-8", "surrogatepass"), b"[" * 10_000, b'{"amount_minor": ' + b"9" * 5000 + b"}"):
        wrong.append(broken(program.post("/api/payments", raw, content_type="application/json", headers={"Idempotency-Key": "k"}), "raw"))
    assert not list(filter(None, wrong))


@pytest.mark.parametrize("path", ["/api/nada", "/api/accounts/x", "/api/", "/api/accounts/00000000-0000-7000-8000-000000000000", "/api/payments"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_wrong_way_in_is_told_as_a_problem_too(method: str, path: str, program: Client) -> None:
    assert not broken(program.generic(method, path, b"{}", content_type="application/json"), f"{method} {path}")


def test_one_key_under_many_hands_is_one_payment_and_one_answer(own_database: dict[str, Any]) -> None:
    """Check 38: fifty at once with the same key get the same bytes; another body under the key is refused."""
    cast = make_cast()
    with tenancy.acting(cast.tenant.id):
        user = _user(cast.tenant.id, "programa", "Sistema del banco", ["integrator"])
    client = Client(raise_request_exception=False)
    with tenancy.identifying():
        client.force_login(user, backend="recaudo.workforce.backends.StaffBackend")
    body = json.dumps(BODY | {"account_id": str(cast.accounts["maria"].id)})
    answers: list[tuple[int, bytes]] = []

    def report() -> None:
        mine = Client(raise_request_exception=False)
        mine.cookies = client.cookies
        for _ in range(5):
            got = mine.post("/api/payments", body, content_type="application/json", headers={"Idempotency-Key": "abono-1"})
            answers.append((got.status_code, got.content))
        connection.close()

    hands = [threading.Thread(target=report) for _ in range(10)]
    [hand.start() for hand in hands]
    [hand.join() for hand in hands]
    assert len(answers) == 50 and set(answers) == {answers[0]} and answers[0][0] == 201
    other = client.post("/api/payments", json.dumps(json.loads(body) | {"amount_minor": 1}), content_type="application/json",
                        headers={"Idempotency-Key": "abono-1"})  # fmt: skip
    assert other.status_code == 422
    with tenancy.acting(cast.tenant.id):
        assert Payment.objects.count() == 1
    # The key is the organisation's: another one may use the same word.
    with psycopg.connect(**own_database["admin"]) as admin:
        assert admin.execute("SELECT count(*) FROM portfolio_payment").fetchone() == (1,)
