"""By what channel and at what hour: a person nobody called is as their kind, and their own calls win in time."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from recaudo.engine import score
from recaudo.engine.score import BANDS


def world(people=600, calls=12, seed=5):
    """Every second person of a kind answers in the evening, the others in the morning; the kind «b» less than «a»."""
    dice = np.random.default_rng(seed)
    rows = []
    for person in range(people):
        likes, level = ("evening", "morning")[person // 2 % 2], (0.6, 0.3)[person % 2]
        for call in range(calls):
            band = str(dice.choice(list(BANDS)))
            rows.append({"person": str(person), "kind": "ab"[person % 2], "choice": band, "on": date(2026, 3, 1) + timedelta(days=call),
                         "happened": bool(dice.random() < level * (1 if band == likes else 0.2))})  # fmt: skip
    return pa.Table.from_pylist(rows)


def test_who_was_never_called_has_the_rate_of_their_kind_and_an_unknown_kind_that_of_everybody():
    known, measured = score.learn(world(), world())
    hours = known.hours
    assert hours.rate("a", "evening") == pytest.approx(hours.kinds["a"]["evening"].rate)
    assert hours.rate("a", "evening") > hours.rate("b", "evening")
    assert hours.rate("nobody", "evening") == hours.overall["evening"]
    assert min(hours.overall.values()) < hours.rate("a", "midnight") < max(hours.overall.values())  # nobody tried it: it may be tried
    assert known.channels.rate("a", "pigeon") == 0
    assert measured.auc > 0.6


def test_own_calls_win_the_more_of_them_there_are():
    hours = score.learn(world(), world())[0].hours
    few, many = hours.rate("a", "morning", tried=1, reached=1), hours.rate("a", "morning", tried=60, reached=60)
    assert hours.rate("a", "morning") < few < many and many > 0.75


def test_the_hours_foretell_better_than_the_rate_of_everybody():
    measured = score.learn(world(seed=8), world(seed=8))[1]
    assert measured.brier < measured.brier_base
    assert measured.error < 0.1


def test_a_model_is_the_same_text_and_digest_whatever_the_order_and_comes_back_whole():
    rows = world(people=120)
    shuffled = rows.take(pa.array(np.random.default_rng(1).permutation(rows.num_rows)))
    one, other = score.learn(rows, rows)[0], score.learn(shuffled, shuffled)[0]
    assert one.version == other.version
    assert score.reach_from_json(score.reach_to_json(one)) == one


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"form": "recaudo-reach-1"}', '{"form": "recaudo-reach-1", "hours": 1, "channels": 2}'])
def test_what_is_no_model_is_refused(text):
    with pytest.raises(score.NotAReach):
        score.reach_from_json(text)


def test_too_few_calls_teach_nothing_and_it_is_said():
    with pytest.raises(score.TooFewAttempts, match="hacen falta 100"):
        score.learn(world(people=4), world(people=4))
    known, _ = score.learn(world(), world().slice(0, 0))
    assert known.channels.rate("a", "call") == 0
