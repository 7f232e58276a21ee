"""Something happens to an account during the day: the strategy that decided it in the morning decides it again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from tests.cast import NOW, TODAY
from tests.contexts.flow.worlds import place, ready, run, signed_in, text

from recaudo.agreements import services as agreements
from recaudo.casework import services as casework
from recaudo.casework.models import Action, Hold, Wave
from recaudo.casework.words import CANCEL_ES
from recaudo.flow.queries.now import READ_NOW, facts_now
from recaudo.flow.queries.why import redecisions
from recaudo.flow.reactions import REACTIONS
from recaudo.flow.services.redecide import MILD, redecide
from recaudo.journal.models import Event
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, Preference
from recaudo.store.tenancy import acting
from recaudo.strategy import queries as strategy
from recaudo.workforce.models import Capacity

LATER = NOW + timedelta(minutes=40)


@pytest.fixture
def cast(own_database: Any, tmp_state: Any) -> Any:
    cast = ready()
    run(cast)
    return cast


def pay(cast: Any, who: str, minor: int, at: Any = LATER) -> Any:
    account = cast.accounts[who]
    return portfolio.record_payment(
        account=account, amount_minor=minor, currency=account.currency, paid_on=TODAY, external_id=f"P-{who}-{minor}", by=cast.raul, at=at,
    )  # fmt: skip


def of(cast: Any, who: str) -> list[Event]:
    return redecisions(cast.accounts[who].id, on=TODAY)


def opened(cast: Any, who: str, **given: Any) -> list[Action]:
    return list(Action.objects.filter(account_id=cast.accounts[who].id, direction="out", **given).order_by("created_at", "id"))


def test_the_facts_of_now_are_those_of_the_morning_while_nothing_happened(cast: Any) -> None:
    with acting(cast.tenant.id):
        for account in Account.objects.all():
            kept = strategy.snapshot_row(account.id, on=TODAY)
            assert kept is not None
            now = facts_now(account.id, on=TODAY, at=NOW)
            assert now == {name: kept[1][name] for name in READ_NOW}
            assert redecide(account.id, cause="payment.applied", at=NOW) is None


def test_a_payment_decides_its_account_again_and_says_by_which_row(cast: Any) -> None:
    with acting(cast.tenant.id):
        pay(cast, "maria", 250_000)
        (event,) = of(cast, "maria")
        assert event.detail["cause"] == "payment.applied" and event.detail["before"] != event.detail["after"]
        assert event.detail["rows"]["treatment"] and event.detail["reason"]
        kept = strategy.snapshot_row(cast.accounts["maria"].id, on=TODAY)
        assert kept is not None and event.detail["version_sha256"] == kept[1]["decided_by"]
        assert event.detail["before"]["treatment"] == kept[1]["treatment"]
        assert not opened(cast, "maria", status="planned", treatment=kept[1]["treatment"])
    client = signed_in(cast.sofia)
    page = text(client.get(f"/cuentas/{cast.accounts['maria'].id}/por-que/"))
    assert "Volvió a decidirse" in page and "por un pago" in page and f"fila {event.detail['rows']['treatment'][0]}" in page
    assert "Volvió a decidirse" in text(client.get(f"/cuentas/{cast.accounts['maria'].id}/"))


def test_a_payment_and_its_reversal_bring_the_decision_back(cast: Any) -> None:
    with acting(cast.tenant.id):
        payment = pay(cast, "maria", 250_000)
        portfolio.reverse_payment(payment, reason="rebotó", by=cast.raul, at=LATER + timedelta(minutes=5))
        back, first = of(cast, "maria")
    assert back.detail["cause"] == "payment.reversed"
    assert back.detail["after"]["treatment"] == first.detail["before"]["treatment"]


def test_what_is_planned_and_no_longer_fits_is_cancelled_with_the_reason(cast: Any) -> None:
    with acting(cast.tenant.id):
        maria = cast.accounts["maria"]
        action = opened(cast, "maria", status="planned")[0]
        Account.objects.filter(pk=maria.pk).update(dpd=0, bucket="CUR", overdue_minor=0, stage="preventive", status="current")
        done = redecide(maria.id, cause="action.closed", at=LATER)
        assert done is not None and done.cancelled == 1
        action.refresh_from_db()
        assert (action.status, action.cancelled_reason) == ("cancelled", "redecided")


def test_a_callback_that_a_person_asked_for_is_left_alone(cast: Any) -> None:
    with acting(cast.tenant.id):
        maria = cast.accounts["maria"]
        callback = casework.open_action(person=cast.maria, account=maria, channel="call", treatment="callback", by=cast.ana, at=NOW)
        Account.objects.filter(pk=maria.pk).update(dpd=0, bucket="CUR", overdue_minor=0, stage="preventive", status="current")
        assert redecide(maria.id, cause="action.closed", at=LATER) is not None
        callback.refresh_from_db()
        assert callback.status == "planned"


def worsen(cast: Any, who: str) -> None:
    """The account goes to the late buckets: the strategy wants another treatment, and a contact."""
    Account.objects.filter(pk=cast.accounts[who].pk).update(dpd=75, bucket="B3", stage="late", instalments_overdue=3)


def free(cast: Any, who: str) -> None:
    Action.objects.filter(account_id=cast.accounts[who].id, status="planned").update(status="expired")


def test_a_new_action_is_opened_on_the_way_that_the_strategy_wants_now(cast: Any) -> None:
    with acting(cast.tenant.id):
        free(cast, "maria")
        worsen(cast, "maria")
        done = redecide(cast.accounts["maria"].id, cause="promise.broken", at=LATER)
        assert done is not None and done.opened in (done.after["channel"], "sms", "im", "email", "call"), done
        (action,) = opened(cast, "maria", status="planned")
        assert (action.channel, action.treatment, action.planned_on) == (done.opened, done.after["treatment"], TODAY)
        assert action.permit_valid_until is None, "the permit is asked at the contact"
        if done.opened in casework.SENT_CHANNELS:
            wave = Wave.objects.get(pk=action.wave_id)
            assert wave.status == "awaiting_release" and wave.action_count == Action.objects.filter(wave_id=wave.id).count()


def test_a_full_channel_opens_nothing(cast: Any) -> None:
    with acting(cast.tenant.id):
        free(cast, "maria")
        worsen(cast, "maria")
        Capacity.objects.update(units=0)
        done = redecide(cast.accounts["maria"].id, cause="promise.broken", at=LATER)
        assert done is not None and (done.opened, done.not_opened) == ("", "capacity")
        assert not opened(cast, "maria", status="planned")


@pytest.mark.parametrize("how", ["opted_out", "chosen", "hold"])
def test_nothing_is_opened_on_a_way_that_the_person_shut(cast: Any, how: str) -> None:
    with acting(cast.tenant.id):
        free(cast, "maria")
        worsen(cast, "maria")
        maria = cast.maria
        if how == "opted_out":
            channels = ["call", "prerecorded", "sms", "im", "email", "visit", "letter"]
            portfolio.give_consent(person=maria, kind="channel_optout", channels=channels, source="debtor", evidence="", by=cast.ana, at=NOW)
        elif how == "chosen":
            Preference.objects.create(person=maria, channel="push", created_at=NOW)
        else:
            for channel in ("call", "prerecorded", "sms", "im", "email", "visit", "letter"):
                Hold.objects.create(person=maria, kind="opt_out", channel=channel, reason="x", from_at=NOW, created_at=NOW)
        done = redecide(cast.accounts["maria"].id, cause="promise.broken", at=LATER)
        assert done is not None and (done.opened, done.not_opened) == ("", "wish"), done
        assert not opened(cast, "maria", status="planned")


def test_the_last_place_is_given_once(cast: Any) -> None:
    with acting(cast.tenant.id):
        for who in ("maria", "pedro"):
            free(cast, who)
            worsen(cast, who)
        first = redecide(cast.accounts["maria"].id, cause="promise.broken", at=LATER)
        assert first is not None and first.opened
        taken = Action.objects.filter(channel=first.opened, status="planned", planned_on=TODAY).count()
        Capacity.objects.exclude(channel=first.opened).update(units=0)
        Capacity.objects.filter(channel=first.opened).update(units=taken)
        second = redecide(cast.accounts["pedro"].id, cause="promise.broken", at=LATER)
        assert second is not None and (second.opened, second.not_opened) == ("", "capacity")


def test_what_a_hold_stopped_is_not_opened_again_when_it_ends(cast: Any) -> None:
    with acting(cast.tenant.id):
        maria = cast.accounts["maria"]
        assert opened(cast, "maria", status="planned")
        hold = casework.open_hold(person=cast.maria, kind="dispute", reason="revisión", by=cast.carmen, at=LATER, account=maria)
        (held,) = of(cast, "maria")
        assert held.detail["cause"] == "hold.opened"
        assert {one.cancelled_reason for one in opened(cast, "maria")} == {"hold"}
        casework.release_hold(hold, reason="listo", by=cast.carmen, at=LATER + timedelta(minutes=5))
        ended = of(cast, "maria")[0]
        assert (ended.detail["cause"], ended.detail["opened"], ended.detail["not_opened"]) == ("hold.released", "", "stopped")
        assert not opened(cast, "maria", status="planned")


def test_what_a_stop_cancelled_stays_cancelled_that_day(cast: Any) -> None:
    for reason in sorted(set(CANCEL_ES) - set(MILD)):
        with acting(cast.tenant.id):
            assert casework.cancel_pending(reason=reason, by=cast.carmen, at=LATER, person_id=cast.maria.id)
            worsen(cast, "maria")
            done = redecide(cast.accounts["maria"].id, cause="action.closed", at=LATER)
            assert done is not None and (done.opened, done.not_opened) == ("", "stopped"), reason
            assert not opened(cast, "maria", status="planned")
            transaction.set_rollback(True)


def test_a_promise_decides_again_and_opens_no_collection(cast: Any) -> None:
    with acting(cast.tenant.id):
        agreements.make_promise(
            account=cast.accounts["maria"], person=cast.maria, amount_minor=100_000, due_on=TODAY + timedelta(days=3), channel="call", by=cast.ana, at=LATER, on=TODAY
        )  # fmt: skip
        assert [event.detail["cause"] for event in of(cast, "maria")] == ["promise.made"]
        assert not opened(cast, "maria", status="planned", purpose="collection")


def test_before_the_day_is_run_nothing_happens(own_database: Any, tmp_state: Any) -> None:
    cast = ready()
    with acting(cast.tenant.id):
        pay(cast, "maria", 100_000)
        assert not Event.objects.filter(name="account.redecided").exists()


def test_a_lost_photo_does_not_refuse_a_payment(cast: Any, tmp_state: Any) -> None:
    for file in (tmp_state / "snapshots").rglob("*.parquet"):
        file.write_bytes(b"not a photo")
    with acting(cast.tenant.id):
        assert pay(cast, "maria", 100_000).status == "applied"
        assert not of(cast, "maria")


def test_an_account_that_owes_nothing_more_is_not_decided(cast: Any) -> None:
    with acting(cast.tenant.id):
        pay(cast, "pedro", 900_000)
        assert not of(cast, "pedro") and not opened(cast, "pedro", status="planned")


def test_what_deciding_again_causes_does_not_decide_again() -> None:
    assert not {"account.redecided", "action.opened", "action.cancelled", "actions.cancelled", "wave.prepared"} & set(REACTIONS)


def test_the_version_of_the_arm_decides_not_the_champion(cast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with acting(cast.tenant.id):
        champion = strategy.active_version()
        xml = champion.xml.replace('"WHATSAPP_SOFT"', '"REST"').replace('"CALL_AGENT"', '"REST"').replace('"CALL_PRIORITY"', '"REST"')
        from recaudo.strategy import services

        other = services.create_strategy(code="other", name="Otra", xml=xml.encode(), by=cast.elena, at=NOW)
        type(other).objects.filter(pk=other.pk).update(strategy=champion.strategy, number=champion.number + 1)
        whole = strategy.snapshot_row

        def of_the_arm(account_id: Any, **given: Any) -> Any:
            snapshot, row = whole(account_id, **given)
            return snapshot, {**row, "decided_by": other.sha256, "arm": "retador"}

        monkeypatch.setattr("recaudo.flow.services.redecide.strategy.snapshot_row", of_the_arm)
        pay(cast, "maria", 10_000)
        (event,) = of(cast, "maria")
    assert (event.detail["version_sha256"], event.detail["arm"]) == (other.sha256, "retador")


def test_an_agency_reads_that_its_account_was_decided_again(own_database: Any, tmp_state: Any) -> None:
    cast = ready()
    place(cast, "maria")
    run(cast)
    with acting(cast.tenant.id):
        pay(cast, "maria", 250_000)
    with acting(cast.tenant.id, cast.agencies["NORTE"].id):
        assert len(of(cast, "maria")) == 1
    with acting(cast.tenant.id, cast.agencies["SUR"].id):
        assert not of(cast, "maria")
