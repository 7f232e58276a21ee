"""Cards in force are watched day by day: a population that moved and a forecast that is no longer true are told; groups are compared."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
from tests.cast import make_cast
from tests.contexts.flow.worlds import signed_in

from recaudo.engine import score
from recaudo.journal.models import Event
from recaudo.portfolio.models import Account, Payment, Person
from recaudo.store import tenancy
from recaudo.store.keys import uuid7
from recaudo.strategy.models import ScoreDay, Strategy, StrategyVersion
from recaudo.strategy.queries import scores as reads
from recaudo.strategy.queries import watch as watched
from recaudo.strategy.services import keep_snapshot, scores, watch

HORIZON = 5
PEOPLE = 300


def card(above=60):
    """Who is less than so many days late pays nine times of ten; the others one of ten."""
    dice = np.random.default_rng(2)
    dpd = dice.integers(1, 180, 4000)
    rows = pa.table({"dpd": dpd, "on": [1] * 4000, "happened": dice.random(4000) < np.where(dpd < above, 0.9, 0.1)})
    return score.train(rows, "happened", name="pay", facts=["dpd"], horizon_days=HORIZON, compare=False).card


@pytest.fixture
def world(own_database, tmp_state):
    """Three kept days; who is less than sixty days late pays. On the last day everybody is much later."""
    cast = make_cast()
    with tenancy.acting(cast.tenant.id):
        strategy = Strategy.objects.create(code="t", name="T", created_at=cast.now)
        version = StrategyVersion.objects.create(strategy=strategy, number=1, xml="<x/>", sha256="0" * 64, created_at=cast.now)
        model = cast.accounts["maria"]
        people, accounts = [], []
        for number in range(PEOPLE):
            born = f"{1950 + number % 55}-03-01" if number % 5 else None
            people.append(Person(name=f"P{number}", search_name=f"p{number}", country="MX", subdivision=("JAL", "CMX")[number % 2], birth_on=born, created_at=cast.now))
        [one.save() for one in people]
        for number, one in enumerate(people):
            accounts.append(Account(
                creditor_id=model.creditor_id, portfolio_id=model.portfolio_id, holder=one, number=f"W{number}", product="credit_card", currency="MXN", created_at=cast.now,
            ))  # fmt: skip
        Account.objects.bulk_create(accounts)
        dice = np.random.default_rng(7)
        for back, shift in ((12, 0), (7, 0), (0, 150)):
            on = cast.today - timedelta(days=back)
            dpd = dice.integers(1, 120, PEOPLE) + shift
            row = {name: pa.nulls(PEOPLE, pa.float64()) for name in reads.USABLE}
            row |= {"account_id": [str(one.id) for one in accounts], "dpd": pa.array(dpd, pa.int32()), "overdue_minor": pa.array([100] * PEOPLE, pa.int64()),
                    "promise_active": pa.array([False] * PEOPLE)}  # fmt: skip
            table = pa.table(row).sort_by("account_id")
            keep_snapshot(iter(table.to_batches()), schema=table.schema, on=on, run_id=uuid7(), version=version, by=cast.gabriel, at=cast.now)
            if back:
                for place, one in enumerate(accounts):
                    if dice.random() < (0.9 if dpd[place] < 60 else 0.1):
                        Payment.objects.create(account=one, amount_minor=1, currency="MXN", paid_on=on + timedelta(days=2), external_id=f"{on}{place}", created_at=cast.now)
    return cast


def in_force(cast, found):
    model = scores.propose(target="pay", card=found, quality={}, source="file", note="", by=cast.ana, at=cast.now - timedelta(days=12))
    return scores.activate(model, note="", by=cast.gabriel, at=cast.now - timedelta(days=12))


def test_a_population_that_moved_is_told_once_and_shown_on_the_page(world):
    cast = world
    with tenancy.acting(cast.tenant.id):
        model = in_force(cast, card())
        assert watch.watch(on=cast.today - timedelta(days=7), by=cast.gabriel, at=cast.now) == {}
        assert watch.watch(on=cast.today, by=cast.gabriel, at=cast.now) == {"pay": "shift"}
        assert watch.watch(on=cast.today, by=cast.gabriel, at=cast.now) == {"pay": "shift"}  # again changes nothing
        day = ScoreDay.objects.get(model=model, on=cast.today)
        assert day.shift > 0.25 and day.base_on == cast.today - timedelta(days=12)
        assert day.judged_on == cast.today - timedelta(days=7) and day.error < watched.LOOSE and day.auc > 0.8
        assert abs(day.said - day.seen) < 0.08
        assert [event.detail["alert"] for event in Event.objects.filter(name="score.strayed")] == ["shift"]
    client = signed_in(cast.gabriel)
    page = client.get(f"/estrategia/modelos/{model.id}/").content.decode()
    assert "Conviene revisarlo" in page and "Índice de estabilidad" in page and "data-chart" in page
    assert "ya no se parecen" in client.get("/estrategia/modelos/").content.decode()


def test_a_forecast_that_is_no_longer_true_is_told(world):
    cast = world
    with tenancy.acting(cast.tenant.id):
        in_force(cast, card(above=-1))  # says that hardly anybody pays
        assert watch.watch(on=cast.today, by=cast.gabriel, at=cast.now)["pay"] in {"error", "both"}


def test_without_models_or_a_kept_day_there_is_nothing_to_watch(world):
    cast = world
    with tenancy.acting(cast.tenant.id):
        assert watch.watch(on=cast.today, by=cast.gabriel, at=cast.now) == {}
        assert watch.watch(on=cast.today - timedelta(days=1), by=cast.gabriel, at=cast.now) == {}


def test_groups_of_age_and_region_are_compared_and_no_birth_day_is_kept(world):
    cast = world
    with tenancy.acting(cast.tenant.id):
        model = in_force(cast, card())
    client = signed_in(cast.gabriel)
    assert "Todavía no se ha medido" in client.get(f"/estrategia/modelos/{model.id}/").content.decode()
    page = client.post(f"/estrategia/modelos/{model.id}/equidad/", follow=True).content.decode()
    assert "60 años o más" in page and "MX JAL" in page and "sin dato" in page
    with tenancy.acting(cast.tenant.id):
        model.refresh_from_db()
        groups = model.quality["fairness"]["groups"]
        assert sum(one["count"] for one in groups if one["attribute"] == "Edad") == PEOPLE
        assert "19" not in str([one["group"] for one in groups])
        assert Event.objects.filter(name="score.fairness_measured").count() == 1


def test_before_any_day_can_be_judged_it_is_said(cast, client):
    with tenancy.acting(cast.tenant.id):
        model = in_force(cast, card())
    client.force_login(cast.gabriel, backend="recaudo.workforce.backends.StaffBackend")
    assert "5 días de historia posterior" in client.post(f"/estrategia/modelos/{model.id}/equidad/", follow=True).content.decode()
