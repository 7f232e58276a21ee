"""The strategy that the product ships: it compiles, leaves nobody out and gives a reason for everything."""

from __future__ import annotations

import itertools
from importlib import resources

import duckdb
import pyarrow as pa
import pytest

from recaudo.engine import decide, facts
from recaudo.kernel.contact import Channel

CODES = {
    "treatment": {"REMIND_SMS", "REMIND_EMAIL", "CALL_AGENT", "CALL_PRIORITY", "EMAIL_STATEMENT", "WHATSAPP_SOFT", "VISIT", "AGENCY",
                  "LEGAL_REVIEW", "REST", "HOLD"},
    "channel": {*map(str, Channel), "none"},
    "fallback_channel": {*map(str, Channel), "none"},
    "template": {"none", "recordatorio_previo", "recordatorio_dia1", "aviso_mora_temprana", "aviso_mora_media", "aviso_mora_tardia",
                 "invitacion_convenio", "recordatorio_promesa", "estado_factura"},
    "offer": {"none", "prompt_payment", "plan", "settlement"},
}  # fmt: skip

BASE: dict[str, object] = {
    "stage": "early", "kind": "consumer", "dpd": 12, "days_to_due": None, "overdue_usd_minor": 20_000, "instalments_overdue": 1,
    "months_on_book": 20, "days_since_payment": 40, "payments_90d_count": 1, "promise_active": False, "promises_broken_90d": 0,
    "last_outcome": None, "days_since_contact": 9, "attempts_7d": 1, "contacts_30d": 1, "hold_active": False, "dispute_active": False,
    "has_phone": True, "has_email": True, "has_im": True, "has_address": True, "contact_quality": 0.8, "worst_status_6m": 1,
    "risk_score": 400, "utilisation": 0.5, "accounts_of_person": 1, "person_overdue_usd_minor": 20_000, "person_dpd_max": 12,
    "placed_with_agency": False, "acceptance": None,
}  # fmt: skip


@pytest.fixture(scope="module")
def model() -> decide.Model:
    return decide.read((resources.files("recaudo.strategy") / "defaults" / "collections.dmn").read_bytes())


def test_it_has_no_findings_against_the_facts_dictionary(model: decide.Model) -> None:
    assert decide.check(model, facts.types()) == []


def test_every_rule_gives_a_reason_in_words(model: decide.Model) -> None:
    for decision in model.decisions:
        assert decision.table is not None
        for rule in decision.table.rules:
            assert rule.annotation.endswith("."), (decision.name, rule.number)


def test_nobody_is_left_out_and_every_code_is_known(model: decide.Model) -> None:
    table = many_accounts()
    compiled = decide.compile(model, facts.types())
    with duckdb.connect() as connection:
        decided = decide.run(compiled, table, connection)
    for name, known in CODES.items():
        found = set(decided.column(name).to_pylist())
        assert found <= known, name
        assert len(found) > 2
    for column in compiled.columns:
        assert decided.column(column.name).null_count == 0, column.name
    assert decide.verify(compiled, table, decided, sample=300) == 300


def test_who_is_not_contacted_has_no_channel_and_no_message(model: decide.Model) -> None:
    with duckdb.connect() as connection:
        rows = decide.run(decide.compile(model, facts.types()), many_accounts(), connection).to_pylist()
    resting = [row for row in rows if row["treatment"] in ("HOLD", "REST", "AGENCY", "LEGAL_REVIEW")]
    assert resting
    assert {(row["channel"], row["fallback_channel"], row["template"]) for row in resting} == {("none", "none", "none")}
    for row in rows:
        assert row["channel"] == "none" or row["channel"] != row["fallback_channel"]


@pytest.mark.parametrize(
    ("change", "treatment"),
    [
        ({"hold_active": True}, "HOLD"),
        ({"dispute_active": True}, "HOLD"),
        ({"promise_active": True, "days_since_contact": 2}, "REST"),
        ({"promise_active": True, "attempts_7d": 0}, "WHATSAPP_SOFT"),
        ({"placed_with_agency": True}, "AGENCY"),
        ({"attempts_7d": 7}, "REST"),
        ({"stage": "preventive", "dpd": 0, "days_to_due": 2}, "REMIND_EMAIL"),
        ({"dpd": 2}, "REMIND_SMS"),
        ({"stage": "late", "dpd": 130}, "CALL_AGENT"),
        (
            {"stage": "written_off", "dpd": 400, "overdue_usd_minor": 1000, "person_overdue_usd_minor": 1000},
            "REMIND_EMAIL",
        ),
        ({"kind": "commercial", "overdue_usd_minor": 900_000}, "CALL_PRIORITY"),
        ({"last_outcome": "NG07"}, "LEGAL_REVIEW"),
    ],
)
def test_a_case_gets_its_treatment(model: decide.Model, change: dict[str, object], treatment: str) -> None:
    found = decide.evaluate(model, {**BASE, **change})
    assert found.outputs["treatment"] == treatment
    assert found.decision("treatment").reason


def test_the_worst_payer_is_served_first(model: decide.Model) -> None:
    worst = {**BASE, "worst_status_6m": 5, "promises_broken_90d": 2, "payments_90d_count": 0}
    assert decide.evaluate(model, worst).outputs["priority"] > decide.evaluate(model, BASE).outputs["priority"]


def test_nothing_is_known_of_an_account_and_it_still_gets_an_answer(model: decide.Model) -> None:
    found = decide.evaluate(model, {"stage": "early"}).outputs
    assert found["treatment"] in CODES["treatment"]
    assert found["channel"] == "none"
    assert isinstance(found["priority"], int)


def many_accounts() -> pa.Table:
    """Combinations of the values that the tables speak of, most others at their base, and some nulls."""
    rows = [
        {**BASE, "stage": stage, "kind": kind, "dpd": dpd, "risk_score": score, "overdue_usd_minor": amount, **extra}
        for stage, kind, dpd, score, amount, extra in itertools.product(
            ["preventive", "early", "middle", "late", "written_off"], ["consumer", "commercial"], [0, 4, 29, 160],
            [None, 100, 900], [None, 1_000, 600_000],
            [
                {}, {"days_since_contact": None}, {"days_since_contact": 60}, {"hold_active": True}, {"promise_active": True},
                {"has_phone": False, "has_im": False}, {"has_phone": False, "has_im": False, "has_email": False},
                {"has_address": False, "has_phone": False, "has_im": False, "has_email": False, "contact_quality": None},
                {"has_email": False, "has_im": False}, {"last_outcome": "NG05"}, {"days_to_due": 1}, {"acceptance": "rejected"},
                {"promises_broken_90d": 3, "attempts_7d": 2}, {"placed_with_agency": True}, {"contact_quality": 0.1, "has_im": False},
            ],
        )
    ]  # fmt: skip
    schema = pa.schema([field for field in facts.arrow_schema() if field.name in BASE])
    return pa.Table.from_pylist(rows, schema).append_column(
        "account_id", pa.array([str(place) for place in range(len(rows))])
    )
