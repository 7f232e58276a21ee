"""WhatsApp Cloud API: what we send, what every refusal becomes, and recorded calls of theirs (whatsapp/README.md)."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.contexts.messaging.scenes import planned, point, ready, released
from tests.fakes.carriers import AlwaysThe
from tests.fakes.gateway import gateway

from recaudo.casework.models import Action, Hold
from recaudo.messaging import services as messaging
from recaudo.messaging.adapters import BadSignature, Malformed, News, NotSent, Outgoing, transport
from recaudo.messaging.adapters.im.whatsapp_cloud import hooks
from recaudo.messaging.models import Message
from recaudo.messaging.services import outbox

RECORDED = Path(__file__).parent / "whatsapp"


def recorded(name: str) -> dict[str, bytes]:
    return {key: json.dumps(value).encode() for key, value in json.loads((RECORDED / f"{name}.json").read_text()).items()}


def carrier(url: str) -> Any:
    return transport("im", "whatsapp_cloud", {"url": url, "phone_id": "123", "token": "t", "deadline_seconds": 0.5})


def test_outside_the_window_a_template_goes_with_its_named_fields() -> None:
    with gateway() as peer:
        values = (("nombre", "María"), ("como_pagar", "Caja 1\nCaja   2"), ("quejas", ""))
        found = carrier(peer.url).send(Outgoing("k-1", "+525512345678", "texto", template="aviso", values=values))
        content = peer.taken["k-1"]
    assert found == "g-k-1"
    assert (content["type"], content["to"], content["messaging_product"]) == ("template", "525512345678", "whatsapp")
    assert content["template"] == {
        "name": "aviso", "language": {"code": "es"},
        "components": [{"type": "body", "parameters": [
            {"type": "text", "parameter_name": "nombre", "text": "María"},
            {"type": "text", "parameter_name": "como_pagar", "text": "Caja 1 Caja 2"},
            {"type": "text", "parameter_name": "quejas", "text": "-"},
        ]}],
    }  # fmt: skip


def test_inside_the_window_the_text_itself_goes() -> None:
    with gateway() as peer:
        carrier(peer.url).send(Outgoing("k-1", "+525512345678", "Hola, María", template="aviso", in_session=True))
        assert peer.taken["k-1"]["text"] == {"preview_url": False, "body": "Hola, María"}


@pytest.mark.parametrize("talked", [True, False])
def test_the_window_opens_with_what_the_person_wrote(cast: Any, settings: Any, talked: bool) -> None:
    settings.PROVIDERS = {**settings.PROVIDERS, "im": "whatsapp_cloud"}
    ready(cast)
    if talked:
        messaging.receive(point=point(cast, "maria", "im"), channel="im", provider="whatsapp_cloud", text="Hola, ¿cuánto debo?", at=cast.now)
    planned(cast, "maria", "im")
    with gateway() as peer:
        done = messaging.dispatch(cast.tenant, at=cast.now, carriers=AlwaysThe(carrier(peer.url)))
        assert done.sent == 1, done
        assert [content["type"] for content in peer.taken.values()] == ["text" if talked else "template"]
    # Meta's templates carry a button of their own: what is kept is what was sent.
    assert ("¿No es usted?" in Message.objects.get(direction="out").body) == talked


@pytest.mark.parametrize(
    ("status", "code", "kind", "everybody"),
    [("400", "131026", "permanent", False), ("400", "132001", "refused", False), ("400", "131049", "refused", False),
     ("429", "130429", "retry", True), ("400", "131056", "retry", False), ("401", "190", "retry", True), ("500", "131000", "unknown", False)],
)  # fmt: skip
def test_what_each_refusal_becomes(status: str, code: str, kind: str, everybody: bool) -> None:
    with gateway() as peer, pytest.raises(NotSent) as caught:
        peer.behaviour, peer.headers = status, {"code": code}
        carrier(peer.url).send(Outgoing("k-1", "+525512345678", "x", template="aviso"))
    assert (caught.value.kind, caught.value.everybody) == (kind, everybody)


def test_recorded_statuses_are_read() -> None:
    found = {name: hooks.read(body, "") for name, body in recorded("message_status").items()}
    assert found["sent"] == []  # the answer to our call said so already
    assert found["delivered"] == [News("delivered", "wamid.xyzxyz:delivered", "wamid.xyzxyz")]
    assert found["read"][0].kind == found["played"][0].kind == "read"
    assert (found["failed"][0].kind, found["failed"][0].code) == ("soft_failed", "130472")


def test_recorded_messages_are_read_and_pictures_are_named() -> None:
    found = {name: hooks.read(body, "") for name, body in recorded("message").items()}
    assert found["text"] == [News("inbound", "wamid.xyzxyz", sender="+972987654321", text="Body Text")]
    assert found["image"][0].text.startswith("[image]") and found["reply"][0].message_id
    assert found["reaction"] == found["unsupported"] == []
    assert all(hooks.read(body, "")[0].text for body in recorded("callback_button").values())


def test_the_recorded_signature_holds_and_nothing_else() -> None:
    vector = json.loads((RECORDED / "signature.json").read_text())
    body, options, at = vector["body"].encode(), {"app_secret": vector["app_secret"]}, timezone.now()
    hooks.verify({"x-hub-signature-256": vector["header"]}, body, options, at)
    bad = [({}, body, options), ({"x-hub-signature-256": vector["header"]}, body + b" ", options),
           ({"x-hub-signature-256": vector["header"]}, body, {"app_secret": "other"}), ({"x-hub-signature-256": vector["header"]}, body, {})]  # fmt: skip
    for headers, said, secrets in bad:
        with pytest.raises(BadSignature):
            hooks.verify(headers, said, secrets, at)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"entry": 3}', b'{"entry": [{"changes": [{}]}]}', b"\xff", b'{"entry": [{"changes": ["x"]}]}'])
def test_what_is_not_in_their_form_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        hooks.read(body, "")


def test_their_question_is_answered_only_with_our_word() -> None:
    given = {"hub.mode": "subscribe", "hub.verify_token": "palabra", "hub.challenge": "77"}
    assert hooks.challenge(given, {"verify_token": "palabra"}) == "77"
    for other in ({"verify_token": ""}, {"verify_token": "otra"}):
        with pytest.raises(BadSignature):
            hooks.challenge(given, other)


def test_a_released_wave_uses_the_template_code_as_metas_name(cast: Any, settings: Any) -> None:
    settings.PROVIDERS = {**settings.PROVIDERS, "im": "whatsapp_cloud"}
    ready(cast)
    released(cast, "maria", channel="im")
    with gateway() as peer:
        messaging.dispatch(cast.tenant, at=cast.now, carriers=AlwaysThe(carrier(peer.url)))
        content = next(iter(peer.taken.values()))
    assert content["template"]["name"] == "aviso_mora_temprana"
    assert {one["parameter_name"] for one in content["template"]["components"][0]["parameters"]} >= {"nombre", "saldo"}


# ---------------------------------------------------------------- what Meta tells us


def told(cast: Any, *, phone_id: str = "123", ago: timedelta = timedelta(minutes=1), key: str = "wamid.1", text: str = "Ya pagué", secret: str = "s") -> Any:
    """Meta calls: María wrote to one of our numbers some time ago."""
    stamp = str(int((timezone.now() - ago).timestamp()))
    said = {"from": point(cast, "maria", "im").value.lstrip("+"), "id": key, "timestamp": stamp, "type": "text", "text": {"body": text}}
    value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": phone_id}, "messages": [said]}
    body = json.dumps({"entry": [{"changes": [{"field": "messages", "value": value}]}]}).encode()
    mac = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return Client().post(f"/avisos/im/whatsapp_cloud/{cast.tenant.slug}/", body, content_type="application/json", HTTP_X_HUB_SIGNATURE_256=mac)


@pytest.fixture
def ours(cast: Any, settings: Any) -> None:
    settings.WHATSAPP = {**settings.WHATSAPP, "app_secret": "s", "phone_id": "123"}
    ready(cast)


@pytest.mark.parametrize(
    ("how", "taken"),
    [({}, 1), ({"phone_id": "999"}, 0), ({"ago": timedelta(days=8)}, 0), ({"ago": timedelta(minutes=-10)}, 0), ({"ago": timedelta(days=6)}, 1)],
    ids=["now", "another number", "too old", "of tomorrow", "late"],
)  # fmt: skip
def test_only_what_was_said_to_our_number_these_days_is_acted_on(cast: Any, ours: None, how: dict[str, Any], taken: int) -> None:
    assert told(cast, **how).status_code == 200  # Meta need not try again
    assert Hold.objects.filter(kind="payment_claim").count() == Message.objects.filter(direction="in").count() == taken


def test_a_tenant_with_its_own_number_and_secret_hears_only_those(cast: Any, ours: None, settings: Any) -> None:
    settings.HOOK_SECRETS = {f"{cast.tenant.slug}:im:whatsapp_cloud": {"app_secret": "propio", "phone_id": "777"}}
    assert told(cast).status_code == 401 and told(cast, secret="propio", key="wamid.2").status_code == 200
    assert not Message.objects.filter(direction="in").exists()
    told(cast, secret="propio", phone_id="777", key="wamid.3")
    assert Message.objects.filter(direction="in").count() == 1


def test_an_answer_that_came_a_day_late_opens_no_window(cast: Any, ours: None) -> None:
    told(cast, ago=timedelta(hours=30), text="Hola")
    message = Message.objects.get(direction="in")
    assert timezone.now() - message.delivered_at > timedelta(hours=29)
    action = Action(channel="im", contact_point_id=message.contact_point_id)
    assert outbox._talking([action], timezone.now()) == set()
    told(cast, ago=timedelta(hours=2), text="Hola", key="wamid.9")
    assert outbox._talking([action], timezone.now()) == {message.contact_point_id}
