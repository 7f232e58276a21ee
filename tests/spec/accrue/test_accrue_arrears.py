"""Days past due (K-01), pauses also back-dated (X-34), buckets and stages as dated definitions (S-062)."""

from datetime import date, timedelta

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recaudo.engine.accrue import (
    DEFAULT_BUCKETS,
    BucketSet,
    Item,
    NoBucketSet,
    UnorderedEdges,
    arrears,
    bucket_of,
    bucket_sql,
    days_past_due,
    in_force,
    stage_of,
    stage_sql,
)
from recaudo.engine.facts import FACTS
from recaudo.kernel.time import Period

ON = date(2026, 3, 31)


def due(days_ago: int, owed: int = 100, paid: int = 0) -> Item:
    return Item(ON - timedelta(days_ago), owed, paid)


def pause(first_days_ago: int, last_days_ago: int) -> Period:
    """From one day up to and without another, counted back from ON."""
    return Period(ON - timedelta(first_days_ago), ON - timedelta(last_days_ago))


@pytest.mark.parametrize(
    ("items", "pauses", "dpd"),
    [
        ([], [], 0),
        ([due(0)], [], 0),  # due today is not late
        ([due(1)], [], 1),
        ([due(-5)], [], 0),
        ([due(40), due(10)], [], 40),
        ([due(40, paid=100), due(10)], [], 10),  # the oldest unpaid one counts
        ([due(40, paid=99)], [], 40),  # one cent short is unpaid
        ([due(40, owed=0)], [], 0),
        ([due(40)], [pause(20, 10)], 30),
        ([due(40)], [pause(20, 10), pause(15, 5)], 25),  # a day in two pauses counts once
        ([due(40)], [pause(20, 10), pause(20, 10), pause(18, 12)], 30),
        ([due(40)], [pause(60, 50)], 40),  # ended before the debt was late
        ([due(40)], [pause(60, 40)], 40),
        ([due(40)], [pause(60, 39)], 40),  # the due day itself is no day late
        ([due(40)], [pause(60, 38)], 39),
        ([due(40)], [Period(ON - timedelta(10), date.max)], 29),  # open end: stands still, the day itself included
        ([due(40)], [Period(date.min, date.max)], 0),
    ],
)  # fmt: skip
def test_days_past_due(items, pauses, dpd):
    assert days_past_due(items, ON, pauses) == dpd


def test_a_pause_entered_late_gives_the_same_as_one_entered_in_time():
    items, backdated = [due(100)], pause(90, 60)
    assert days_past_due(items, ON, [backdated]) == days_past_due(items, ON - timedelta(30), [backdated]) + 30 == 70


items_ = st.lists(st.builds(Item, st.dates(date(2025, 10, 1), date(2026, 6, 1)), st.integers(0, 500), st.integers(0, 500)), max_size=6)
pauses_ = st.lists(st.tuples(st.dates(date(2025, 9, 1), date(2026, 6, 1)), st.integers(0, 60)).map(lambda p: Period(p[0], p[0] + timedelta(p[1]))), max_size=5)


@settings(deadline=None)
@given(st.lists(st.tuples(items_, pauses_), max_size=8), st.dates(date(2025, 9, 1), date(2026, 7, 1)))
def test_the_table_says_the_same_as_one_account_at_a_time(accounts, on):
    rows = [(f"a{n}", item.due_on, item.due_minor, item.paid_minor) for n, (items, _) in enumerate(accounts) for item in items]
    stops = [(f"a{n}", one.start, one.end) for n, (_, pauses) in enumerate(accounts) for one in pauses]
    found = {row["account_id"]: row for row in arrears(table(rows, MONEY), on, table(stops, PAUSES)).to_pylist()}
    for n, (items, pauses) in enumerate(accounts):
        if not items:
            assert f"a{n}" not in found
            continue
        row = found[f"a{n}"]
        late = [item for item in items if item.paid_minor < item.due_minor and item.due_on < on]
        assert row["dpd"] == days_past_due(items, on, pauses)
        assert row["overdue_minor"] == sum(item.due_minor - item.paid_minor for item in late)
        assert row["instalments_overdue"] == len(late)
        coming = [item.due_on for item in items if item.paid_minor < item.due_minor and item.due_on >= on]
        assert row["days_to_due"] == ((min(coming) - on).days if coming else None)


MONEY = pa.schema({"account_id": pa.string(), "due_on": pa.date32(), "due_minor": pa.int64(), "paid_minor": pa.int64()})
PAUSES = pa.schema({"account_id": pa.string(), "start_on": pa.date32(), "end_on": pa.date32()})


def table(rows: list[tuple], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)


BORDERS = [
    (0, "CUR", "preventive"), (1, "B1", "early"), (30, "B1", "early"), (31, "B2", "early"), (60, "B2", "early"), (61, "B3", "early"),
    (90, "B3", "early"), (91, "B4", "early"), (119, "B4", "early"), (120, "B5", "middle"), (179, "B5", "middle"), (180, "B6", "late"),
    (4000, "B6", "late"),
]  # fmt: skip


@pytest.mark.parametrize(("dpd", "bucket", "stage"), BORDERS)
def test_early_delinquency_is_less_than_120_days_by_default(dpd, bucket, stage):
    assert (bucket_of(dpd, DEFAULT_BUCKETS), stage_of(dpd, DEFAULT_BUCKETS)) == (bucket, stage)


def test_written_off_is_a_status_and_not_a_number_of_days():
    assert bucket_of(0, DEFAULT_BUCKETS, written_off=True) == "WO"
    assert stage_of(500, DEFAULT_BUCKETS, written_off=True) == "written_off"


def test_the_dictionary_of_facts_knows_every_default_bucket_and_stage():
    assert tuple(FACTS["bucket"].values) == DEFAULT_BUCKETS.codes
    assert {stage for *_, stage in BORDERS} | {"written_off"} == set(FACTS["stage"].values)


def test_a_creditor_may_end_early_delinquency_on_another_day():
    own = BucketSet.with_early("Acreedor", date(2026, 1, 1), early_below_days=75)
    assert stage_of(74, own) == "early" and stage_of(75, own) == "middle"
    assert bucket_of(74, own) != bucket_of(75, own)


def test_the_definition_of_the_day_decides():
    old = BucketSet("Antigua", date(2020, 1, 1), (("B1", 1),))
    new = BucketSet("Nueva", date(2026, 1, 1), (("B1", 1), ("B2", 16)))
    assert bucket_of(20, in_force([new, old], date(2025, 12, 31))) == "B1"
    assert bucket_of(20, in_force([new, old], date(2026, 1, 1))) == "B2"
    with pytest.raises(NoBucketSet, match="2019-12-31"):
        in_force([new, old], date(2019, 12, 31))


@pytest.mark.parametrize("edges", [(), (("B1", 0),), (("B1", 5), ("B2", 5)), (("B1", 9), ("B2", 5)), (("B1", 1), ("B1", 5))])
def test_a_set_out_of_order_is_refused(edges):
    with pytest.raises(UnorderedEdges):
        BucketSet("Mala", date(2026, 1, 1), edges)


@settings(deadline=None)
@given(st.integers(-5, 400), st.booleans())
def test_the_sql_expressions_say_the_same(dpd, lost):
    query = f"SELECT {bucket_sql(DEFAULT_BUCKETS)}, {stage_sql(DEFAULT_BUCKETS)} FROM (SELECT {dpd} AS dpd, {lost} AS written_off)"
    assert duckdb.execute(query).fetchone() == (bucket_of(dpd, DEFAULT_BUCKETS, written_off=lost), stage_of(dpd, DEFAULT_BUCKETS, written_off=lost))
