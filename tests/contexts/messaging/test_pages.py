"""The pages of messaging: who may open and do what, and that they say what they must."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.cast import make_cast
from tests.contexts.messaging.scenes import point, ready, released, send, sent, wave

from recaudo.casework import services as casework
from recaudo.casework.models import Action, Case, ContactPause
from recaudo.journal.services import SYSTEM
from recaudo.kernel.permissions import ROLES
from recaudo.messaging import services as messaging
from recaudo.messaging.models import Message, Template
from recaudo.portfolio.models import Consent
from recaudo.store import tenancy

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)  # pages ask the real clock: what must be in force by then began before


@pytest.fixture
def cast(db: Any) -> Iterator[Any]:
    people = make_cast()
    with tenancy.acting(people.tenant.id):
        ready(people)
    yield people


def as_(user: Any) -> Client:
    client = Client(enforce_csrf_checks=False)
    with tenancy.identifying():
        client.force_login(user, backend="recaudo.workforce.backends.StaffBackend")
    return client


def made(cast: Any, make: Any) -> Any:
    with tenancy.acting(cast.tenant.id):
        return make()


def test_the_waves_page_shows_what_waits_and_hides_the_buttons_from_who_may_not(cast: Any) -> None:
    found = made(cast, lambda: wave(cast, "maria", "pedro"))
    page = as_(cast.sofia).get(reverse("messaging:waves")).content.decode()
    assert "Espera liberación" in page and "Pausar contacto" in page
    detail = as_(cast.carmen).get(reverse("messaging:wave", args=[found.id])).content.decode()
    assert "Liberar 2" not in detail and "··5678" in detail and "+525512345678" not in detail


def test_the_same_person_cannot_release_what_they_prepared(cast: Any) -> None:
    found = made(cast, lambda: wave(cast, "maria", prepared_by=cast.gabriel))
    refused = as_(cast.gabriel).post(reverse("messaging:wave-release", args=[found.id]))
    assert refused.status_code == 403
    assert as_(cast.sofia).post(reverse("messaging:wave-release", args=[found.id])).status_code == 302
    made(cast, found.refresh_from_db)
    assert (found.status, found.released_by_id) == ("released", cast.sofia.id)


def test_a_wave_of_the_schedule_is_reviewed_by_one_and_released_by_another(cast: Any) -> None:
    found = made(cast, lambda: wave(cast, "maria", prepared_by=SYSTEM))
    address, release = reverse("messaging:wave", args=[found.id]), reverse("messaging:wave-release", args=[found.id])
    page = as_(cast.gabriel).get(address).content.decode()
    assert "Marcar como revisado" in page and "Nadie consta como responsable" in page
    assert as_(cast.gabriel).post(release, {"only_review": "1"}).status_code == 302
    made(cast, found.refresh_from_db)
    assert (found.status, found.prepared_by_id) == ("awaiting_release", cast.gabriel.id)
    assert "Usted responde por este envío" in as_(cast.gabriel).get(address).content.decode()
    assert as_(cast.gabriel).post(release).status_code == 403
    assert as_(cast.sofia).post(release, {"only_review": "1"}).status_code == 409
    assert f"Responde por este envío {cast.gabriel.name}" in as_(cast.sofia).get(address).content.decode()
    assert as_(cast.sofia).post(release).status_code == 302
    made(cast, found.refresh_from_db)
    assert (found.status, found.released_by_id) == ("released", cast.sofia.id)


def test_pause_and_resume_are_seen_on_the_page(cast: Any) -> None:
    client = as_(cast.sofia)
    client.post(reverse("messaging:pause"), {"scope": "channel:sms", "reason": "Proveedor caído"})
    page = client.get(reverse("messaging:waves")).content.decode()
    assert "Contacto en pausa: SMS" in page and "Proveedor caído" in page
    pause = made(cast, ContactPause.objects.get)
    client.post(reverse("messaging:resume", args=[pause.id]))
    assert "Contacto en pausa" not in client.get(reverse("messaging:waves")).content.decode()


def test_a_pause_needs_a_reason(cast: Any) -> None:
    as_(cast.sofia).post(reverse("messaging:pause"), {"scope": "all", "reason": " "})
    assert made(cast, ContactPause.objects.count) == 0


def test_a_withdrawn_wave_cancels_its_messages_and_keeps_the_reason(cast: Any) -> None:
    found = made(cast, lambda: wave(cast, "maria"))
    url = reverse("messaging:wave-withdraw", args=[found.id])
    assert as_(cast.sofia).post(url, {"reason": ""}).status_code == 302
    assert made(cast, lambda: Action.objects.get().status) == "planned"
    as_(cast.sofia).post(url, {"reason": "El texto tenía un error"})
    assert made(cast, lambda: Action.objects.get().status) == "cancelled"


def test_what_comes_back_is_simulated_in_the_mailbox(cast: Any) -> None:
    message = made(cast, lambda: sent(cast, "maria"))
    client = as_(cast.sofia)
    page = client.get(reverse("messaging:conversation", args=[message.person_id, "sms"])).content.decode()
    assert "REFMARIA" in page and "/baja/" in page
    client.post(reverse("messaging:simulate", args=[message.id]), {"kind": "read"})
    client.post(reverse("messaging:simulate", args=[message.id]), {"kind": "delivered"})
    assert made(cast, lambda: Message.objects.get(id=message.id).status) == "read"


def test_an_answer_waits_for_a_person_until_attended(cast: Any) -> None:
    message = made(cast, lambda: sent(cast, "maria"))
    client = as_(cast.sofia)
    client.post(reverse("messaging:reply", args=[message.person_id, "sms"]), {"text": "Pago el viernes"})
    page = client.get(reverse("messaging:mailbox")).content.decode()
    assert "Respuestas por atender" in page and "Pago el viernes" in page
    assert made(cast, lambda: Case.objects.get(person_id=message.person_id).next_at) is not None
    answer = made(cast, lambda: Message.objects.get(direction="in"))
    client.post(reverse("messaging:attend", args=[answer.id]))
    assert "Respuestas por atender" not in client.get(reverse("messaging:mailbox")).content.decode()


def test_the_stop_page_says_nothing_about_a_debt_or_a_name(cast: Any) -> None:
    token = made(cast, lambda: messaging.stop_token(cast.tenant.id, point(cast, "maria", "sms").id, "sms", on=cast.today))
    answer = Client().get(reverse("messaging:stop", args=[token]))
    page = answer.content.decode().lower()
    assert answer.status_code == 200 and "no deseo recibir" in page
    assert not [word for word in ("maría", "acreedor", "deuda", "saldo", "pago", "cobranza", "valle", "5678") if word in page]


def test_stopping_takes_effect_before_the_next_message(cast: Any) -> None:
    made(cast, lambda: released(cast, "maria"))
    token = made(cast, lambda: messaging.stop_token(cast.tenant.id, point(cast, "maria", "sms").id, "sms", on=cast.today))
    done = Client().post(reverse("messaging:stop", args=[token]), {"choice": "stop"})
    assert "No le enviaremos más mensajes por SMS" in done.content.decode()
    with tenancy.acting(cast.tenant.id):
        assert Consent.objects.get(kind="channel_optout").channels == ["sms"]
        assert send(cast).sent == 0


def test_saying_not_me_quarantines_the_number(cast: Any) -> None:
    token = made(cast, lambda: messaging.stop_token(cast.tenant.id, point(cast, "maria", "sms").id, "sms", on=cast.today))
    Client().post(reverse("messaging:stop", args=[token]), {"choice": "not_me"})
    with tenancy.acting(cast.tenant.id):
        assert point(cast, "maria", "sms").status == "wrong_party"
        assert point(cast, "maria", "im").status == "wrong_party"  # the same number in its other guise
        assert point(cast, "maria", "email").status == "valid"


def test_the_stop_page_asks_for_the_csrf_token_and_one_click_does_not(cast: Any) -> None:
    token = made(cast, lambda: messaging.stop_token(cast.tenant.id, point(cast, "maria", "email").id, "email", on=cast.today))
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(reverse("messaging:stop", args=[token]), {"choice": "stop"}).status_code == 403
    one_click = reverse("messaging:stop-one-click", args=[token])
    assert strict.get(one_click).status_code == 302  # to look is not to stop
    assert strict.post(one_click, {"List-Unsubscribe": "One-Click"}).status_code == 200
    with tenancy.acting(cast.tenant.id):
        assert Consent.objects.get(kind="channel_optout").channels == ["email"]


def test_a_forged_or_old_link_does_nothing(cast: Any) -> None:
    token = made(cast, lambda: messaging.stop_token(cast.tenant.id, point(cast, "maria", "sms").id, "sms", on=cast.today))
    forged = ("A" if token[10] != "A" else "B").join((token[:10], token[11:]))
    old = made(cast, lambda: messaging.stop_token(cast.tenant.id, point(cast, "maria", "sms").id, "sms", on=cast.today.replace(year=2024)))
    for bad in (forged, old, "x", token[:-4], "%00"):
        answer = Client().post(reverse("messaging:stop", args=[bad]), {"choice": "stop"})
        assert answer.status_code == 404
    assert made(cast, lambda: Consent.objects.filter(kind="channel_optout").count()) == 0


def test_a_template_goes_from_draft_to_use_with_a_second_person(cast: Any) -> None:
    elena, gabriel = as_(cast.elena), as_(cast.gabriel)
    text = "Hola, {nombre}: {acreedor}. Pague: {como_pagar} Ref. {referencia}. {enlace_baja}"
    form = {"name": "Prueba", "channel": "im", "code": "Prueba Uno", "subject": "", "body": text, "submit": "1"}
    elena.post(reverse("messaging:template-new"), form)
    template = made(cast, lambda: Template.objects.get(code="prueba_uno"))
    assert template.status == "submitted"
    assert elena.post(reverse("messaging:template-approve", args=[template.id])).status_code == 403
    assert gabriel.post(reverse("messaging:template-approve", args=[template.id])).status_code == 302
    made(cast, template.refresh_from_db)
    assert template.status == "approved"


def test_the_editor_previews_and_says_what_is_missing(cast: Any) -> None:
    client = as_(cast.elena)
    page = client.post(reverse("messaging:template-preview"), {"channel": "sms", "body": "<b>Hola</b> {nombre}, lo embargamos"}).content.decode()
    assert "Falta {referencia}" in page and "«embargamos» parece judicial" in page
    assert "&lt;b&gt;Hola&lt;/b&gt; María" in page


def test_a_message_by_hand_is_refused_on_the_page_with_the_rule(cast: Any) -> None:
    account = cast.accounts["maria"]
    made(cast, lambda: casework.open_hold(person=cast.maria, kind="dispute", reason="Aclaración", by=cast.ana, at=LONG_AGO))
    template = made(cast, lambda: Template.objects.get(code="aviso_mora_temprana", channel="sms"))
    url = reverse("messaging:send", args=[account.id])
    page = as_(cast.sofia).post(url, {"template": template.id, "point": ""}).content.decode()
    assert "No puede enviarse" in page and "Aclaración" in page
    assert made(cast, lambda: Action.objects.filter(treatment="manual").count()) == 0


PAGES = ["waves", "mailbox", "templates", "template-new"]
NEEDED = {"waves": {"message.view", "day.release"}, "mailbox": {"message.view"}, "templates": {"message.view", "template.edit"},
          "template-new": {"template.edit"}}  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_each_role_opens_what_its_permissions_say_and_nothing_else(cast: Any, page: str) -> None:
    for user in cast.users.values():
        if user.tenant_id != cast.tenant.id:
            continue
        granted = set().union(*(ROLES[code].permissions for code in user.roles))
        status = as_(user).get(reverse(f"messaging:{page}")).status_code
        assert status == (200 if granted & NEEDED[page] else 403), (page, user.name)
    assert Client().get(reverse(f"messaging:{page}")).status_code == 302


def test_another_organisation_finds_nothing(cast: Any) -> None:
    message = made(cast, lambda: sent(cast, "maria"))
    template = made(cast, lambda: Template.objects.first())
    victor = as_(cast.victor)
    for name, key in (("message", message.id), ("template", template.id), ("wave", message.action_id)):
        assert victor.get(reverse(f"messaging:{name}", args=[key])).status_code == 404
    assert victor.get(reverse("messaging:conversation", args=[message.person_id, "sms"])).status_code == 404
    assert victor.post(reverse("messaging:simulate", args=[message.id]), {"kind": "read"}).status_code == 404


@pytest.mark.parametrize(("page", "most"), [("waves", 12), ("mailbox", 12), ("templates", 12)])
def test_pages_ask_a_bounded_number_of_queries(cast: Any, django_assert_max_num_queries: Any, page: str, most: int) -> None:
    made(cast, lambda: (released(cast, "maria", "pedro"), send(cast)))
    client = as_(cast.sofia)
    client.get(reverse(f"messaging:{page}"))
    with django_assert_max_num_queries(most + 8):  # savepoints and the tenant's settings of the request are counted too
        client.get(reverse(f"messaging:{page}"))
