"""The pages of the desk: what they show, to whom, and in how many queries."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.cast import NOW
from tests.contexts.casework.scenes import authorise, point

from recaudo.casework import services as casework
from recaudo.casework.models import Action, Case, IdentityCheck, InterruptingAct, PermitRecord
from recaudo.desk import queries as desk_queries
from recaudo.journal.models import Event
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, AccountParty, ContactPoint, Preference
from recaudo.store import tenancy

PAGES = ("/cola/", "/agenda/", "/turno/", "/cuentas/")


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages' clock stands at eleven in Mexico City."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def enter(client: Client, user: Any) -> Client:
    with tenancy.acting(user.tenant_id):
        client.force_login(user, backend="recaudo.workforce.backends.StaffBackend")
    return client


def address(cast: Any, who: str, tail: str = "") -> str:
    return f"/cuentas/{cast.accounts[who].id}/{tail}"


MAY: dict[str, set[str]] = {
    "sofia": {"/cola/", "/agenda/", "/turno/", "/cuentas/", "account"},
    "ana": {"/cola/", "/agenda/", "/cuentas/", "account"},
    "elena": {"/cuentas/", "account"},
    "gabriel": {"/cola/", "/agenda/", "/turno/", "/cuentas/", "account"},
    "carmen": {"/cuentas/", "account"},
    "ignacio": {"/cuentas/", "account"},
    "raul": {"/cuentas/", "account"},
    "omar": {"/cola/", "/agenda/", "/turno/", "/cuentas/"},
}


def test_every_role_opens_its_pages_and_no_other(cast: Any, client: Client) -> None:
    for who, may in MAY.items():
        enter(client, cast.users[who])
        opened = {page for page in PAGES if client.get(page).status_code == 200}
        if client.get(address(cast, "maria")).status_code == 200:
            opened.add("account")
        assert opened == may, who


def test_a_stranger_is_asked_to_sign_in(cast: Any, client: Client) -> None:
    for page in (*PAGES, address(cast, "maria")):
        assert client.get(page).status_code == 302


def test_somebody_of_another_organisation_sees_nothing(cast: Any, client: Client) -> None:
    enter(client, cast.victor)
    assert client.get(address(cast, "maria")).status_code == 404
    assert "CTA-MARIA" not in client.get("/cuentas/").content.decode()


def test_an_agency_sees_what_is_placed_with_it(cast: Any, client: Client) -> None:
    portfolio.place_accounts(
        account_ids=[cast.accounts["maria"].id], agency=cast.agencies["NORTE"], team=None, from_on=cast.today, by=cast.gabriel, at=cast.now
    )
    enter(client, cast.nadia)
    listed = client.get("/cuentas/").content.decode()
    assert "CTA-MARIA" in listed and "CTA-PEDRO" not in listed
    assert client.get(address(cast, "maria")).status_code == 200
    assert client.get(address(cast, "pedro")).status_code == 404
    enter(client, cast.silvia)
    assert client.get(address(cast, "maria")).status_code == 404


def test_who_may_not_see_persons_sees_figures_only(cast: Any, client: Client) -> None:
    page = enter(client, cast.elena).get(address(cast, "maria")).content.decode()
    assert "CTA-MARIA" in page and "María" not in page and "5678" not in page
    assert "María" not in client.get("/cuentas/").content.decode()


def test_the_account_page_says_who_what_and_whether_one_may_call(cast: Any, client: Client) -> None:
    page = enter(client, cast.ana).get(address(cast, "maria")).content.decode()
    for text in ("María López Núñez", "··5678", "permitido", "REFMARIA", "Pague en ventanilla", "¿Hablo con María López Núñez?"):
        assert text in page, text
    assert "+525512345678" not in page and "LOMM800101AB1" not in page


def test_the_account_page_names_the_rule_that_refuses(cast: Any, client: Client) -> None:
    page = enter(client, cast.ana).get(address(cast, "esquina")).content.decode()
    assert "CO-CHANNEL-AUTH" in page and "permitido</span>" not in page


def identify(client: Client, action: Action, *data: str) -> Any:
    return client.post(f"/gestiones/{action.id}/identidad/", {"dato": data or ("name", "id_end")})


def in_talk(cast: Any, client: Client, who: str) -> str:
    """The account page in a call that came in from somebody who proved who they are."""
    client.post(address(cast, who, "entrante/"), {"channel": "call"})
    identify(client, Action.objects.get(person_id=cast.people[who].id, status="in_progress"))
    return client.get(address(cast, who)).content.decode()


def test_the_script_does_not_ask_why_where_the_law_forbids_it(cast: Any, client: Client) -> None:
    enter(client, cast.ana)
    assert "¿Hubo algo que le impidiera pagar?" in in_talk(cast, client, "maria")
    client.post(f"/gestiones/{Action.objects.get().id}/resultado/", {"disposition": "SE12"})
    colombia = in_talk(cast, client, "esquina")
    assert "¿Hubo algo que le impidiera pagar?" not in colombia and "no permite preguntar" in colombia


def test_reading_a_person_is_written_down_once_an_hour(cast: Any, client: Client) -> None:
    enter(client, cast.ana)
    client.get(address(cast, "maria"))
    client.get(address(cast, "maria"))
    assert Event.objects.filter(name="person.viewed", subject_id=cast.maria.id, by_id=cast.ana.id).count() == 1


def test_the_account_page_asks_a_constant_number_of_queries(cast: Any, client: Client, django_assert_max_num_queries: Any) -> None:
    casework.open_hold(person=cast.maria, kind="dispute", reason="x", by=cast.ana, at=cast.now)
    casework.add_note(person=cast.maria, account=cast.accounts["maria"], text="algo", by=cast.ana, at=cast.now)
    enter(client, cast.ana).get(address(cast, "maria"))
    with django_assert_max_num_queries(60) as few:
        client.get(address(cast, "maria"))
    for number in range(12):
        ContactPoint.objects.create(
            person=cast.maria, kind="phone", value=f"+52551111{number:04}", value_index=bytes([number]) * 16, hint=f"··{number:04}",
            country="MX", zones=["America/Mexico_City"], created_at=cast.now,
        )  # fmt: skip
        casework.add_note(person=cast.maria, account=cast.accounts["maria"], text="algo", by=cast.ana, at=cast.now)
        casework.open_hold(person=cast.maria, kind="vulnerability", reason="x", by=cast.ana, at=cast.now)
    with django_assert_max_num_queries(60) as many:
        client.get(address(cast, "maria"))
    assert own(many) == own(few)
    assert len(own(few)) <= 12, "\n".join(own(few))


def own(captured: Any) -> list[str]:
    """The queries of the page: without savepoints, the session, the person who signed in and the tenant's setting."""
    frame = ("SAVEPOINT", "RELEASE", "SELECT set_config", 'SELECT "django_session"', 'SELECT "workforce_user"', 'SELECT "workforce_tenant"')
    return [q["sql"][:90] for q in captured.captured_queries if not q["sql"].startswith(frame)]


@pytest.mark.parametrize("page", PAGES)
def test_pages_ask_at_most_twelve_queries(cast: Any, client: Client, page: str, django_assert_max_num_queries: Any) -> None:
    enter(client, cast.sofia).get(page)
    with django_assert_max_num_queries(30) as captured:
        assert client.get(page).status_code == 200
    assert len(own(captured)) <= 12


@pytest.mark.parametrize(
    "text", ["maria lopez", "NÚÑEZ", "CTA-MARIA", "LOMM800101AB1", "+52 55 1234 5678", "5512345678", "maria@correo.example"]
)
def test_an_account_is_found_by_name_number_id_phone_or_mail(cast: Any, client: Client, text: str) -> None:
    page = enter(client, cast.ana).get("/cuentas/", {"q": text}).content.decode()
    assert "CTA-MARIA" in page and "CTA-PEDRO" not in page


def test_accounts_are_filtered_and_worst_come_first(cast: Any, client: Client) -> None:
    enter(client, cast.ana)
    page = client.get("/cuentas/").content.decode()
    assert page.index("CTA-ESQUINA") < page.index("CTA-MARIA") < page.index("CTA-PEDRO") < page.index("CTA-LUCIA")
    narrowed = client.get("/cuentas/", {"tramo": "B2"}).content.decode()
    assert "CTA-MARIA" in narrowed and "CTA-ESQUINA" not in narrowed
    assert "Ninguna cuenta" in client.get("/cuentas/", {"estado": "sold"}).content.decode()


def test_the_next_page_begins_where_this_one_ended(cast: Any, client: Client) -> None:
    a = cast.accounts["maria"]
    page = enter(client, cast.ana).get("/cuentas/", {"after": f"{a.dpd}_{a.overdue_minor}_{a.id}"}).content.decode()
    assert "CTA-PEDRO" in page and "CTA-MARIA" not in page and "CTA-ESQUINA" not in page


def test_an_export_needs_its_right_and_is_written_down(cast: Any, client: Client) -> None:
    assert enter(client, cast.ana).get("/cuentas/exportar/").status_code == 403
    answer = enter(client, cast.sofia).get("/cuentas/exportar/", {"tramo": "B2"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "CTA-MARIA" in text and "CTA-PEDRO" not in text
    assert Event.objects.get(name="list.exported").detail["rows"] == 1


def test_an_agent_calls_records_a_promise_and_sees_it(cast: Any, client: Client) -> None:
    enter(client, cast.ana)
    client.post(address(cast, "maria", "llamar/"), {"medio": point(cast, "maria").id})
    action = Action.objects.get()
    assert action.status == "in_progress" and Case.objects.get().locked_by == cast.ana
    fragment = client.get(f"/gestiones/{action.id}/resultado/", {"disposition": "PP01"}).content.decode()
    assert 'name="amount"' in fragment and 'name="due_on"' in fragment and "2500.00" in fragment
    identify(client, action)
    missing = client.post(f"/gestiones/{action.id}/resultado/", {"disposition": "PP01", "amount": "2,500.00"})
    assert missing.status_code == 422 and Action.objects.get().status == "in_progress"
    day = cast.today + timedelta(days=3)
    typed = {"disposition": "PP01", "amount": "2,500.00", "due_on": day.isoformat(), "means": "transfer", "reason": "R03", "provenance": "asked"}
    assert client.post(f"/gestiones/{action.id}/resultado/", typed).status_code == 302
    action.refresh_from_db()
    assert action.status == "done" and action.promise_id and action.nonpayment_reason == "R03"
    assert Case.objects.get().locked_by is None
    page = client.get(address(cast, "maria")).content.decode()
    assert "PP01 Promesa de pago total" in page and "2,500.00" in page and "HOUSE-PROMISE" in page


def test_a_refused_call_is_explained_and_stays_written(cast: Any, client: Client) -> None:
    authorise(cast, "esquina", "sms")
    answer = enter(client, cast.ana).post(address(cast, "esquina", "llamar/"), {"medio": point(cast, "esquina").id})
    page = answer.content.decode()
    assert answer.status_code == 409 and 'data-refused="CO-CHANNEL-AUTH"' in page and "Ley 2300" in page
    assert PermitRecord.objects.get().rule == "CO-CHANNEL-AUTH"
    assert Action.objects.get().status == "refused"


def test_a_call_to_the_guarantor_is_closed_on_the_same_page(cast: Any, client: Client) -> None:
    AccountParty.objects.create(account=cast.accounts["maria"], person=cast.lucia, role="guarantor", created_at=cast.now)
    enter(client, cast.ana).post(address(cast, "maria", "llamar/"), {"medio": point(cast, "lucia").id})
    action = Action.objects.get()
    assert (action.person_id, action.party_role, action.status) == (cast.lucia.id, "guarantor", "in_progress")
    assert f"/gestiones/{action.id}/resultado/" in client.get(address(cast, "maria")).content.decode()
    client.post(f"/gestiones/{action.id}/resultado/", {"disposition": "NC01"})
    assert Action.objects.get().disposition == "NC01"


def test_an_inbound_call_needs_no_permit(cast: Any, client: Client) -> None:
    enter(client, cast.ana)
    client.post(address(cast, "maria", "entrante/"), {"channel": "call"})
    action = Action.objects.get()
    assert action.direction == "in"
    identify(client, action)
    client.post(f"/gestiones/{action.id}/resultado/", {"disposition": "SE12"})
    assert Action.objects.get().disposition == "SE12" and not PermitRecord.objects.exists()


def test_an_agent_cannot_close_the_action_of_another(cast: Any, client: Client) -> None:
    enter(client, cast.ana).post(address(cast, "maria", "llamar/"), {"medio": point(cast, "maria").id})
    action = Action.objects.get()
    assert enter(client, cast.beto).post(f"/gestiones/{action.id}/resultado/", {"disposition": "NC01"}).status_code == 404
    assert Action.objects.get().status == "in_progress"


def test_a_second_agent_is_told_who_works_the_case(cast: Any, client: Client) -> None:
    enter(client, cast.ana).post(address(cast, "maria", "llamar/"), {"medio": point(cast, "maria").id})
    answer = enter(client, cast.beto).post(address(cast, "maria", "entrante/"), {"channel": "call"})
    assert answer.status_code == 409 and "Ana Pérez" in answer.content.decode()


def test_next_leads_to_the_account_and_then_back_to_it(cast: Any, client: Client) -> None:
    casework.open_action(person=cast.maria, account=cast.accounts["maria"], channel="call", by=cast.gabriel, at=cast.now, priority=5)
    enter(client, cast.ana)
    assert client.post("/cola/siguiente/").url == address(cast, "maria")
    assert "Continuar el caso" in client.get("/cola/").content.decode()
    assert client.post("/cola/siguiente/").url == address(cast, "maria")
    enter(client, cast.beto)
    assert client.post("/cola/siguiente/").url == "/cola/"


def test_a_promise_without_a_call(cast: Any, client: Client) -> None:
    typed = {"amount": "1,000", "due_on": (cast.today + timedelta(days=2)).isoformat(), "means": "cash", "channel": "visit"}
    assert enter(client, cast.ana).post(address(cast, "maria", "promesa/"), typed).status_code == 302
    action = Action.objects.get()
    assert action.disposition == "PP02" and action.direction == "in" and action.channel == "visit"


def test_holds_are_opened_by_agents_and_released_by_supervisors(cast: Any, client: Client) -> None:
    enter(client, cast.ana).post(address(cast, "maria", "suspension/"), {"kind": "vulnerability", "scope": "person", "reason": "Hospital"})
    page = client.get(address(cast, "maria")).content.decode()
    assert "Hospital" in page and "HOUSE-HOLD" in page
    hold = cast.maria.holds.get()
    url = address(cast, "maria", f"suspension/{hold.id}/liberar/")
    assert client.post(url, {"reason": "Alta"}).status_code == 403
    assert enter(client, cast.sofia).post(url, {"reason": "Alta"}).status_code == 302
    hold.refresh_from_db()
    assert hold.released_at == cast.now


def test_a_dispute_is_opened_and_resolved(cast: Any, client: Client) -> None:
    enter(client, cast.sofia).post(address(cast, "maria", "aclaracion/"), {"kind": "charges", "text": "No hice esa compra"})
    assert "No hice esa compra" in client.get(address(cast, "maria")).content.decode()
    claim = cast.maria.disputes.get()
    url = address(cast, "maria", f"aclaracion/{claim.id}/resolver/")
    client.post(url, {"status": "resolved_for_debtor", "resolution": "Se bonificó"})
    claim.refresh_from_db()
    assert claim.status == "resolved_for_debtor" and cast.maria.holds.get().released_at


def test_a_note_stands_in_the_history(cast: Any, client: Client) -> None:
    enter(client, cast.ana).post(address(cast, "maria", "nota/"), {"text": "Prefiere las tardes"})
    assert "Prefiere las tardes" in client.get(address(cast, "maria")).content.decode()


def test_the_history_goes_on_where_the_page_ended(cast: Any, client: Client) -> None:
    for number in range(35):
        casework.add_note(
            person=cast.maria, account=cast.accounts["maria"], text=f"nota {number:02}", by=cast.ana, at=cast.now - timedelta(hours=number)
        )
    page = enter(client, cast.ana).get(address(cast, "maria")).content.decode()
    assert "nota 00" in page and "nota 29" in page and "nota 30" not in page
    key = page.split("?antes=")[1].split('"')[0]
    rest = client.get(address(cast, "maria", "historia/") + "?antes=" + key).content.decode()
    assert "nota 30" in rest and "nota 34" in rest and "nota 29" not in rest


def test_the_agenda_shows_callbacks_and_promises_by_day(cast: Any, client: Client) -> None:
    action = casework.open_action(person=cast.maria, account=cast.accounts["maria"], channel="call", by=cast.ana, at=cast.now)
    permit = casework.clear(action=action, contact_point=point(cast, "maria"), at=cast.now, by=cast.ana)
    outcome = casework.Outcome("SE01", callback_at=cast.now + timedelta(days=1))
    casework.close_action(action, outcome=outcome, permit=permit, by=cast.ana, at=cast.now)
    assert "María" in enter(client, cast.ana).get("/agenda/").content.decode()
    assert "María" not in enter(client, cast.beto).get("/agenda/").content.decode()
    assert "María" in enter(client, cast.sofia).get("/agenda/?de=todos").content.decode()
    assert "María" not in enter(client, cast.beto).get("/agenda/?de=todos").content.decode()


def test_a_supervisor_hands_cases_over_and_ends_locks(cast: Any, client: Client) -> None:
    case = casework.case_for(cast.maria.id, by=cast.gabriel, at=cast.now)
    casework.lock_case(case, by=cast.ana, at=cast.now)
    page = enter(client, cast.sofia).get("/turno/?ver=tomados").content.decode()
    assert "María López" in page and "Ana Pérez" in page
    client.post(f"/turno/{case.id}/liberar/")
    case.refresh_from_db()
    assert case.locked_by is None
    client.post("/turno/reasignar/", {"caso": [case.id], "para": cast.beto.id})
    case.refresh_from_db()
    assert case.assigned_to == cast.beto
    client.post("/turno/reasignar/", {"caso": [case.id], "para": "-"})
    case.refresh_from_db()
    assert case.assigned_to is None
    assert client.post("/turno/reasignar/", {"caso": [case.id], "para": cast.victor.id}).status_code == 404
    assert enter(client, cast.ana).post("/turno/reasignar/", {"caso": [case.id], "para": "-"}).status_code == 403


def test_an_agencys_administrator_hands_over_to_its_own_people_only(cast: Any, client: Client) -> None:
    portfolio.place_accounts(
        account_ids=[cast.accounts["maria"].id], agency=cast.agencies["NORTE"], team=None, from_on=cast.today, by=cast.gabriel, at=cast.now
    )
    case = casework.case_for(cast.maria.id, by=cast.gabriel, at=cast.now)
    other = casework.case_for(cast.pedro.id, by=cast.gabriel, at=cast.now)
    enter(client, cast.omar)
    assert client.post("/turno/reasignar/", {"caso": [case.id], "para": cast.ana.id}).status_code == 404
    client.post("/turno/reasignar/", {"caso": [case.id, other.id], "para": cast.nadia.id})
    with tenancy.acting(cast.tenant.id):
        case.refresh_from_db()
        other.refresh_from_db()
        assert case.assigned_to == cast.nadia and other.assigned_to is None
        assert Account.objects.count() == 4


def test_the_script_says_nothing_of_the_debt_before_identity_is_checked(cast: Any, client: Client) -> None:
    enter(client, cast.ana).post(address(cast, "maria", "llamar/"), {"medio": point(cast, "maria").id})
    action = Action.objects.get()
    page = client.get(address(cast, "maria")).content.decode()
    assert "Le llamo en nombre de" not in page and "tiene vencidos" not in page and "Verificar identidad" in page
    assert "al menos 2 datos" in identify(client, action, "name").wsgi_request._messages._queued_messages[0].message
    assert not IdentityCheck.objects.exists()
    identify(client, action, "name", "birth")
    page = client.get(address(cast, "maria")).content.decode()
    assert "Le llamo en nombre de" in page and "tiene vencidos" in page
    check = IdentityCheck.objects.get()
    assert (check.action_id, check.checked, check.by_id) == (action.id, ["name", "birth"], cast.ana.id)
    assert Event.objects.get(name="identity.checked").detail["checked"] == ["name", "birth"]


def test_the_script_before_a_call_says_nothing_either(cast: Any, client: Client) -> None:
    page = enter(client, cast.ana).get(address(cast, "maria")).content.decode()
    assert "Le llamo en nombre de" not in page and "Después de verificar la identidad" in page


def test_what_was_agreed_with_nobody_known_is_not_kept(cast: Any, client: Client) -> None:
    enter(client, cast.ana).post(address(cast, "maria", "llamar/"), {"medio": point(cast, "maria").id})
    action = Action.objects.get()
    answer = client.post(f"/gestiones/{action.id}/resultado/", {"disposition": "NG01"})
    assert answer.status_code == 422 and "verifique la identidad" in answer.content.decode()
    assert client.post(f"/gestiones/{action.id}/resultado/", {"disposition": "SE13"}).status_code == 302
    assert Action.objects.get().disposition == "SE13"


def test_hours_that_a_person_asks_for_are_kept_obeyed_shown_and_dropped(cast: Any, client: Client) -> None:
    enter(client, cast.ana).post(address(cast, "maria", "entrante/"), {"channel": "call"})
    action = Action.objects.get()
    fields = client.get(f"/gestiones/{action.id}/resultado/", {"disposition": "SE06"}).content.decode()
    assert 'name="wish_from"' in fields and 'name="wish_days"' in fields
    empty = client.post(f"/gestiones/{action.id}/resultado/", {"disposition": "SE06"})
    assert empty.status_code == 422
    typed = {"disposition": "SE06", "wish_channel": "call", "wish_days": ["mon", "tue"], "wish_from": "18:00", "wish_until": "20:00"}
    assert client.post(f"/gestiones/{action.id}/resultado/", typed).status_code == 302
    wish = Preference.objects.get()
    assert (wish.channel, wish.days, wish.source) == ("call", ["mon", "tue"], "debtor")
    assert "HOUSE-PREFERENCE" in client.get(address(cast, "maria")).content.decode()  # it is eleven
    shown = client.get(f"/personas/{cast.maria.id}/preferencias/").content.decode()
    assert "Llamada · lunes, martes · de 18:00 a 20:00" in shown
    client.post(f"/personas/{cast.maria.id}/preferencias/{wish.id}/quitar/")
    assert not Preference.objects.exists()
    assert Event.objects.filter(name="preference.changed").count() == 2


def test_a_call_where_the_strategy_rests_needs_a_reason(cast: Any, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    rest = desk_queries.Rest(cast.today, "la estrategia decidió descansar")
    monkeypatch.setattr(desk_queries, "rest_of", lambda account, on: rest)
    enter(client, cast.ana)
    assert "La estrategia indica descansar" in client.get(address(cast, "maria", "descanso/")).content.decode()
    medium = {"medio": point(cast, "maria").id}
    stopped = client.post(address(cast, "maria", "llamar/"), medium)
    assert stopped.status_code == 409 and "data-insist" in stopped.content.decode() and not Action.objects.exists()
    assert client.post(address(cast, "maria", "llamar/"), {**medium, "reason": "sí"}).status_code == 409
    client.post(address(cast, "maria", "llamar/"), {**medium, "reason": "Pidió por correo que le llamáramos hoy"})
    assert Action.objects.get(channel="call").status == "in_progress"
    assert "Pidió por correo" in Action.objects.get(channel="none").note
    assert Event.objects.get(name="contact.insisted").by_id == cast.ana.id


def test_who_cannot_have_the_case_leaves_no_word_of_calling_all_the_same(cast: Any, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_queries, "rest_of", lambda account, on: desk_queries.Rest(cast.today, "la estrategia decidió descansar"))
    enter(client, cast.beto).post(address(cast, "maria", "entrante/"), {"channel": "call"})
    enter(client, cast.ana)
    said = {"medio": point(cast, "maria").id, "reason": "Pidió por correo que le llamáramos hoy"}
    assert client.post(address(cast, "maria", "llamar/"), said).status_code == 409
    assert not Action.objects.filter(channel="none").exists() and not Event.objects.filter(name="contact.insisted").exists()


def test_a_day_that_decided_to_rest_is_read_from_its_snapshot(cast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: dict[str, Any] = {"outcome": "rest", "treatment": "REST"}
    kept = SimpleNamespace(on=cast.today)
    monkeypatch.setattr(desk_queries.strategy, "snapshot_row", lambda account_id: (kept, rows))
    account = cast.accounts["maria"]
    assert desk_queries.rest_of(account, on=cast.today).why_es == "la estrategia decidió descansar"
    rows["treatment"] = "CALL_AGENT"
    assert desk_queries.rest_of(account, on=cast.today) is None
    rows["treatment"] = "HOLD"
    assert desk_queries.rest_of(account, on=cast.today + timedelta(days=9)) is None


def test_the_prescription_clock_is_shown_and_interrupted(cast: Any, client: Client) -> None:
    Account.objects.filter(id=cast.accounts["pedro"].id).update(oldest_due_on=cast.today.replace(year=2020))
    enter(client, cast.sofia)
    page = client.get(address(cast, "pedro", "prescripcion/")).content.decode()
    assert "24 nov 2025" in page and "Prescrita" in page and "sin verificar" in page
    assert "HOUSE-PRESCRIBED" in client.get(address(cast, "pedro")).content.decode()
    act = {"kind": "lawsuit", "on": "2024-03-01", "evidence": "Rol C-1234-2024, notificada"}
    page = client.post(address(cast, "pedro", "prescripcion/"), act).content.decode()
    assert "1 mar 2029" in page and "Rol C-1234-2024" in page
    assert "HOUSE-PRESCRIBED" not in client.get(address(cast, "pedro")).content.decode()
    found = InterruptingAct.objects.get()
    page = client.post(address(cast, "pedro", f"prescripcion/{found.id}/retirar/")).content.decode()
    assert "24 nov 2025" in page and "<del" in page


def test_where_the_law_has_no_term_the_page_says_that_it_is_pending(cast: Any, client: Client) -> None:
    page = enter(client, cast.ana).get(address(cast, "maria", "prescripcion/")).content.decode()
    assert "pendiente de que Jurídico lo fije" in page


@pytest.mark.parametrize("part", ["medios", "consentimientos", "preferencias"])
def test_what_is_known_of_a_person_is_a_page_and_a_fragment(cast: Any, client: Client, part: str) -> None:
    enter(client, cast.ana)
    page = client.get(f"/personas/{cast.maria.id}/{part}/").content.decode()
    assert "<!doctype html>" in page and "Volver a la cuenta" in page
    fragment = client.get(f"/personas/{cast.maria.id}/{part}/", headers={"HX-Request": "true"}).content.decode()
    assert "<!doctype html>" not in fragment and "<section" in fragment
