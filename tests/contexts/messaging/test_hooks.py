"""Providers that call us (check 37): signatures, ages, repeats, order, sizes; and the public page «¿no es usted?»."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.contexts.messaging.scenes import planned, point, ready, send, sent

from recaudo.casework.models import Action, Dispute, Hold
from recaudo.messaging import services as messaging
from recaudo.messaging.models import Message
from recaudo.portfolio.models import Consent

OLD, NEW = "whsec_" + base64.b64encode(b"o" * 24).decode(), "whsec_" + base64.b64encode(b"n" * 24).decode()


@pytest.fixture(autouse=True)
def scene(cast: Any, settings: Any) -> None:
    settings.SMS_HTTP = {**settings.SMS_HTTP, "webhook_secrets": f"{OLD},{NEW}"}
    ready(cast)


def call(cast: Any, said: Any, *, secret: str = OLD, key: str = "e-1", at: Any = None, signed: bytes | None = None, slug: str = "", **more: Any) -> Any:
    body = json.dumps(said).encode() if not isinstance(said, bytes) else said
    stamp = str(int((at or timezone.now()).timestamp()))
    text = f"{key}.{stamp}.".encode() + (signed if signed is not None else body)
    mac = base64.b64encode(hmac.new(base64.b64decode(secret.removeprefix("whsec_")), text, hashlib.sha256).digest()).decode()
    headers = {"HTTP_WEBHOOK_ID": key, "HTTP_WEBHOOK_TIMESTAMP": stamp, "HTTP_WEBHOOK_SIGNATURE": f"v1a,zzz v1,{mac}"}
    path = f"/avisos/sms/http/{slug or cast.tenant.slug}/"
    return Client().post(path, body, content_type="application/json", **{**headers, **more})


def told(message: Message, kind: str = "delivered") -> dict[str, Any]:
    return {"type": f"message.{kind}", "data": {"id": message.provider_id}}


def carried(cast: Any) -> Message:
    message = sent(cast)
    Message.objects.filter(id=message.id).update(provider="http")
    return message


def test_a_signed_receipt_moves_the_message_once_and_forward_only(cast: Any) -> None:
    message = carried(cast)
    assert call(cast, told(message, "read"), key="e-1").status_code == 200
    assert call(cast, told(message, "delivered"), key="e-2", secret=NEW).status_code == 200  # late, and with the new secret
    assert call(cast, told(message, "failed"), key="e-1").status_code == 200  # the same id again
    assert Message.objects.get().status == "read"


@pytest.mark.parametrize(
    "how",
    [{"secret": "whsec_" + base64.b64encode(b"x" * 24).decode()}, {"HTTP_WEBHOOK_SIGNATURE": ""}, {"HTTP_WEBHOOK_ID": ""},
     {"HTTP_WEBHOOK_TIMESTAMP": "x"}, {"at": "past"}, {"at": "future"}, {"signed": b"other"}],
)  # fmt: skip
def test_what_is_not_signed_now_changes_nothing(cast: Any, how: dict[str, Any]) -> None:
    message = carried(cast)
    if "at" in how:
        how = {"at": timezone.now() + timedelta(minutes=6) * (1 if how["at"] == "future" else -1)}
    answer = call(cast, told(message), **how)
    assert answer.status_code == 401 and answer.headers["Content-Type"] == "application/problem+json"
    assert Message.objects.get().status == "sent"


def test_another_tenants_secret_opens_nothing_here(cast: Any, settings: Any) -> None:
    message = carried(cast)
    settings.HOOK_SECRETS = {f"{cast.other_tenant.slug}:sms:http": {"webhook_secrets": NEW}, f"{cast.tenant.slug}:sms:http": {"webhook_secrets": OLD}}
    assert call(cast, told(message), secret=NEW).status_code == 401
    assert call(cast, told(message), secret=NEW, slug=cast.other_tenant.slug).status_code == 200  # signed well, but nobody's message there
    assert Message.objects.get().status == "sent"


def test_an_organisation_that_is_not_there_answers_like_one_that_is(cast: Any) -> None:
    unsigned = [call(cast, {}, slug=slug, HTTP_WEBHOOK_SIGNATURE="") for slug in ("no-existe", cast.tenant.slug)]
    assert [answer.status_code for answer in unsigned] == [401, 401]
    assert unsigned[0].content == unsigned[1].content
    assert call(cast, {}, slug="no-existe").status_code == 401, "not even with a good signature"


def test_a_provider_that_is_not_there_is_not_found_in_any_organisation(cast: Any) -> None:
    for slug in ("no-existe", cast.tenant.slug):
        assert Client().get(f"/avisos/sms/otro/{slug}/").status_code == 404
        assert Client().post(f"/avisos/sms/otro/{slug}/").status_code == 404


def test_a_large_call_is_refused_before_it_is_read(cast: Any) -> None:
    assert call(cast, b"x" * (300 * 1024)).status_code == 413


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"type": "message.delivered", "data": 3}', b"\xff\xfe"])
def test_what_is_not_in_the_agreed_form_is_refused(cast: Any, body: bytes) -> None:
    assert call(cast, body).status_code == 400


def test_what_somebody_writes_is_taken_once_and_acted_on(cast: Any) -> None:
    message = carried(cast)
    said = {"type": "message.received", "data": {"id": "i-1", "from": point(cast, "maria", "sms").value, "text": "Ya pagué", "in_reply_to": message.provider_id}}
    for key in ("e-1", "e-2"):
        assert call(cast, said, key=key).status_code == 200
    answer = Message.objects.get(direction="in")
    assert (answer.reason, answer.account_id) == ("payment_claim", cast.accounts["maria"].id)
    hold = Hold.objects.get(kind="payment_claim")
    assert hold.account_id == cast.accounts["maria"].id and hold.until_at is not None


def test_a_letter_that_the_database_cannot_hold_does_not_lose_the_call(cast: Any) -> None:
    said = {"type": "message.received", "data": {"id": "i-1", "from": point(cast, "maria", "sms").value, "text": "Ya pag\ud83du\x00é"}}
    assert call(cast, said).status_code == 200
    assert Message.objects.get(direction="in").body == "Ya pag?u é"


def test_a_secret_of_nothing_opens_nothing(cast: Any, settings: Any) -> None:
    settings.SMS_HTTP = {**settings.SMS_HTTP, "webhook_secrets": "whsec_"}
    assert call(cast, told(carried(cast)), secret="whsec_").status_code == 401


def test_a_number_that_nobody_has_is_heard_and_forgotten(cast: Any) -> None:
    assert call(cast, {"type": "message.received", "data": {"id": "i-1", "from": "+10000000000", "text": "BAJA"}}).status_code == 200
    assert not Message.objects.filter(direction="in").exists() and not Consent.objects.filter(kind="channel_optout").exists()


def test_a_claimed_payment_stops_what_is_planned_and_is_not_held_twice(cast: Any) -> None:
    planned(cast, "maria", "email")
    for _ in range(2):
        messaging.receive(point=point(cast, "maria", "sms"), channel="sms", provider="x", text="ya deposité ayer", at=cast.now)
    assert Hold.objects.filter(kind="payment_claim").count() == 1
    assert send(cast).sent == 0 and Action.objects.get(channel="email").status == "cancelled"


def test_a_debt_that_is_not_recognised_opens_a_dispute(cast: Any) -> None:
    messaging.receive(point=point(cast, "maria", "im"), channel="im", provider="x", text="No reconosco la deuda", at=cast.now)
    assert Dispute.objects.get().kind == "debt"
    planned(cast, "maria", "email")
    assert send(cast).by_rule == {"HOUSE-HOLD": 1}


def path_of(body: str) -> str:
    return "/no-soy-yo/" + body.split("/no-soy-yo/")[1].split()[0]


def test_a_first_contact_offers_not_me_and_a_second_does_not(cast: Any) -> None:
    first = sent(cast, "maria", "email")
    assert "/no-soy-yo/" in first.body
    sms = sent(cast, "pedro", "sms")
    assert "Responda NO SOY YO" in sms.body and messaging.recognise("NO SOY YO") == "wrong_party"
    planned(cast, "maria", "email", at=cast.now + timedelta(days=8))
    assert send(cast, at=cast.now + timedelta(days=8)).sent == 1
    second = Message.objects.filter(channel="email").order_by("-sent_at")[0]
    assert "/no-soy-yo/" not in second.body


def test_looking_at_the_page_changes_nothing_and_one_press_does(cast: Any) -> None:
    message = sent(cast, "maria", "email")
    browser, path = Client(), path_of(message.body)
    page = browser.get(path)
    text = page.content.decode()
    assert page.status_code == 200 and point(cast, "maria", "email").status == "valid"
    for told_too_much in ("María", "López", "Acreedor", "deuda", "2,500", "REFMARIA", "MX"):
        assert told_too_much not in text
    assert browser.post(path).status_code == 200
    assert point(cast, "maria", "email").status == "wrong_party"
    assert Action.objects.filter(direction="in", disposition="DG10").count() == 1


def test_pressing_without_end_writes_no_more_than_pressing_once(cast: Any) -> None:
    path = path_of(sent(cast, "maria", "email").body)
    for _ in range(3):
        assert Client().post(path).status_code == 200
    assert Action.objects.filter(direction="in", disposition="DG10").count() == 1
    other = "/baja/" + path_of(sent(cast, "pedro", "email").body).split("/")[2] + "/"
    for _ in range(3):
        assert Client().post(f"{other}un-clic/").status_code == 200
    assert Action.objects.filter(direction="in", disposition="DG08").count() == 1


def test_wishes_of_a_day_have_an_end(cast: Any) -> None:
    path = "/baja/" + path_of(sent(cast, "maria", "email").body).split("/")[2] + "/"
    answers = [Client().post(path, {"choice": choice}).status_code for choice in ["morning", "morning", *["evening", "morning"] * 5]]
    assert answers == [*[200] * 11, 429] and Message.objects.filter(direction="in").count() == 10


def test_a_forged_link_says_nothing(cast: Any) -> None:
    path = path_of(sent(cast, "maria", "email").body)
    forged = path[:14] + ("A" if path[14] != "A" else "B") + path[15:]
    assert Client().post(forged).status_code == 404
    assert point(cast, "maria", "email").status == "valid"
