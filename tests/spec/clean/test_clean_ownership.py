"""Trust in a contact point: decays with age, rises when the person answers, falls when somebody else does (S-021)."""

from datetime import date, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recaudo.engine.clean import SOURCES, ownership_score, ownership_scores
from recaudo.engine.clean.ownership import UnknownSource

AT = date(2026, 3, 1)
STATUSES = ["unverified", "valid", "opted_out", "stale", "invalid", "wrong_party"]

points = st.tuples(
    st.sampled_from(sorted(SOURCES)), st.dates(date(2015, 1, 1), date(2026, 6, 1)), st.none() | st.dates(date(2015, 1, 1), date(2026, 6, 1)),
    st.sampled_from(STATUSES), st.integers(0, 20), st.integers(0, 20),
)  # fmt: skip


def test_a_new_point_is_worth_its_source_and_half_of_it_after_one_half_life():
    for source, (prior, half_life, _) in SOURCES.items():
        assert ownership_score(source, AT, None, "unverified", 0, 0, AT) == prior
        assert ownership_score(source, AT - timedelta(half_life), None, "unverified", 0, 0, AT) == pytest.approx(prior / 2, abs=1e-4)


def test_verification_makes_it_young_again():
    old = AT - timedelta(1000)
    assert ownership_score("contract", old, AT, "valid", 0, 0, AT) == 0.85


@settings(deadline=None)
@given(points)
def test_it_lies_between_0_and_1_and_moves_the_right_way(point):
    source, captured, verified, status, good, wrong = point
    score = ownership_score(source, captured, verified, status, good, wrong, AT)
    assert 0 <= score <= 1
    assert ownership_score(source, captured, verified, status, good + 1, wrong, AT) >= score
    assert ownership_score(source, captured, verified, status, good, wrong + 1, AT) <= score
    assert ownership_score(source, captured, verified, status, good, wrong, AT + timedelta(30)) <= score


def test_a_wrong_party_is_worth_nothing():
    assert ownership_score("debtor", AT, AT, "wrong_party", 9, 0, AT) == 0
    assert ownership_score("debtor", AT, AT, "invalid", 9, 0, AT) == 0


@settings(deadline=None)
@given(st.lists(points, min_size=1, max_size=30))
def test_the_table_says_the_same_as_one_by_one(rows):
    names = ["source", "captured_on", "last_verified_on", "status", "successes", "wrong_party"]
    kinds = [pa.string(), pa.date32(), pa.date32(), pa.string(), pa.int32(), pa.int32()]
    table = pa.table({name: pa.array(column, kind) for name, kind, column in zip(names, kinds, zip(*rows, strict=True), strict=True)})
    assert ownership_scores(table, AT).to_pylist() == pytest.approx([ownership_score(*row, AT) for row in rows], abs=1e-4)


def test_an_unknown_source_is_a_problem_in_both():
    with pytest.raises(UnknownSource, match="gossip"):
        ownership_score("gossip", AT, None, "valid", 0, 0, AT)
    table = pa.table({"source": ["gossip"], "captured_on": [AT], "last_verified_on": pa.array([None], pa.date32()), "status": ["valid"], "successes": [0], "wrong_party": [0]})
    with pytest.raises(UnknownSource, match="gossip"):
        ownership_scores(table, AT)
