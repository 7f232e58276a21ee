"""What goes out: only what is released, lawful and wanted at the second of sending."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.contexts.messaging.scenes import planned, point, ready, released, send, sent, wave

from recaudo.casework import services as casework
from recaudo.casework.models import Action, PermitRecord
from recaudo.casework.services.waves import SamePerson
from recaudo.journal.models import Event
from recaudo.messaging import services as messaging
from recaudo.messaging.adapters import NotSent, Outgoing
from recaudo.messaging.models import Message, Template
from recaudo.messaging.services.outbox import MAX_ATTEMPTS, Carriers, back_off
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import ContactPoint, Person
from recaudo.store.fields import blind_index

NIGHT = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)  # 23:00 in Mexico City


class Answering(Carriers):
    """Every channel's provider does what `answer` says with each message."""

    def __init__(self, answer: Any, *, idempotent: bool = False) -> None:
        super().__init__()
        self.answer, self.idempotent, self.sent = answer, idempotent, []

    def at_once(self, channel: str) -> int:
        return 1  # what a test does while a message is handed over happens in this thread and its transaction

    def of(self, channel: str, provider: str) -> Any:
        return self

    def send(self, outgoing: Outgoing) -> str:
        self.sent.append(outgoing)
        found = self.answer(outgoing) if callable(self.answer) else self.answer
        if isinstance(found, Exception):
            raise found
        return str(found)


@pytest.fixture(autouse=True)
def scene(cast: Any) -> None:
    ready(cast)


def test_a_wave_waits_for_release(cast: Any) -> None:
    found = wave(cast, "maria")
    assert send(cast).sent == 0
    with pytest.raises(SamePerson):
        casework.release_wave(found, by=cast.elena, at=cast.now)
    assert send(cast).sent == 0
    casework.release_wave(found, by=cast.sofia, at=cast.now)
    assert send(cast).sent == 1


def test_what_is_sent_is_one_action_done_with_its_permit(cast: Any) -> None:
    message = sent(cast)
    action = Action.objects.get(id=message.action_id)
    assert (message.status, message.provider, action.status, action.disposition) == ("sent", "sandbox", "done", "DG01")
    assert action.is_attempt and PermitRecord.objects.get(action_id=action.id).is_allowed
    assert Event.objects.filter(name="messages.sent").count() == 1


def test_sending_twice_sends_nothing_more(cast: Any) -> None:
    sent(cast)
    assert send(cast).sent == 0
    assert Message.objects.count() == 1


@pytest.mark.parametrize(("wrote_from", "is_open"), [("the same number", True), ("another number", False)])
def test_free_text_is_for_the_number_that_wrote_within_the_day(cast: Any, wrote_from: str, is_open: bool) -> None:
    here = point(cast, "maria", "im")
    planned(cast, "maria", "im")
    other = ContactPoint.objects.create(
        person=here.person, kind="im", value="+525500000042", value_index=blind_index("+525500000042", "im"), hint="··42", status="unverified",
        source="debtor", created_at=cast.now,
    )  # fmt: skip
    said = here if wrote_from == "the same number" else other
    messaging.receive(point=said, channel="im", provider="sandbox", text="Buenos días, ¿me explican mi saldo?", at=cast.now - timedelta(hours=2))
    carriers = Answering("id-1")
    assert messaging.dispatch(cast.tenant, at=cast.now, carriers=carriers).sent == 1
    assert [outgoing.in_session for outgoing in carriers.sent] == [is_open]


def test_a_withdrawn_wave_sends_nothing(cast: Any) -> None:
    casework.withdraw_wave(wave(cast, "maria"), by=cast.sofia, at=cast.now)
    assert send(cast).sent == 0
    assert Action.objects.get(channel="sms").status == "cancelled"


def test_every_message_says_how_to_pay_the_reference_and_how_to_stop(cast: Any) -> None:
    for channel in ("sms", "email"):
        planned(cast, "maria" if channel == "sms" else "pedro", channel)
    assert send(cast).sent == 2
    for message in Message.objects.all():
        assert "Pague en ventanilla." in message.body and "/baja/" in message.body
        assert f"REF{'MARIA' if message.channel == 'sms' else 'PEDRO'}" in message.body
        assert "{" not in message.body


def test_what_the_law_asks_for_must_be_filled_and_not_only_written(cast: Any) -> None:
    cast.tenant.settings = {}  # nobody answers for the messages: no name, no address
    planned(cast, "maria", "email")
    done = send(cast)
    assert done.by_rule == {"MX-CONTENT-REQUIRED": 1} and done.sent == 0
    ready(cast)
    planned(cast, "maria", "email")
    assert send(cast).sent == 1


def test_outside_the_hours_a_message_waits_for_the_next_window(cast: Any) -> None:
    released(cast, "maria")
    done = send(cast, at=NIGHT)
    action = Action.objects.get(channel="sms")
    assert (done.sent, done.postponed, action.status) == (0, 1, "planned")
    assert action.not_before_at == datetime(2026, 11, 25, 13, 0, tzinfo=UTC)  # 7:00
    assert send(cast, at=action.not_before_at - timedelta(minutes=1)).sent == 0
    assert send(cast, at=action.not_before_at).sent == 1


def test_a_message_that_would_come_too_late_ends(cast: Any) -> None:
    released(cast, "maria", expires_at=NIGHT + timedelta(hours=1))
    assert send(cast, at=NIGHT).refused == 1
    assert Action.objects.get(channel="sms").status == "refused"


def test_a_slow_provider_does_not_carry_us_past_the_closing(cast: Any) -> None:
    released(cast, "maria", "lucia", template="recordatorio_previo", purpose="reminder")
    now = [cast.now]

    def until_night(outgoing: Outgoing) -> str:
        now[0] = NIGHT
        return "x"

    done = messaging.dispatch(cast.tenant, at=cast.now, clock=lambda: now[0], carriers=Answering(until_night))
    assert (done.sent, done.postponed) == (1, 1)


def test_a_payment_between_planning_and_sending_stops_it(cast: Any) -> None:
    released(cast, "maria")
    account = cast.accounts["maria"]
    portfolio.record_payment(
        account=account, amount_minor=account.balance_minor or 1_250_000, currency="MXN", paid_on=cast.today, external_id="p-1",
        by=cast.raul, at=cast.now,
    )  # fmt: skip
    assert send(cast).sent == 0


def test_an_opt_out_between_choosing_and_sending_stops_it(cast: Any) -> None:
    """The opt-out arrives while the message before it in the same chunk is being handed over."""
    released(cast, "pedro", "maria")
    first: list[str] = []

    def other_opts_out(outgoing: Outgoing) -> str:
        if not first:
            first.append(outgoing.to)
            other = "maria" if outgoing.to == point(cast, "pedro", "sms").value else "pedro"
            messaging.opt_out(point=point(cast, other, "sms"), channel="sms", at=cast.now)
        return "x"

    carriers = Answering(other_opts_out)
    done = messaging.dispatch(cast.tenant, at=cast.now, carriers=carriers)
    assert len(carriers.sent) == 1 and done.sent == 1


@pytest.mark.parametrize("scope", ["all", "channel:sms", "creditor"])
def test_a_pause_stops_the_chunk_and_work_stays_planned(cast: Any, scope: str) -> None:
    released(cast, "pedro", "maria")
    paused: list[Any] = []

    def press(outgoing: Outgoing) -> str:
        other = "maria" if outgoing.to == point(cast, "pedro", "sms").value else "pedro"
        which = f"creditor:{cast.accounts[other].creditor_id}" if scope == "creditor" else scope
        if not paused:
            paused.append(casework.pause_contact(scope=which, reason="Simulacro", by=cast.sofia, at=cast.now))
        return "x"

    carriers = Answering(press)
    messaging.dispatch(cast.tenant, at=cast.now, carriers=carriers)
    messaging.dispatch(cast.tenant, at=cast.now, carriers=carriers)
    assert len(carriers.sent) == 1
    assert Action.objects.filter(status="planned").count() == 1
    casework.resume_contact(paused[0], by=cast.sofia, at=cast.now)
    messaging.dispatch(cast.tenant, at=cast.now, carriers=carriers)
    assert len(carriers.sent) == 2


def test_without_an_approved_template_nothing_goes_and_it_says_so(cast: Any) -> None:
    released(cast, "maria", template="no_existe")
    assert send(cast).failed == 1
    assert Action.objects.get(channel="sms").cancelled_reason == "no_template"


def test_a_retired_template_is_not_sent(cast: Any) -> None:
    template = Template.objects.get(code="aviso_mora_temprana", channel="sms")
    messaging.retire_template(template, by=cast.gabriel, at=cast.now)
    released(cast, "maria")
    assert send(cast).sent == 0


def test_what_cannot_be_sent_now_is_tried_again_later_and_less_often(cast: Any) -> None:
    released(cast, "maria")
    carriers, at = Answering(NotSent("retry", "503")), cast.now
    for attempt in range(1, MAX_ATTEMPTS):
        assert messaging.dispatch(cast.tenant, at=at, carriers=carriers).postponed == 1
        message = Message.objects.get()
        assert (message.status, message.attempts, message.not_before_at) == ("queued", attempt, at + back_off(attempt))
        assert messaging.dispatch(cast.tenant, at=at, carriers=carriers).postponed == 0  # no busy loop
        at = message.not_before_at
    assert messaging.dispatch(cast.tenant, at=at, carriers=carriers).failed == 1
    assert len(carriers.sent) == MAX_ATTEMPTS and len({one.key for one in carriers.sent}) == 1
    assert Message.objects.get().status == "failed"


def test_the_wait_is_what_the_provider_asked_for(cast: Any) -> None:
    released(cast, "maria")
    messaging.dispatch(cast.tenant, at=cast.now, carriers=Answering(NotSent("retry", "429", 900)))
    assert Action.objects.get(channel="sms").not_before_at == cast.now + timedelta(seconds=900)


def test_back_off_is_capped() -> None:
    assert [back_off(n).total_seconds() for n in (1, 2, 3, 20)] == [60, 120, 240, 3600]


def test_a_refused_address_is_marked_as_bad(cast: Any) -> None:
    released(cast, "maria")
    messaging.dispatch(cast.tenant, at=cast.now, carriers=Answering(NotSent("permanent", "550")))
    assert point(cast, "maria", "sms").status == "invalid"
    assert Message.objects.get().status == "failed"


@pytest.mark.parametrize("fault", [NotSent("unknown", "timeout"), ValueError("a fault of the adapter")])
def test_an_unknown_fate_is_never_tried_again(cast: Any, fault: Exception) -> None:
    released(cast, "maria")
    carriers = Answering(fault)
    assert messaging.dispatch(cast.tenant, at=cast.now, carriers=carriers).unknown == 1
    for hours in (1, 30):
        messaging.dispatch(cast.tenant, at=cast.now + timedelta(hours=hours), carriers=carriers)
        messaging.sweep(cast.tenant, at=cast.now + timedelta(hours=hours))
    assert len(carriers.sent) == 1
    assert Message.objects.get().status == "unknown"
    assert Action.objects.get(channel="sms").disposition == "DG01"  # the careful side: it counts as made


def test_a_message_that_waits_for_another_try_is_stopped_by_a_hold(cast: Any) -> None:
    released(cast, "maria")
    messaging.dispatch(cast.tenant, at=cast.now, carriers=Answering(NotSent("retry", "503")))
    casework.open_hold(person=cast.maria, kind="dispute", reason="Aclaración", by=cast.ana, at=cast.now)
    carriers = Answering("x")
    messaging.dispatch(cast.tenant, at=cast.now + timedelta(minutes=5), carriers=carriers)
    messaging.sweep(cast.tenant, at=cast.now + timedelta(minutes=5))
    assert carriers.sent == [] and Message.objects.get().status == "cancelled"


def test_data_in_a_name_is_printed_and_never_interpreted(cast: Any) -> None:
    name = "{saldo_total}=HYPERLINK(1) <b>Ana</b>\r\nBcc: otro@correo.example"
    Person.objects.filter(id=cast.maria.id).update(name=name, kind="legal")
    planned(cast, "maria", "email", template="estado_factura")
    carriers = Answering("x")
    messaging.dispatch(cast.tenant, at=cast.now, carriers=carriers)
    text = carriers.sent[0]
    assert "{saldo_total}=HYPERLINK(1) <b>Ana</b>" in text.body
    assert "\n" not in text.subject and "\r" not in text.subject


def test_the_message_carries_its_author_when_written_by_hand(cast: Any) -> None:
    account, template = cast.accounts["maria"], Template.objects.get(code="aviso_mora_temprana", channel="email")
    messaging.queue_message(account=account, template=template, point=point(cast, "maria", "email"), by=cast.sofia, at=cast.now)
    assert send(cast).sent == 1
    assert cast.sofia.name in Message.objects.get().body


def test_another_tenants_messages_are_not_sent(cast: Any) -> None:
    released(cast, "maria")
    assert messaging.dispatch(cast.other_tenant, at=cast.now).sent == 0
