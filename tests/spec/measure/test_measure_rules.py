"""What holds for every KPI: currencies stay apart, zero denominators give nothing, missing data is said, sums are exact."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recaudo.engine import measure
from recaudo.engine.measure import KPIS, TABLES, CutNotPossible, Params, UnknownKpi, compute, migration_matrix

BUCKETS = ["CUR", "B1", "B2", "B3", "B4", "B5", "B6", "WO"]


def table(name: str, *rows: dict) -> pa.Table:
    return pa.Table.from_pylist(list(rows), TABLES[name])


def account(key: str, **more) -> dict:
    return {"account_id": key, "person_id": key, "currency": "MXN", "bucket0": "B1", "bucket1": "B1", "bal0_minor": 100, "bal1_minor": 100, "tot1_minor": 100, "dpd1": 10, "entered": False, **more}


def test_currencies_are_never_added():
    tables = {"accounts": table("accounts", account("a"), account("b", currency="CLP")), "payments": table("payments", {"account_id": "a", "amount_minor": 10}, {"account_id": "b", "amount_minor": 50})}
    assert {row.group["currency"]: row.value for row in compute(["K-62"], tables)} == {"MXN": Decimal("0.1"), "CLP": Decimal("0.5")}


def test_money_without_a_currency_is_refused_rather_than_added():
    accounts = table("accounts", account("a")).drop_columns(["currency"])
    with pytest.raises(CutNotPossible, match="currency"):
        compute(["K-02"], {"accounts": accounts})


def test_a_zero_denominator_gives_nothing_and_not_zero():
    tables = {"accounts": table("accounts", account("a", bal0_minor=0)), "payments": table("payments", {"account_id": "a", "amount_minor": 5})}
    (row,) = compute(["K-62"], tables)
    assert (row.numerator, row.denominator, row.value, row.has_data) == (5, 0, None, True)


def test_nothing_paid_is_zero_but_no_payments_table_is_no_data():
    accounts = table("accounts", account("a"))
    (row,) = compute(["K-62"], {"accounts": accounts, "payments": table("payments")})
    assert (row.value, row.has_data) == (0, True)
    (row,) = compute(["K-62"], {"accounts": accounts})
    assert (row.value, row.has_data) == (None, False)


def test_a_column_that_is_not_there_is_no_data():
    accounts = table("accounts", account("a")).drop_columns(["tot1_minor"])
    (row,) = compute(["K-03"], {"accounts": accounts})
    assert (row.value, row.has_data) == (None, False)


@pytest.mark.parametrize("kpi", KPIS)
def test_without_tables_or_with_empty_ones_every_kpi_says_that_it_has_no_data(kpi):
    for tables in ({}, {name: schema.empty_table() for name, schema in TABLES.items()}):
        rows = compute([kpi], tables, params=Params(closed_on=date(2026, 3, 31)))
        assert [(row.value, row.has_data) for row in rows] == [(None, False)]


def test_a_payment_reversed_counts_nothing():
    payments = table("payments", {"account_id": "a", "amount_minor": 70}, {"account_id": "a", "amount_minor": -70})
    (row,) = compute(["K-61"], {"accounts": table("accounts", account("a")), "payments": payments})
    assert row.value == 0


def test_payments_of_accounts_outside_the_set_are_left_out():
    payments = table("payments", {"account_id": "a", "amount_minor": 7}, {"account_id": "stranger", "amount_minor": 9})
    (row,) = compute(["K-61"], {"accounts": table("accounts", account("a")), "payments": payments})
    assert row.value == 7


def test_liquidation_looks_only_at_accounts_that_came_in():
    tables = {
        "accounts": table("accounts", account("a", entered=True), account("b")),
        "payments": table("payments", {"account_id": "a", "amount_minor": 25}, {"account_id": "b", "amount_minor": 99}),
    }
    assert compute(["K-63"], tables)[0].value == Decimal("0.25")


def test_delinquency_and_par_follow_their_days():
    accounts = table("accounts", account("a", dpd1=91), account("b", dpd1=90), account("c", dpd1=31), account("d", dpd1=30))
    imor, par, par60 = compute(["K-02", "K-03"], {"accounts": accounts}) + compute(["K-03"], {"accounts": accounts}, params=Params(par_days=60))
    assert (imor.value, par.value, par60.value) == (Decimal("0.25"), Decimal("0.75"), Decimal("0.5"))


def test_days_past_due_are_averaged_by_account_and_weighted_by_balance():
    accounts = table("accounts", account("a", dpd1=10, bal1_minor=300), account("b", dpd1=30, bal1_minor=100))
    plain, weighted = compute(["K-01", "K-22"], {"accounts": accounts})
    assert (plain.value, weighted.value) == (20, 15)


def test_the_distribution_by_bucket_adds_up_to_one():
    accounts = table("accounts", account("a", bucket1="B1", bal1_minor=30), account("b", bucket1="B2", bal1_minor=70))
    assert {row.group["bucket1"]: row.value for row in compute(["K-04"], {"accounts": accounts})} == {"B1": Decimal("0.3"), "B2": Decimal("0.7")}


def test_net_flow_compares_a_bucket_with_the_one_before_it_a_period_ago():
    accounts = table(
        "accounts", account("a", bucket0="B1", bucket1="B2", bal0_minor=400, bal1_minor=100), account("b", bucket0="CUR", bucket1="B1", bal0_minor=1000, bal1_minor=50),
        account("c", bucket0="B2", bucket1="B2", bal0_minor=70, bal1_minor=60),
    )  # fmt: skip
    found = {row.group["bucket1"]: row.value for row in compute(["K-11"], {"accounts": accounts})}
    assert found["B1"] == Decimal("0.05") and found["B2"] == Decimal("0.4")


def test_a_cut_that_the_numerator_cannot_have_is_refused_by_name():
    with pytest.raises(CutNotPossible, match="«channel»"):
        compute(["K-62"], {"accounts": table("accounts", account("a")), "payments": table("payments")}, by=["channel"])


def test_an_added_column_may_be_a_cut_and_its_name_is_never_run_as_sql():
    name = 'zona "; drop table accounts; --'
    accounts = table("accounts", account("a"), account("b")).append_column(name, pa.array(["norte", "sur"]))
    rows = compute(["K-30"], {"accounts": accounts, "attempts": table("attempts", {"account_id": "a", "attempt": True})}, by=[name])
    assert {row.group[name]: row.value for row in rows} == {"norte": 1, "sur": 0}


def test_a_promise_paid_short_within_the_tolerance_is_kept():
    def promise(key, paid):
        return {"promise_id": key, "account_id": "a", "amount_minor": 1000, "paid_by_grace_minor": paid, "due_in_period": True}

    tables = {"accounts": table("accounts", account("a")), "promises": table("promises", promise("1", 950), promise("2", 949), promise("3", 0), promise("4", 2000))}
    assert [row.numerator for row in compute(["K-53", "K-55", "K-56"], tables)] == [2, 1, 1]
    assert [row.numerator for row in compute(["K-53", "K-55", "K-56"], tables, params=Params(tolerance_bp=0))] == [1, 2, 1]


def test_promising_again_after_a_broken_promise_and_the_horizon():
    def promise(key, made, due, paid):
        return {"promise_id": key, "account_id": "a", "amount_minor": 10, "created_on": made, "due_on": due, "paid_by_grace_minor": paid, "due_in_period": True}

    promises = table(
        "promises", promise("1", date(2026, 3, 1), date(2026, 3, 5), 0), promise("2", date(2026, 3, 8), date(2026, 3, 10), 10), promise("3", date(2026, 3, 20), date(2026, 3, 22), 10)
    )  # fmt: skip
    again, horizon = compute(["K-58", "K-57"], {"accounts": table("accounts", account("a")), "promises": promises})
    assert (again.numerator, again.denominator, f"{horizon.value:.2f}") == (1, 1, "2.67")


def test_use_of_the_legal_limit_is_averaged_by_person_and_week():
    headroom = table("headroom", {"person_id": "p", "used": 1, "allowed": 3}, {"person_id": "q", "used": 2, "allowed": 2})
    (row,) = compute(["K-33"], {"headroom": headroom})
    assert f"{row.value:.4f}" == "0.6667"


def test_what_is_paid_beyond_a_promise_does_not_make_up_for_another():
    rows = [{"promise_id": key, "account_id": "a", "amount_minor": 100, "paid_by_grace_minor": paid, "due_in_period": True} for key, paid in (("1", 200), ("2", 0))]
    (row,) = compute(["K-54"], {"accounts": table("accounts", account("a")), "promises": table("promises", *rows)})
    assert row.value == Decimal("0.5")


def test_the_total_paid_counts_towards_conversion_even_when_late():
    promises = table("promises", {"promise_id": "1", "account_id": "a", "amount_minor": 100, "paid_by_grace_minor": 0, "paid_minor": 80, "due_in_period": True})
    found = compute(["K-54", "K-59c"], {"accounts": table("accounts", account("a")), "promises": promises})
    assert [row.value for row in found] == [0, Decimal("0.8")]


cohort_ = st.lists(st.tuples(st.sampled_from(BUCKETS[:-1]), st.sampled_from([*BUCKETS, "PAID"]), st.integers(1, 10**12)), min_size=1, max_size=30)


@settings(max_examples=25, deadline=None)
@given(cohort_)
def test_forward_back_cured_and_stable_are_all_there_is(rows):
    accounts = table("accounts", *(account(f"a{n}", bucket0=b0, bucket1=b1, bal0_minor=bal) for n, (b0, b1, bal) in enumerate(rows)))
    for suffix in ("", "c"):
        four = compute([f"K-0{n}{suffix}" for n in (5, 6, 7, 8)], {"accounts": accounts}, by=["bucket0"])
        for bucket in {b0 for b0, *_ in rows}:
            parts = [row for row in four if row.group["bucket0"] == bucket]
            assert sum(row.numerator for row in parts) == parts[0].denominator
    forward, contained = compute(["K-05", "K-09"], {"accounts": accounts})
    assert forward.numerator + contained.numerator == forward.denominator == sum(bal for *_, bal in rows)


@settings(max_examples=25, deadline=None)
@given(cohort_)
def test_every_row_of_the_matrix_adds_up_exactly(rows):
    accounts = table("accounts", *(account(f"a{n}", bucket0=b0, bucket1=b1, bal0_minor=bal) for n, (b0, b1, bal) in enumerate(rows)))
    matrix = migration_matrix({"accounts": accounts})
    for bucket in {b0 for b0, *_ in rows}:
        row = [cell for cell in matrix if cell.group["bucket0"] == bucket]
        assert sum(cell.numerator for cell in row) == row[0].denominator
        assert all(type(cell.numerator) is int for cell in row)


def test_sums_beyond_64_bits_stay_exact():
    accounts = table("accounts", *(account(f"a{n}", bal0_minor=9 * 10**18) for n in range(4)))
    (row,) = compute(["K-05"], {"accounts": accounts})
    assert row.denominator == 36 * 10**18


def test_an_unknown_kpi_is_a_problem():
    with pytest.raises(UnknownKpi, match="K-999"):
        compute(["K-999"], {})


def test_every_kpi_has_a_sentence_a_formula_and_a_line_on_the_reference_page():
    page = measure.markdown()
    for one in measure.describe():
        assert one["sentence"].endswith(".") and one["formula"] and one["label"] and one["unit"] in measure.UNIT_ES
        assert f"| {one['id']} | {one['label']} |" in page


def test_the_kpis_of_the_first_screens_are_there():
    wanted = [f"K-{n:02d}" for n in (*range(1, 12), 22, 23, *range(30, 40), *range(50, 59), 60, 61, 62, 63, 65)] + ["K-59c"]
    assert [key for key in wanted if key not in KPIS] == []
