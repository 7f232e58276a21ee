"""What comes back: receipts in any order, stop, «no soy yo», answers that wait for a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.contexts.messaging.scenes import planned, point, ready, released, send, sent

from recaudo.casework.models import Action, Case
from recaudo.journal.models import Event
from recaudo.messaging import queries
from recaudo.messaging import services as messaging
from recaudo.messaging.models import Message
from recaudo.messaging.services.inbox import ANSWER, CODE_OF
from recaudo.portfolio.models import Consent


@pytest.fixture(autouse=True)
def scene(cast: Any) -> None:
    ready(cast)


def receipt(message: Message, kind: str, at: Any, *, event: str = "", **detail: Any) -> bool:
    return messaging.record_receipt(
        provider="sandbox", event_id=event or f"{kind}-{at.isoformat()}", provider_message_id=message.provider_id, kind=kind, at=at,
        detail=detail,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("order", "ends"),
    [
        (["delivered", "read"], "read"),
        (["read", "delivered"], "read"),
        (["delivered", "delivered"], "delivered"),
        (["delivered", "failed"], "delivered"),
        (["failed", "delivered"], "delivered"),
        (["read", "failed", "delivered"], "read"),
        (["failed"], "failed"),
    ],
)
def test_a_state_only_moves_forward_whatever_the_order_of_receipts(cast: Any, order: list[str], ends: str) -> None:
    message = sent(cast, "maria", "email")
    for at, kind in enumerate(order, 1):
        receipt(message, kind, cast.now + timedelta(minutes=at))
    assert Message.objects.get().status == ends


def test_the_same_receipt_twice_does_nothing(cast: Any) -> None:
    message = sent(cast, "maria")
    assert receipt(message, "delivered", cast.now, event="e1")
    assert not receipt(message, "delivered", cast.now, event="e1")


def test_a_receipt_moves_the_action_too(cast: Any) -> None:
    message = sent(cast, "maria")
    receipt(message, "read", cast.now)
    action = Action.objects.get(id=message.action_id)
    assert (action.disposition, action.is_contact, action.is_attempt) == ("DG03", True, True)


def test_a_receipt_faster_than_our_own_note_is_not_lost(cast: Any) -> None:
    action = planned(cast, "maria")
    key = messaging.outbox.derived(action.created_at.date(), cast.tenant.id, "message", action.id)
    early = messaging.record_receipt(
        provider="sandbox", event_id="e1", provider_message_id=f"sandbox-{key}", kind="delivered", at=cast.now
    )
    assert not early
    assert send(cast).sent == 1
    assert Message.objects.get().status == "delivered"


def test_a_hard_bounce_takes_the_address_out_of_use(cast: Any) -> None:
    message = sent(cast, "maria", "email")
    receipt(message, "failed", cast.now, code="550")
    assert point(cast, "maria", "email").status == "invalid"
    assert (Message.objects.get().reason, point(cast, "maria", "sms").status) == ("550", "valid")


def test_a_soft_bounce_does_not(cast: Any) -> None:
    message = sent(cast, "maria", "email")
    receipt(message, "soft_failed", cast.now)
    assert Message.objects.get().status == "failed" and point(cast, "maria", "email").status == "valid"


def test_an_unknown_kind_or_message_changes_nothing(cast: Any) -> None:
    message = sent(cast, "maria")
    assert not receipt(message, "eaten", cast.now)
    assert not messaging.record_receipt(provider="sandbox", event_id="x", provider_message_id="nobody", kind="read", at=cast.now)
    assert Message.objects.get().status == "sent"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("BAJA", "DG08"), ("baja.", "DG08"), ("  Stop!! ", "DG08"), ("Quiero darme de baja", "DG08"), ("NO MÁS", "DG08"),
        ("por favor no me escriban más", "DG08"), ("no me contacten", "DG08"),
        ("No soy yo", "DG10"), ("número equivocado", "DG10"), ("no conozco a esa señora", "DG10"),
        ("no soy esa persona y dejen de escribir", "DG08"),  # a stop wins
        ("Pago el viernes", "DG05"), ("el cargo más alto no es mío", "DG05"), ("¿puedo cancelar mañana?", "DG05"), ("👍", "DG05"),
        ("ya bajaron los intereses?", "DG05"),
    ],
)  # fmt: skip
def test_replies_are_read(text: str, code: str) -> None:
    assert CODE_OF.get(messaging.recognise(text), ANSWER) == code


def test_baja_stops_the_channel_at_once_and_only_that_channel(cast: Any) -> None:
    message = sent(cast, "maria")
    planned(cast, "maria", "sms", at=cast.now)
    planned(cast, "maria", "email", at=cast.now)
    messaging.receive(point=point(cast, "maria", "sms"), channel="sms", provider="sandbox", text="BAJA", at=cast.now, reply_to=message)
    assert Consent.objects.get(kind="channel_optout").channels == ["sms"]
    assert Action.objects.filter(channel="sms", status="planned").count() == 0
    assert Action.objects.filter(channel="email", status="planned").count() == 1
    assert Event.objects.filter(name="message.opted_out").count() == 1


def test_a_later_message_on_a_stopped_channel_is_refused(cast: Any) -> None:
    messaging.opt_out(point=point(cast, "maria", "sms"), channel="sms", at=cast.now)
    planned(cast, "maria", "sms")
    done = send(cast)
    assert done.sent == 0 and done.refused == 1


def test_not_me_quarantines_the_number_and_cancels_what_waits_for_it(cast: Any) -> None:
    message = sent(cast, "maria")
    planned(cast, "maria", "im", at=cast.now)
    messaging.receive(point=point(cast, "maria", "sms"), channel="sms", provider="sandbox", text="No soy yo", at=cast.now, reply_to=message)
    assert {point(cast, "maria", channel).status for channel in ("sms", "im")} == {"wrong_party"}
    assert Action.objects.filter(channel="im", status="planned").count() == 0


def test_any_other_answer_waits_for_a_person_and_makes_the_case_due(cast: Any) -> None:
    message = sent(cast, "maria")
    at = cast.now + timedelta(minutes=3)
    answer = messaging.receive(
        point=point(cast, "maria", "sms"), channel="sms", provider="sandbox", text="Pago el viernes", at=at, reply_to=message
    )
    assert [one.id for one in queries.answers_waiting()] == [answer.id]
    assert answer.account_id == cast.accounts["maria"].id
    assert Case.objects.get(person_id=cast.maria.id, status="open").next_at == at
    messaging.attend(answer, by=cast.ana, at=at)
    assert not queries.answers_waiting().exists()


def test_an_answer_is_an_inbound_action_of_the_timeline(cast: Any) -> None:
    messaging.receive(point=point(cast, "maria", "im"), channel="im", provider="sandbox", text="Hola", at=cast.now)
    action = Action.objects.get(direction="in")
    assert (action.channel, action.disposition, action.status, action.is_contact) == ("im", "DG05", "done", True)


def test_a_stop_during_a_day_stops_the_wave_for_that_person_only(cast: Any) -> None:
    released(cast, "maria", "pedro")
    messaging.opt_out(point=point(cast, "maria", "sms"), channel="sms", at=cast.now)
    assert send(cast).sent == 1
    assert Message.objects.get().person_id == cast.people["pedro"].id
