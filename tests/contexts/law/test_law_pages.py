"""Carmen, the compliance officer, reads the law, decides its readings with a second person, and asks what-if questions.

Ignacia audits: she reads everything and changes nothing. Ana, an agent, has no business here.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.cast import NOW, Cast, _user
from tests.contexts.casework.scenes import call, close, plan, point

from recaudo.casework import services as casework
from recaudo.engine.comply import lawbook
from recaudo.journal.models import Event
from recaudo.law import queries, services
from recaudo.law.models import LawDecision
from recaudo.portfolio.models import Portfolio
from recaudo.store import tenancy

REASON = "Criterio del área jurídica, acta 12."
SATURDAY = datetime(2026, 11, 28, 17, 0, tzinfo=UTC)  # 11:00 in Mexico City


def as_user(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="recaudo.workforce.backends.StaffBackend")
    return client


@pytest.fixture
def carmen(cast: Cast) -> Client:
    return as_user(cast.carmen)


@pytest.fixture
def second(cast: Cast) -> Any:
    return _user(cast.tenant.id, "olga", "Olga Ruiz", ["compliance_officer"])


@pytest.fixture
def ignacia(cast: Cast) -> Client:
    return as_user(_user(cast.tenant.id, "ignacia", "Ignacia Mora", ["auditor"]))


def propose(client: Client, name: str, **given: Any) -> Any:
    return client.post(f"/normas/opciones/{name}/proponer/", {"reason": REASON, **given})


def ask(client: Client, **given: Any) -> Any:
    asked = {
        "pais": "MX", "region": "MX:CMX", "canal": "call", "proposito": "collection", "persona": "debtor", "dia": "2026-11-24",
        "hora": "10:00", **given,
    }  # fmt: skip
    return client.get("/normas/probador/", asked)


# ---------------------------------------------------------------- reading


def test_the_countries_of_the_portfolios_come_first(carmen: Client, cast: Cast) -> None:
    page = carmen.get("/normas/")
    assert [row.jurisdiction for row in page.context["used"]] == ["CL", "CO", "MX"]
    assert all(row.portfolio_count == 0 for row in page.context["others"])
    assert queries.rules().version in page.content.decode()


def test_a_country_in_use_without_law_says_that_nobody_is_contacted(carmen: Client, cast: Cast) -> None:
    Portfolio.objects.filter(country="CO").update(country="UY")
    page = carmen.get("/normas/")
    assert {row.name for row in page.context["used"]} == {"Chile", "México (entidades financieras y sus despachos)", "UY"}
    assert "mientras no haya ley cargada" in page.content.decode()


def test_a_country_is_read_with_hours_limits_citation_sources_and_firmness(carmen: Client) -> None:
    page = carmen.get("/normas/pais/CL/?dia=2026-11-24")
    text = page.content.decode()
    for said in (
        "Solo se permite una llamada o una visita por semana", "8:00 a 20:00", "Ley 19.496 art. 37", "citada por fuente secundaria",
        "1 contacto por semana", "desde el 20 abr 2021", "S-CL-1", "Por entrar en vigor", "Por definirse", "Cónyuge",
    ):  # fmt: skip
        assert said.lower() in text.lower(), said
    count = page.context["ruling_count"]
    assert count > 10 and f"{count} de {count} reglas en vigor no se han verificado en la norma misma" in text


def test_what_was_read_in_the_norm_is_not_said_to_be_unverified(carmen: Client) -> None:
    page = carmen.get("/normas/pais/US/")
    unverified = {rule.id for rule in page.context["unverified"]}
    assert unverified == {"US-TCPA-ROBO", "US-TCPA-LANDLINE"}
    assert page.context["verified_count"] + len(unverified) == page.context["ruling_count"]


def test_a_future_norm_changes_sides_on_its_day(carmen: Client) -> None:
    before, after = (carmen.get(f"/normas/pais/US-NY-NYC/?dia={day}") for day in ("2026-08-31", "2026-09-01"))
    ids = lambda page, name: {rule.id for rule in page.context[name]}  # noqa: E731
    assert "NYC-3IN7" in ids(before, "future") and "NYC-3IN7" not in ids(after, "future")
    assert "NYC-3IN7" in ids(after, "unverified")


@pytest.mark.parametrize("day", ["x", "2026-02-30", "0001-01-01", "9999-12-31", ""])
def test_a_mangled_day_reads_today(day: str, carmen: Client) -> None:
    page = carmen.get("/normas/pais/MX/", {"dia": day})
    assert page.status_code == 200 and page.context["is_today"]


@pytest.mark.parametrize("name", sorted(lawbook().jurisdictions))
def test_every_jurisdiction_has_its_page(name: str, carmen: Client) -> None:
    assert carmen.get(f"/normas/pais/{name}/").status_code == 200


@pytest.mark.parametrize("path", ["/normas/pais/ZZ/", "/normas/pais/COMMON/", "/normas/opciones/MX.moon/"])
def test_what_the_lawbook_does_not_have_is_not_found(path: str, carmen: Client) -> None:
    assert carmen.get(path).status_code == 404


def test_the_pages_ask_the_database_the_same_number_of_times_however_much_was_decided(carmen: Client, cast: Cast, second: Any) -> None:
    housekeeping = ("SAVEPOINT", "RELEASE", "SELECT set_config", "SELECT current_setting")

    def count(path: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert carmen.get(path).status_code == 200
        return len([query for query in asked if not query["sql"].startswith(housekeeping)])

    paths = ("/normas/", "/normas/pais/MX/", "/normas/opciones/", "/normas/opciones/MX.days/", "/normas/probador/")
    decide(cast, second, "MX.days", "default")
    carmen.get("/normas/")  # the session's time is written once a minute
    before = [count(path) for path in paths]
    for number, (name, choice) in enumerate([("MX.days", "business_days"), ("CL.week", "calendar"), ("CO.week", "calendar"), ("MX.days", "default")]):
        decide(cast, second, name, choice, minutes=number + 1)
    assert [count(path) for path in paths] == before
    assert max(before) <= 12, dict(zip(paths, before, strict=True))


# ---------------------------------------------------------------- deciding


def decide(cast: Cast, second: Any, name: str, choice: str, *, minutes: int = 0) -> LawDecision:
    at = NOW.replace(minute=minutes)
    decision = services.propose(name=name, choice=choice, reason=REASON, by=cast.carmen, at=at)
    see(decision, second)
    return services.approve(decision, by=second, at=at)


def see(decision: LawDecision, who: Any) -> None:
    """Whoever approves has seen what it changes; how that is replayed is told in tests/contexts/compliance."""
    services.note_impact(
        subject_id=decision.id, from_on=NOW.date(), until_on=NOW.date(), action_count=0, now_refused=0, now_allowed=0, version_before="a",
        version_after="b", by=who, at=NOW,
    )  # fmt: skip


def test_a_reading_needs_two_people_and_the_gate_obeys_right_after(cast: Cast, carmen: Client, second: Any) -> None:
    def gate() -> Any:
        account = cast.accounts["maria"]
        return casework.verdict_for(
            person_id=cast.maria.id, account_id=account.id, creditor_id=account.creditor_id, channel="call",
            contact_point=point(cast, "maria"), at=SATURDAY,
        )  # fmt: skip

    assert propose(carmen, "MX.days", option="default").status_code == 302
    assert gate().rule == "MX-HOURS"  # only proposed: the strict reading still counts
    decision = LawDecision.objects.get()

    refused = carmen.post(f"/normas/decisiones/{decision.id}/aprobar/")
    assert refused.status_code == 403 and "otra persona" in refused.content.decode()
    assert queries.decisions() == {}

    blind = as_user(second).post(f"/normas/decisiones/{decision.id}/aprobar/")
    assert blind.status_code == 409 and "Antes de aprobar" in blind.content.decode() and gate().rule == "MX-HOURS"
    see(decision, second)
    assert as_user(second).post(f"/normas/decisiones/{decision.id}/aprobar/").status_code == 302
    assert gate().allowed
    assert casework.clear(action=plan(cast, at=SATURDAY), contact_point=point(cast, "maria"), at=SATURDAY, by=cast.ana).channel == "call"
    steps = [(event.detail["step"], event.by_id) for event in Event.objects.filter(name="law.changed").order_by("created_at", "id")]
    assert sorted(steps, key=lambda step: ["proposed", "seen", "approved"].index(step[0])) == [
        ("proposed", cast.carmen.id), ("seen", second.id), ("approved", second.id)
    ]  # fmt: skip


def test_a_house_cap_needs_two_people_and_the_gate_obeys_right_after(cast: Cast, carmen: Client, second: Any) -> None:
    action, permit = call(cast)
    close(cast, action, permit, "NC01")
    with pytest.raises(casework.ContactRefused) as caught:
        call(cast, at=NOW.replace(hour=19))
    assert caught.value.rule == "HOUSE-CAP"
    propose(carmen, "house.max_per_day", option="2")
    see(LawDecision.objects.get(), second)
    assert as_user(second).post(f"/normas/decisiones/{LawDecision.objects.get().id}/aprobar/").status_code == 302
    call(cast, at=NOW.replace(hour=20))


def test_the_history_says_who_when_and_why(cast: Cast, carmen: Client, second: Any) -> None:
    decide(cast, second, "MX.days", "default")
    page = carmen.get("/normas/opciones/MX.days/")
    text = page.content.decode()
    assert "Carmen Lara" in text and "Olga Ruiz" in text and REASON in text
    assert page.context["choice"].current == "default" and page.context["choice"].decided.state == "in_force"
    assert "sábado y domingo no" in text  # what the rule says under each option


def test_the_officer_goes_back_to_the_default_reading_with_two_people_too(cast: Cast, carmen: Client, second: Any) -> None:
    decided = decide(cast, second, "CL.week", "calendar")
    refused = carmen.post(f"/normas/decisiones/{decided.id}/retirar/")
    assert refused.status_code == 409 and queries.decisions() == {"CL.week": "calendar"}
    decide(cast, second, "CL.week", "default", minutes=5)
    found = queries.choice("CL.week")
    assert found is not None and found.is_default and [one.state for one in found.decisions] == ["in_force", "replaced"]


def test_a_proposal_is_withdrawn_and_can_no_longer_be_approved(cast: Cast, carmen: Client, second: Any) -> None:
    propose(carmen, "CL.week", option="calendar")
    decision = LawDecision.objects.get()
    assert carmen.post(f"/normas/decisiones/{decision.id}/retirar/").status_code == 302
    assert as_user(second).post(f"/normas/decisiones/{decision.id}/aprobar/").status_code == 409
    found = queries.choice("CL.week")
    assert found is not None and found.decisions[0].state == "withdrawn" and found.decisions[0].withdrawn_by == "Carmen Lara"
    assert queries.decisions() == {}


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("CL.week", {"option": "lunar"}, "opción"),
        ("CL.week", {"option": "calendar", "reason": "porque sí"}, "10"),
        ("CL.week", {"option": "calendar", "reason": " " * 20}, "obligatorio"),
        ("CL.week", {"option": "default"}, "opción"),
        ("house.max_per_day", {"option": "0"}, "mayor o igual a 1"),
        ("house.max_per_day", {"option": "101"}, "menor o igual a 100"),
        ("house.max_per_day", {"option": "2.5"}, "entero"),
        ("house.max_per_day", {}, "Escriba un número"),
        ("house.max_per_day", {"option": "3", "no_cap": "on"}, "no las dos cosas"),
        ("house.max_per_day", {"option": "1"}, "ya está en vigor"),
        ("house.period_days", {"option": "32"}, "menor o igual a 31"),
    ],
)
def test_what_cannot_be_proposed_is_said_beside_the_field(name: str, given: dict[str, str], said: str, carmen: Client) -> None:
    page = propose(carmen, name, **given)
    assert page.status_code == 422 and said in page.content.decode()
    assert not LawDecision.objects.exists()


def test_a_point_has_one_open_proposal_at_a_time(carmen: Client) -> None:
    propose(carmen, "CL.week", option="calendar")
    page = propose(carmen, "CL.week", option="calendar")
    assert page.status_code == 409 and LawDecision.objects.count() == 1


@pytest.mark.parametrize(("name", "choice"), [("house.period_days", "off"), ("house.period_days", "32"), ("house.max_contacts", "٣"), ("CL.gap", "")])
def test_the_service_refuses_what_the_form_would(name: str, choice: str, cast: Cast) -> None:
    with pytest.raises(services.UnknownChoice):
        services.propose(name=name, choice=choice, reason=REASON, by=cast.carmen, at=NOW)


def test_no_cap_at_all_is_a_choice_of_two_people(cast: Cast, carmen: Client, second: Any) -> None:
    propose(carmen, "house.max_per_day", no_cap="on")
    see(LawDecision.objects.get(), second)
    services.approve(LawDecision.objects.get(), by=second, at=NOW)
    assert [cap.period_days for cap in queries.rules().caps] == [7]
    assert "sin tope" in carmen.get("/normas/opciones/").content.decode()


def test_an_auditor_reads_and_changes_nothing(ignacia: Client, cast: Cast) -> None:
    decision = services.propose(name="CL.week", choice="calendar", reason=REASON, by=cast.carmen, at=NOW)
    for path in ("/normas/", "/normas/pais/CL/", "/normas/opciones/", "/normas/opciones/CL.week/", "/normas/probador/"):
        page = ignacia.get(path)
        assert page.status_code == 200 and "Proponer</button>" not in page.content.decode() and "Aprobar</button>" not in page.content.decode()
    assert propose(ignacia, "CL.gap", option="date_diff").status_code == 403
    assert ignacia.post(f"/normas/decisiones/{decision.id}/aprobar/").status_code == 403
    assert ignacia.post(f"/normas/decisiones/{decision.id}/retirar/").status_code == 403


def test_an_agent_has_no_business_here(cast: Cast) -> None:
    ana = as_user(cast.ana)
    assert {ana.get(path).status_code for path in ("/normas/", "/normas/pais/CL/", "/normas/opciones/", "/normas/probador/")} == {403}


def test_another_organisation_decides_for_itself(cast: Cast, second: Any) -> None:
    decision = decide(cast, second, "CL.week", "calendar")
    with tenancy.acting(cast.other_tenant.id):
        assert queries.decisions() == {}
        other = as_user(_user(cast.other_tenant.id, "vera", "Vera Otra", ["compliance_officer"]))
    assert other.post(f"/normas/decisiones/{decision.id}/retirar/").status_code == 404


# ---------------------------------------------------------------- asking


def test_an_allowed_hour_is_allowed_and_the_week_is_drawn(carmen: Client) -> None:
    page = ask(carmen)
    found = page.context["answer"]
    assert found.allowed and found.jurisdiction == "MX" and found.zones == ("America/Mexico_City",)
    assert len(found.strip) == 7 and all(sum(span.slots for span in day.spans) == 48 for day in found.strip)
    assert [day.allowed for day in found.strip] == ["7:00 a 22:00"] * 4 + ["ninguna"] * 2 + ["7:00 a 22:00"]  # Tuesday to Monday
    assert page.content.decode().count("<svg class=\"w-100") == 7


def test_the_past_of_the_person_is_drawn_on_the_calendar(carmen: Client) -> None:
    page = ask(carmen, pais="CL", region="CL:RM", d1="2026-11-22", h1="12:30", c1="sms", r1="sent", d2="2026-11-23", h2="09:00", c2="call", r2="no_answer")
    found = page.context["answer"]
    assert [(day.on.day, [mark.text for mark in day.marks]) for day in found.past] == [(22, ["12:30 SMS, enviado"]), (23, ["09:00 llamada, sin respuesta"])]
    assert found.denying[0].id == "CL-FREQ-CALL-VISIT" and page.content.decode().count("<svg class=\"w-100") == 9


def test_a_refusal_has_rule_citation_reason_cure_and_next_time(carmen: Client) -> None:
    page = ask(carmen, hora="23:00")
    found, text = page.context["answer"], page.content.decode()
    assert [rule.id for rule in found.denying] == ["MX-HOURS"] and "DOF 2014-10-07" in text
    assert found.next_allowed_at == datetime(2026, 11, 25, 13, 0, tzinfo=UTC) and "25 nov 2026 07:00" in text
    assert "Programe el contacto dentro del horario permitido." in text


def test_past_contacts_fill_the_limit_and_the_calendar_shows_until_when(carmen: Client) -> None:
    given = {"pais": "CL", "region": "CL:RM", "d1": "2026-11-23", "h1": "11:00", "c1": "call", "r1": "conversation"}
    found = ask(carmen, **given).context["answer"]
    assert found.denying[0].id == "CL-FREQ-CALL-VISIT"
    assert [day.allowed for day in found.strip[:6]] == ["ninguna"] * 6 and found.strip[6].allowed == "8:00 a 20:00"
    assert found.next_allowed_at == datetime(2026, 11, 30, 11, 0, tzinfo=UTC)


def test_the_house_cap_is_asked_too(carmen: Client) -> None:
    given = {"d1": "2026-11-24", "h1": "09:00", "c1": "sms", "r1": "sent"}
    assert [rule.id for rule in ask(carmen, **given).context["answer"].denying] == ["HOUSE-CAP"]
    assert ask(carmen, **given, proposito="receipt").context["answer"].allowed


def test_a_reading_that_was_approved_changes_the_answer(cast: Cast, carmen: Client, second: Any) -> None:
    refused = ask(carmen, dia="2026-11-28")
    assert refused.context["answer"].denying[0].id == "MX-HOURS" and "de lunes a viernes, sin feriados" in refused.content.decode()
    decide(cast, second, "MX.days", "default")
    assert ask(carmen, dia="2026-11-28").context["answer"].allowed


def test_every_possible_zone_must_be_open(carmen: Client) -> None:
    found = ask(carmen, region="", prefijo="+52664", hora="21:30").context["answer"]
    assert found.zones == ("America/Tijuana",) and found.allowed
    both = ask(carmen, region="MX:CMX", prefijo="+52664", hora="08:30").context["answer"]
    assert both.zones == ("America/Mexico_City", "America/Tijuana") and not both.allowed
    by_hand = ask(carmen, region="", zona="America/Cancun").context["answer"]
    assert by_hand.zones == ("America/Cancun",)
    assert len(ask(carmen, region="").context["answer"].zones) > 5


def test_states_and_consents_count(carmen: Client) -> None:
    colombia = {"pais": "CO", "region": "*"}
    assert ask(carmen, **colombia).context["answer"].denying[0].id == "CO-CHANNEL-AUTH"
    assert ask(carmen, **colombia, consentimientos=["authorised_channel"]).context["answer"].allowed
    assert ask(carmen, estados=["channel_optout"]).context["answer"].denying[0].id == "COMMON-OPTOUT"
    assert ask(carmen, persona="neighbour").context["answer"].denying[0].id == "MX-THIRD-PARTY"


@pytest.mark.parametrize(
    "given",
    [
        {"pais": "ZZ"}, {"region": "CL:MA"}, {"prefijo": "+525512345678"}, {"canal": "smoke"}, {"dia": "ayer"}, {"hora": "25:00"},
        {"d1": "2026-11-23"}, {"d1": "2026-01-01", "h1": "10:00", "c1": "call"}, {"dia": "9999-12-31"}, {"dia": "0001-01-01"},
        {"municipio": "x" * 61}, {"estados": ["nope"]}, {"zona": "Mars/Phobos"},
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_said_and_nothing_breaks(given: dict[str, Any], carmen: Client) -> None:
    page = ask(carmen, **given)
    assert page.status_code == 200 and page.context["answer"] is None and "invalid-feedback" in page.content.decode()


@pytest.mark.parametrize("country", ["MX", "CL", "CO", "PE", "AR", "BR", "EC", "PA", "CR", "GT", "US"])
def test_the_answer_with_its_week_takes_less_than_a_second_of_work(country: str, carmen: Client) -> None:
    past = {f"{letter}{n}": value for n in range(1, 6) for letter, value in (("d", f"2026-11-{18 + n}"), ("h", "12:00"), ("c", "call"), ("r", "no_answer"))}
    before = time.process_time()
    page = ask(carmen, pais=country, region="", **past)
    assert page.status_code == 200 and page.context["answer"] is not None
    assert time.process_time() - before < 1.0


def test_the_day_the_clock_changes_is_drawn_whole(carmen: Client) -> None:
    found = ask(carmen, pais="US", region="US:NY", dia="2026-10-31").context["answer"]
    assert all(sum(span.slots for span in day.spans) == 48 for day in found.strip)
