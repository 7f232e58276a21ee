"""Hours and channels: learnt from what came of contacts, facts of the day, the hour of each call, and what the agent reads of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from django.utils import timezone
from tests.cast import NOW, TODAY, Cast
from tests.contexts.flow.worlds import ready, run, signed_in, text

from recaudo.casework.models import Action, Case
from recaudo.casework.services import take_next
from recaudo.compliance.models import RightsRequest
from recaudo.engine import score
from recaudo.flow.queries import reach as reads
from recaudo.flow.services.reach import train_reach
from recaudo.flow.tasks import train_reach_task
from recaudo.journal.models import Event
from recaudo.kernel.time import day_at
from recaudo.store.keys import uuid7
from recaudo.store.tenancy import acting
from recaudo.strategy import queries as strategy
from recaudo.strategy.models import ScoreModel
from recaudo.strategy.services import scores

CALLS = 30


def called(cast: Cast, *, hour_of: dict[str, int]) -> None:
    """Calls to everybody at nine and at eighteen of the past days; each answers at the hour that is theirs."""
    made = []
    for name, account in cast.accounts.items():
        for back in range(CALLS):
            hour = (9, 18)[back % 2]
            answers = hour_of.get(name) == hour
            made.append(Action(
                created_at=NOW, person_id=account.holder_id, account_id=account.id, creditor_id=account.creditor_id, direction="out", channel="call", status="done",
                occurred_at=day_at(TODAY - timedelta(days=8 + back), cast.tenant.zone, hour), is_attempt=True, is_contact=answers, is_rpc=answers,
            ))  # fmt: skip
    Action.objects.bulk_create(made)


@pytest.fixture
def taught(own_database: Any, tmp_state: Any) -> Cast:
    cast = ready()
    with acting(cast.tenant.id):
        called(cast, hour_of=dict.fromkeys(cast.accounts, 18))
    return cast


def in_force(cast: Cast) -> ScoreModel:
    with acting(cast.tenant.id):
        model = train_reach(cast.tenant, note="", by=cast.ana, at=NOW)
        return scores.activate(model, note="", by=cast.gabriel, at=NOW)


def test_a_call_waits_for_the_hour_of_the_person_while_there_are_others_and_no_longer(taught: Cast) -> None:
    cast, model = taught, in_force(taught)
    done = run(cast)
    assert done.counts["reach_model"] == model.version
    with acting(cast.tenant.id):
        row = strategy.snapshot_row(cast.accounts["maria"].id, on=TODAY)[1]
        assert row["best_hour"] == "evening" and row["best_channel"] == "call"
        assert row["evening_contact_probability"] > 0.8 > 0.2 > row["morning_contact_probability"]
        calls = list(Action.objects.filter(status="planned", channel="call"))
        evening = day_at(TODAY, cast.tenant.zone, 17)
        waiting = [one for one in calls if one.preferred_at]
        assert waiting and all(one.preferred_at > NOW for one in waiting)
        assert evening in {one.preferred_at for one in waiting}
        # The same call twice, the copy less urgent: it goes first, because the hour of the other is to come.
        first = take_next(by=cast.beto, at=NOW).action
        Case.objects.filter(pk=first.case_id).update(locked_by=None, locked_until=None)
        Action.objects.exclude(pk=first.pk).filter(status="planned", channel="call").delete()
        Action.objects.filter(pk=first.pk).update(preferred_at=evening, priority=90)
        copy = Action.objects.get(pk=first.pk)
        copy.pk, copy.preferred_at, copy.priority = uuid7(), None, 1
        copy.save(force_insert=True)
        assert take_next(by=cast.beto, at=NOW).action.pk == copy.pk
    bands = done.counts["hours"]["bands"]
    assert sum(one["calls"] for one in bands.values()) == len(waiting)
    assert done.counts["hours"]["contacts"] >= done.counts["hours"]["spread"]


def test_nobody_is_left_without_a_call_because_an_hour_is_to_come(taught: Cast) -> None:
    cast = taught
    in_force(cast)
    run(cast)
    with acting(cast.tenant.id):
        Action.objects.filter(status="planned", channel="call").update(preferred_at=NOW + timedelta(hours=5))
        assert take_next(by=cast.beto, at=NOW) is not None


def test_without_a_model_the_day_is_as_it_was(own_database: Any, tmp_state: Any) -> None:
    cast = ready()
    done = run(cast)
    assert done.counts["hours"] == {} and done.counts["reach_model"] == ""
    with acting(cast.tenant.id):
        assert strategy.snapshot_row(cast.accounts["maria"].id, on=TODAY)[1]["best_hour"] is None
        assert not Action.objects.exclude(preferred_at=None).exists()


def test_the_sql_of_the_day_says_what_the_model_says(taught: Cast) -> None:
    cast = taught
    model = score.reach_from_json(in_force(cast).card)
    run(cast)
    with acting(cast.tenant.id):
        row = strategy.snapshot_row(cast.accounts["maria"].id, on=TODAY)[1]
    kind = f"{row['kind']}/{row['product']}/{row['stage']}"
    # Of the calls of 180 days that taught it, those of the last 90 are the person's own here: all of them.
    assert row["evening_contact_probability"] == pytest.approx(model.hours.rate(kind, "evening", tried=CALLS // 2, reached=CALLS // 2))
    assert row["midday_contact_probability"] == pytest.approx(model.hours.rate(kind, "midday"))


def test_a_written_answer_or_a_payment_counts_for_a_message_and_silence_counts_when_its_time_is_over(taught: Cast) -> None:
    cast = taught
    with acting(cast.tenant.id):
        one = cast.accounts["maria"]
        base = {"created_at": NOW, "person_id": one.holder_id, "account_id": one.id, "status": "done"}
        for back in (5, 1):
            Action.objects.create(**base, direction="out", channel="sms", is_attempt=True, occurred_at=NOW - timedelta(days=back))
        Action.objects.create(**base, direction="in", channel="sms", occurred_at=NOW - timedelta(days=4))
    with acting(cast.tenant.id):
        _, channels = reads.lesson(tenant=cast.tenant, at=NOW)
    sms = [row for row in channels.to_pylist() if row["choice"] == "sms"]
    assert [row["happened"] for row in sms] == [True]


def test_the_agent_reads_the_hour_and_its_reason_and_the_manager_the_plan(taught: Cast) -> None:
    cast = taught
    in_force(cast)
    done = run(cast)
    why = text(signed_in(cast.ana).get(f"/cuentas/{cast.accounts['maria'].id}/por-que/"))
    assert "Mejor hora" in why and "17 a 21 h" in why and "llamadas en esa franja" in why
    page = text(signed_in(cast.gabriel).get(f"/jornadas/{done.id}/"))
    assert "A qué hora se llama" in page and "Contactos esperados" in page


def test_training_is_asked_for_on_the_page_and_too_few_contacts_are_told(own_database: Any, tmp_state: Any) -> None:
    cast = ready()
    client = signed_in(cast.gabriel)
    assert client.post("/estrategia/modelos/entrenar/", {"target": "reach", "horizon_days": 5}).status_code == 302
    train_reach_task(str(cast.tenant.id), "reach", 5, "", TODAY.isoformat(), str(cast.gabriel.id))
    page = text(client.get("/estrategia/modelos/"))
    assert "Mejor hora y mejor canal" in page and "intentos de contacto con resultado" in page


def test_the_page_of_the_model_shows_its_rates(taught: Cast) -> None:
    cast, model = taught, in_force(taught)
    page = text(signed_in(cast.gabriel).get(f"/estrategia/modelos/{model.id}/"))
    assert "por hora de la llamada" in page and "17 a 21 h" in page and "intentos propios" in page


def test_the_person_is_told_what_stands_behind_and_may_have_it_looked_at(taught: Cast) -> None:
    cast = taught
    rows = [{"dpd": day % 200, "on": TODAY - timedelta(days=day % 9), "happened": day % 200 < 60 or day % 7 == 0} for day in range(1200)]
    card = score.train(pa.Table.from_pylist(rows), "happened", name="pay", facts=["dpd"], horizon_days=30, compare=False).card
    with acting(cast.tenant.id):
        scores.activate(scores.propose(target="pay", card=card, quality={}, source="file", note="", by=cast.ana, at=NOW), note="", by=cast.gabriel, at=NOW)
    run(cast)
    client = signed_in(cast.ana)
    at = f"/cuentas/{cast.accounts['maria'].id}/por-que/"
    page = text(client.get(at))
    assert "Días de atraso" in page and "de cada 100 cuentas como la suya" in page and "pedir que una persona lo revise" in page
    assert client.post(f"{at}revision/", {"channel": "call", "text": ""}).status_code == 302
    with acting(cast.tenant.id):
        assert not RightsRequest.objects.exists()
    said = client.post(f"{at}revision/", {"channel": "call", "text": "Perdió su empleo y no paga desde entonces"}, follow=True)
    with acting(cast.tenant.id):
        made = RightsRequest.objects.get()
        assert made.kind == "human_review" and made.person_id == cast.accounts["maria"].holder_id and made.due_on >= timezone.now().date()
        assert Event.objects.filter(name="rights.received").count() == 1
    assert made.folio in text(said)
