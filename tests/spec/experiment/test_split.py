"""The lot is the same wherever it is drawn, sticky, and fair."""

from __future__ import annotations

from uuid import UUID, uuid5

import duckdb
import pytest
from django.db import connection

from recaudo.engine import experiment

ARMS = (experiment.Arm("holdout", 500), experiment.Arm("champion", 8_500), experiment.Arm("challenger", 1_000))
PEOPLE = [str(uuid5(UUID(int=7), str(n))) for n in range(20_000)]
SALT = "exp-2026-11-01"


@pytest.mark.django_db
def test_python_duckdb_and_postgresql_draw_the_same_lot() -> None:
    here = [experiment.place(one, SALT) for one in PEOPLE]
    with duckdb.connect() as db:
        db.execute("CREATE TABLE t AS SELECT unnest($ids)::UUID AS id, unnest(range(len($ids))) AS n", {"ids": PEOPLE})
        rows = db.execute(f"SELECT {experiment.duckdb_place('id', SALT)}, {experiment.duckdb_arm('id', SALT, ARMS)} FROM t ORDER BY n").fetchall()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {experiment.postgres_place('id', SALT)} FROM unnest(%s::uuid[]) WITH ORDINALITY u(id, n) ORDER BY n", [PEOPLE])
        there = [row[0] for row in cursor.fetchall()]
    assert [row[0] for row in rows] == here == there
    assert [row[1] for row in rows] == [experiment.arm_of(one, SALT, ARMS) for one in PEOPLE]


def test_arms_hold_their_share_of_the_persons() -> None:
    drawn = [experiment.arm_of(one, SALT, ARMS) for one in PEOPLE]
    counts = {arm.code: drawn.count(arm.code) for arm in ARMS}
    assert experiment.mismatch(counts, {arm.code: arm.share_bp for arm in ARMS}) == ""
    assert counts["holdout"] == pytest.approx(1_000, rel=0.1)


def test_another_salt_draws_independently() -> None:
    both = sum(experiment.place(one, "salt-a") < 5_000 and experiment.place(one, "salt-b") < 5_000 for one in PEOPLE)
    assert both / len(PEOPLE) == pytest.approx(0.25, abs=0.015)


def test_a_larger_arm_keeps_who_was_in_it() -> None:
    wider = (experiment.Arm("holdout", 900), experiment.Arm("champion", 9_100))
    was = {one for one in PEOPLE if experiment.arm_of(one, SALT, ARMS) == "holdout"}
    now = {one for one in PEOPLE if experiment.arm_of(one, SALT, wider) == "holdout"}
    assert was < now


def test_an_experiment_with_one_arm_is_refused() -> None:
    with pytest.raises(experiment.OneArm):
        experiment.check_arms([experiment.Arm("champion", 10_000)])
    with pytest.raises(experiment.OneArm):
        experiment.check_arms([experiment.Arm("champion", 10_000), experiment.Arm("holdout", 0)])


def test_shares_that_do_not_add_up_are_refused_with_their_sum() -> None:
    with pytest.raises(experiment.SharesNotWhole, match="97,5"):
        experiment.check_arms([experiment.Arm("champion", 9_250), experiment.Arm("holdout", 500)])


def test_a_salt_that_could_carry_sql_is_refused() -> None:
    with pytest.raises(experiment.UnfitSalt):
        experiment.duckdb_place("id", "x'; DROP TABLE t; --")


def test_a_split_that_is_off_is_seen() -> None:
    assert experiment.mismatch({"champion": 5_000, "challenger": 4_500}, {"champion": 5_000, "challenger": 5_000}) != ""
    assert experiment.mismatch({"champion": 5_030, "challenger": 4_970}, {"champion": 5_000, "challenger": 5_000}) == ""
