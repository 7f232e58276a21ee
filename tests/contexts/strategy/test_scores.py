"""Score models: learnt from kept days, put in force by a second person, used by the day, explained, corrected by a person."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from django.db import connection
from django.utils import timezone
from tests.cast import make_cast
from tests.spec.score.test_score_cards import world

from recaudo.engine import score
from recaudo.engine.facts import FACTS
from recaudo.flow.queries.scores import add_scores
from recaudo.journal.models import Event
from recaudo.portfolio.models import Payment
from recaudo.store import tenancy
from recaudo.store.keys import uuid7
from recaudo.strategy.models import ScoreModel, ScoreOverride, Strategy, StrategyVersion
from recaudo.strategy.queries import scores as reads
from recaudo.strategy.services import keep_snapshot, scores
from recaudo.strategy.tasks import train_score


def card(seed=3, horizon=30):
    return score.train(world(2000, seed=seed), "paid", name="pay", facts=["dpd", "product", "has_phone"], horizon_days=horizon, compare=False).card


@pytest.fixture(scope="module")
def learnt():
    return card()


@pytest.fixture
def proposed(cast, learnt):
    return scores.propose(target="pay", card=learnt, quality={}, source="file", note="", by=cast.ana, at=cast.now)


def test_the_next_day_uses_a_model_only_after_a_second_person(cast, proposed):
    with pytest.raises(scores.OwnModel):
        scores.activate(proposed, note="", by=cast.ana, at=cast.now)
    assert facts(cast)["pay_probability"] == [None, None, None]
    scores.activate(proposed, note="", by=cast.gabriel, at=cast.now)
    late, early, paid_up = facts(cast)["pay_probability"]
    assert late < early
    assert paid_up is None  # nothing is overdue: the card is not about it
    assert facts(cast)["promise_probability"] == [None, None, None]


def facts(cast):
    """The workspace's facts of three accounts after the models."""
    with duckdb.connect() as db:
        rows = pa.table({
            "account_id": [str(cast.accounts[name].id) for name in ("maria", "pedro", "lucia")], "dpd": pa.array([150, 2, 0], pa.int32()),
            "product": ["loan", "card", "card"], "has_phone": [True, True, True], "overdue_minor": pa.array([100, 100, 0], pa.int64()),
            "promise_active": [False, False, False],
        })  # fmt: skip
        db.register("r", rows)
        db.execute("CREATE TABLE facts AS SELECT * FROM r").fetchall()
        add_scores(db, on=cast.today)
        return db.sql("SELECT * FROM facts ORDER BY dpd DESC").to_arrow_table().to_pydict()


def test_a_person_may_correct_one_account_for_a_while(cast, proposed):
    scores.activate(proposed, note="", by=cast.gabriel, at=cast.now)
    before = facts(cast)["pay_probability"][0]
    told = {"target": "pay", "account_id": cast.accounts["maria"].id, "probability": 0.91, "reason": "Vendió su casa y avisó", "by": cast.gabriel, "at": cast.now}
    scores.override(**told, until_on=cast.today + timedelta(days=9), today=cast.today)
    assert facts(cast)["pay_probability"][0] == pytest.approx(0.91)
    scores.override(**{**told, "probability": 0.2}, until_on=cast.today + timedelta(days=9), today=cast.today)
    assert facts(cast)["pay_probability"][0] == pytest.approx(0.2)
    scores.withdraw_override(reads.override_of("pay", cast.accounts["maria"].id, on=cast.today), by=cast.gabriel, at=cast.now)
    assert facts(cast)["pay_probability"][0] == pytest.approx(before)
    for wrong in ({"probability": 1.2}, {"until_on": cast.today}, {"until_on": cast.today + timedelta(days=400)}):
        with pytest.raises(scores.WrongOverride):
            scores.override(**{**told, "until_on": cast.today + timedelta(days=9), **wrong}, today=cast.today)
    with pytest.raises(scores.ReasonMissing):
        scores.override(**{**told, "reason": "no"}, until_on=cast.today + timedelta(days=9), today=cast.today)


def test_one_model_a_target_is_in_force_and_the_old_one_retires(cast, proposed):
    scores.activate(proposed, note="", by=cast.gabriel, at=cast.now)
    other = scores.propose(target="pay", card=card(seed=8), quality={}, source="file", note="", by=cast.ana, at=cast.now)
    scores.activate(other, note="", by=cast.gabriel, at=cast.now)
    assert sorted(ScoreModel.objects.values_list("status", flat=True)) == ["active", "retired"]
    scores.retire(other, by=cast.gabriel, at=cast.now)
    assert facts(cast)["pay_probability"][0] is None
    with pytest.raises(scores.NotProposed):
        scores.activate(proposed, note="", by=cast.gabriel, at=cast.now)


def test_what_may_not_be_in_a_card_is_refused(cast, learnt):
    text = score.to_json(learnt)
    for wrong in ("{}", text[:-4], "[1]"):
        with pytest.raises(scores.NotACard):
            scores.load(wrong, target="pay", note="", by=cast.ana, at=cast.now)
    for fact in ("holder_age", "portfolio_code", "pay_probability", "nada"):
        with pytest.raises(scores.ForeignFacts, match=fact):
            scores.load(text.replace('"name":"dpd"', f'"name":"{fact}"'), target="pay", note="", by=cast.ana, at=cast.now)
    with pytest.raises(scores.ForeignFacts):  # a text read as a number
        scores.load(text.replace('"name":"dpd"', '"name":"bucket"'), target="pay", note="", by=cast.ana, at=cast.now)
    with pytest.raises(scores.UnknownTarget):
        scores.load(text, target="lottery", note="", by=cast.ana, at=cast.now)
    scores.load(text, target="pay", note="", by=cast.ana, at=cast.now)
    with pytest.raises(scores.SameModel):
        scores.load(text, target="pay", note="", by=cast.ana, at=cast.now)


@pytest.fixture
def kept(own_database, settings, tmp_path):
    """Ten kept days of 200 accounts and real payments: who is late pays less."""
    cast = make_cast()
    with tenancy.acting(cast.tenant.id):
        strategy = Strategy.objects.create(code="t", name="T", created_at=cast.now)
        version = StrategyVersion.objects.create(strategy=strategy, number=1, xml="<x/>", sha256="0" * 64, created_at=cast.now)
        dice = np.random.default_rng(4)
        accounts = list(cast.accounts.values())
        for back in range(30, 20, -1):
            on = cast.today - timedelta(days=back)
            ids = [str(uuid7()) for _ in range(200)] + [str(one.id) for one in accounts]
            dpd = dice.integers(1, 180, len(ids))
            row = {name: pa.nulls(len(ids), pa.float64()) for name in reads.USABLE}
            row |= {"account_id": ids, "dpd": pa.array(dpd, pa.int32()), "overdue_minor": pa.array([100] * len(ids), pa.int64()),
                    "promise_active": pa.array([False] * len(ids)), "product": ["card"] * len(ids)}  # fmt: skip
            table = pa.table(row)
            keep_snapshot(iter(table.to_batches()), schema=table.schema, on=on, run_id=uuid7(), version=version, by=cast.gabriel, at=cast.now)
            for place in range(len(ids)):
                if dice.random() < 1 / (1 + np.exp((dpd[place] - 60) / 20)):
                    owner = accounts[place % len(accounts)]
                    Payment.objects.create(account=owner, amount_minor=1, currency="MXN", paid_on=on + timedelta(days=2), external_id=f"{on}-{place}", created_at=cast.now)
    return cast


def test_a_lesson_knows_only_what_was_known_and_what_came_after(kept):
    cast = kept
    with tenancy.acting(cast.tenant.id):
        table, since, until = reads.lesson("pay", horizon_days=5, today=cast.today)
        with pytest.raises(reads.NotEnoughDays, match="40 días"):
            reads.lesson("pay", horizon_days=40, today=cast.today)
    assert (since, until) == (cast.today - timedelta(days=30), cast.today - timedelta(days=21))
    assert table.num_rows == 10 * (200 + len(cast.accounts))
    # Only the accounts that exist could pay.
    assert 0 < sum(table.column("happened").to_pylist()) <= 10 * len(cast.accounts)


def test_what_one_account_has_is_told_in_words_also_by_a_card_without_facts(kept, learnt):
    cast = kept
    with tenancy.acting(cast.tenant.id):
        model = scores.propose(target="pay", card=learnt, quality={}, source="file", note="", by=cast.ana, at=cast.now)
        told = reads.explained(model, cast.accounts["maria"].id, today=cast.today)
        assert told.is_about and {fact for fact, _, _ in told.reasons} <= {"Días de atraso", "Producto", "Tiene teléfono"}
        model.target, model.card = "promise", score.to_json(score.Card("x", 30, 0.0, ()))
        empty = reads.explained(model, cast.accounts["maria"].id, today=cast.today)
        assert (empty.is_about, empty.probability, empty.reasons) == (False, 0.5, [])


def test_bins_are_written_in_the_words_and_units_of_the_dictionary():
    said = lambda name, edges=(), values=(): reads.bins_es(score.Feature(name, edges, values, (0.0,) * (len(edges or values) + 1), 0.0, 0.0))  # noqa: E731
    assert said("overdue_usd_minor", (150_000.0,)) == ["hasta US$ 1,500", "más de US$ 1,500", "vacío"]
    assert said("utilisation", (0.25,)) == ["hasta 0,25", "más de 0,25", "vacío"]
    assert said("has_phone", values=("false", "true")) == ["no", "sí", "otro", "vacío"]
    code, label = next(iter(FACTS["product"].values.items()))
    assert said("product", values=(code,)) == [label, "otro", "vacío"]


def test_a_training_waits_on_the_page_until_it_ends_and_says_when_no_worker_is_there(cast, client):
    client.force_login(cast.gabriel, backend="recaudo.workforce.backends.StaffBackend")
    assert client.post("/estrategia/modelos/entrenar/", {"target": "pay", "horizon_days": 5}).status_code == 302
    page = client.get("/estrategia/modelos/").content.decode()
    assert "al terminar aparece en la lista" in page and "Ningún proceso de trabajo está activo" in page
    train_score(str(cast.tenant.id), "pay", 5, "", cast.today.isoformat(), str(cast.gabriel.id))
    page = client.get("/estrategia/modelos/").content.decode()
    assert "Aún no hay fotos" in page and "al terminar aparece en la lista" not in page and "Ningún proceso" not in page


def test_a_training_that_cannot_be_tells_why_where_the_page_reads_it(kept):
    cast = kept
    train_score(str(cast.tenant.id), "promise", 5, "", cast.today.isoformat(), str(cast.gabriel.id))
    with tenancy.acting(cast.tenant.id):
        event = Event.objects.get(name="score.failed")
        assert "filas" in event.detail["why"]
        assert not ScoreModel.objects.exists()


def test_without_kept_days_it_is_told(cast):
    with pytest.raises(reads.NoDays):
        reads.lesson("pay", horizon_days=5, today=cast.today)


def test_pages_of_the_models(cast, client, proposed):
    client.force_login(cast.gabriel, backend="recaudo.workforce.backends.StaffBackend")
    page = client.get("/estrategia/modelos/").content.decode()
    assert proposed.version[:8] in page and "Propuesto" in page
    one = client.get(f"/estrategia/modelos/{proposed.id}/").content.decode()
    assert "Días de atraso" in one and "Poner en vigor" in one and "dpd" not in one.split("<main")[1].replace("pay_probability", "")
    client.post(f"/estrategia/modelos/{proposed.id}/vigor/", {"note": ""})
    proposed.refresh_from_db()
    assert proposed.status == "active"
    text = client.get(f"/estrategia/modelos/{proposed.id}/archivo/").content.decode()
    assert json.loads(text)["horizon_days"] == 30
    asked = client.post(f"/estrategia/modelos/{proposed.id}/explicar/", {"number": "CTA-NADIE"}).content.decode()
    assert "No hay una cuenta con ese número" in asked


def test_a_rejection_needs_its_reason_and_a_correction_can_be_taken_back(cast, client, proposed):
    client.force_login(cast.gabriel, backend="recaudo.workforce.backends.StaffBackend")
    at, account = f"/estrategia/modelos/{proposed.id}/", cast.accounts["maria"]
    assert "Diga por qué" in client.post(f"{at}rechazar/", {"note": ""}, follow=True).content.decode()
    assert "motivo" in client.post(f"{at}rechazar/", {"note": "no"}, follow=True).content.decode()
    assert "caracteres" in client.post(f"{at}vigor/", {"note": "x" * 301}, follow=True).content.decode()
    proposed.refresh_from_db()
    assert proposed.status == "proposed"
    said = {"percent": "12.5", "until_on": (timezone.now().date() + timedelta(days=5)).isoformat(), "reason": "Vendió su casa y avisó"}
    client.post(f"{at}cuentas/{account.id}/corregir/", said)
    assert reads.override_of("pay", account.id, on=cast.today).probability == 0.125
    client.post(f"{at}cuentas/{account.id}/quitar/")
    client.post(f"{at}cuentas/{account.id}/quitar/")
    assert reads.override_of("pay", account.id, on=cast.today) is None
    assert Event.objects.filter(name="score.overridden").count() == 2


def test_two_who_correct_an_account_at_once_get_one_correction_and_a_clear_message(kept, learnt):
    cast = kept
    with tenancy.acting(cast.tenant.id):
        scores.propose(target="pay", card=learnt, quality={}, source="file", note="", by=cast.ana, at=cast.now)
    said = {"target": "pay", "account_id": cast.accounts["maria"].id, "probability": 0.5, "reason": "Vendió su casa y avisó", "at": cast.now,
            "until_on": cast.today + timedelta(days=9), "today": cast.today}  # fmt: skip
    first, told = threading.Event(), []

    def slow():
        with tenancy.acting(cast.tenant.id):
            scores.override(**said, by=cast.gabriel)
            first.set()
            time.sleep(0.5)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(slow)
        first.wait(10)
        try:
            with tenancy.acting(cast.tenant.id):
                scores.override(**{**said, "probability": 0.1}, by=cast.elena)
        except scores.CorrectedMeanwhile as problem:
            told.append(problem.text)
        done.result(10)
    with tenancy.acting(cast.tenant.id):
        assert [one.probability for one in ScoreOverride.objects.filter(withdrawn_at=None)] == [0.5]
    assert "Otra persona acaba de corregir" in told[0]


def test_a_training_that_fails_as_nobody_foresaw_does_not_wait_for_ever(cast, client, monkeypatch):
    client.force_login(cast.gabriel, backend="recaudo.workforce.backends.StaffBackend")
    client.post("/estrategia/modelos/entrenar/", {"target": "pay", "horizon_days": 5})

    def broken(**_):
        raise ZeroDivisionError

    monkeypatch.setattr(scores, "train", broken)
    with pytest.raises(ZeroDivisionError):
        train_score(str(cast.tenant.id), "pay", 5, "", cast.today.isoformat(), str(cast.gabriel.id))
    page = client.get("/estrategia/modelos/").content.decode()
    assert "error imprevisto" in page and "al terminar aparece en la lista" not in page
