"""What an experiment brought, from what happened; and its pages, by who may see them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from tests.cast import NOW, TODAY, Cast
from tests.contexts.flow.test_arms import approved, challenger, submitted
from tests.contexts.flow.worlds import place, ready, run, signed_in, text

from recaudo.casework.models import Action
from recaudo.flow.models import WhatIf
from recaudo.flow.services import experiments as measuring
from recaudo.portfolio.models import Person
from recaudo.portfolio.services import record_payment
from recaudo.store.tenancy import acting
from recaudo.strategy import queries, services
from recaudo.strategy.models import Experiment
from recaudo.ui.templatetags.ui import day

LATER = TODAY + timedelta(days=30)


def pay(cast: Cast, who: str, *, on: Any, part: float) -> None:
    account = cast.accounts[who]
    record_payment(
        account=account, amount_minor=round(account.overdue_minor * part), currency=account.currency, paid_on=on, external_id=f"{who}-{on}",
        by=cast.gabriel, at=NOW + timedelta(days=40),
    )  # fmt: skip


def attempt(cast: Cast, who: str, *, at: Any, agency: Any = None) -> None:
    account = cast.accounts[who]
    Action.objects.create(
        person_id=account.holder_id, account_id=account.pk, creditor_id=account.creditor_id, direction="out", channel="call", purpose="collection",
        status="done", occurred_at=at, created_at=at, is_attempt=True, agency_id=agency, disposition="NC01", party_role="holder",
    )  # fmt: skip


@pytest.fixture
def world(own_database: Any, tmp_state: Any) -> tuple[Cast, Experiment]:
    """A hold-out that drew everybody who owes, with costs known."""
    cast = ready()
    cast.tenant.settings = {"usd_rates": {"MXN": "18.50", "CLP": "950", "COP": "4100"}, "unit_costs": {"call": "18.50"}}
    cast.tenant.save()
    with acting(cast.tenant.id):
        found = approved(cast, outcome_days=30)
    run(cast)
    return cast, found


def measured(cast: Cast, found: Experiment, on: Any = LATER) -> dict[str, Any]:
    with acting(cast.tenant.id):
        return measuring.measure(cast.tenant, queries.experiment_by_id(found.pk), on=on, by=cast.gabriel, at=NOW).result


def test_only_what_came_in_within_a_persons_time_counts(world: Any) -> None:
    cast, found = world
    with acting(cast.tenant.id):
        pay(cast, "maria", on=TODAY, part=0.5)
        pay(cast, "pedro", on=LATER, part=0.5)
        pay(cast, "esquina", on=TODAY - timedelta(days=1), part=0.2)
    result = measured(cast, found)
    assert result["arms"]["control"]["persons"] == 3
    assert result["arms"]["control"]["paid"] == 1
    assert result["currency"] == "USD"
    assert result["arms"]["control"]["money"] == round(125_000 / 18.5)


def test_nobody_counts_before_their_time_is_over(world: Any) -> None:
    cast, found = world
    result = measured(cast, found, on=LATER - timedelta(days=1))
    assert (result["arms"], result["pending"], result["drawn"]) == ({}, 3, {"control": 3})
    assert result["comparisons"][0]["paid"]["verdict"] == "no_data"


def test_who_was_contacted_merged_or_placed_is_counted_as_broken_and_stays_in_their_arm(world: Any) -> None:
    cast, found = world
    with acting(cast.tenant.id):
        attempt(cast, "maria", at=NOW + timedelta(days=2))
        Person.objects.filter(pk=cast.pedro.id).update(merged_into=cast.lucia)
    place(cast, "esquina")
    with acting(cast.tenant.id):
        cast.accounts["esquina"].placements.update(from_on=TODAY + timedelta(days=1))
    result = measured(cast, found)
    assert result["contaminated"] == {"control": {"contacted": 1, "merged": 1, "placed": 1}}
    assert (result["arms"]["control"]["persons"], result["merged"], result["broken"]) == (2, 1, 2)
    assert result["arms"]["control"]["attempts"] == 1 and result["arms"]["control"]["cost"] == 100, "18.50 pesos are one dollar"


def test_a_call_by_an_agency_or_after_the_time_breaks_nothing(world: Any) -> None:
    cast, found = world
    with acting(cast.tenant.id):
        attempt(cast, "maria", at=NOW + timedelta(days=2), agency=cast.agencies["NORTE"].pk)
        attempt(cast, "pedro", at=NOW + timedelta(days=31))
    assert measured(cast, found)["contaminated"] == {}


def test_measuring_again_gives_the_same(world: Any) -> None:
    cast, found = world
    with acting(cast.tenant.id):
        pay(cast, "maria", on=TODAY, part=0.5)
        attempt(cast, "pedro", at=NOW + timedelta(days=2))
    assert measured(cast, found) == measured(cast, found)


def test_the_day_measures_what_runs(world: Any) -> None:
    cast, found = world
    with acting(cast.tenant.id):
        assert queries.experiment_by_id(found.pk).measured_on == TODAY
    done = run(cast, on=TODAY + timedelta(days=1))
    assert done.counts["experiments_measured"] == 1


def test_a_manager_proposes_another_approves_and_both_see_the_size(own_database: Any, tmp_state: Any) -> None:
    cast = ready()
    run(cast)
    elena, gabriel = signed_in(cast.elena), signed_in(cast.gabriel)
    with acting(cast.tenant.id):
        version = challenger(cast)
    form = {"kind": "challenger", "name": "Visitar", "version": str(version.pk), "share": "10", "metric": "paid", "days": "30", "base": "20", "lift": "3"}
    sized = text(elena.get(reverse("flow:experiment-size"), form))
    assert "Personas que hacen falta" in sized and "Hoy no alcanzan" in sized
    assert elena.post(reverse("flow:experiment-new"), {**form, "lift": "0"}).status_code == 422
    made = elena.post(reverse("flow:experiment-new"), form)
    page = made["Location"]
    with acting(cast.tenant.id):
        found = Experiment.objects.get()
    assert elena.post(reverse("flow:experiment-submit", args=[found.pk])).status_code == 302
    assert elena.post(reverse("flow:experiment-approve", args=[found.pk]), {"on": "2099-01-01"}).status_code == 403
    assert "Aprobar" in text(gabriel.get(page))
    assert "Hoy no alcanzan las personas" in text(gabriel.get(page)), "who decides is told what the proposer was told"
    said = gabriel.post(reverse("flow:experiment-approve", args=[found.pk]), {"on": "2099-01-01"}, follow=True)
    assert "sortea desde la jornada del 1 ene 2099" in text(said)
    approved_page = text(elena.get(page))
    assert "empieza a sortear con la jornada del 1 ene 2099" in approved_page and "Hoy no alcanzan las personas" in approved_page
    assert "Visitar" in text(elena.get(reverse("flow:experiments")))
    assert "No hay grupo de control permanente" in text(elena.get(reverse("flow:experiments")))
    assert elena.post(reverse("flow:experiment-control")).status_code == 302
    with acting(cast.tenant.id):
        assert queries.default_control(queries.active_version().strategy).arms.all()[0].share_bp == 300


def test_after_todays_day_has_begun_an_experiment_starts_with_the_next(own_database: Any, tmp_state: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    cast = ready()
    gabriel, tomorrow = signed_in(cast.gabriel), TODAY + timedelta(days=1)
    with acting(cast.tenant.id):
        found = submitted(cast)
    page, approve = reverse("flow:experiment", args=[found.pk]), reverse("flow:experiment-approve", args=[found.pk])
    assert f'value="{TODAY}"' in text(gabriel.get(page))
    run(cast)
    before = text(gabriel.get(page))
    assert f'value="{tomorrow}"' in before and "La jornada de hoy ya comenzó" in before
    refused = text(gabriel.post(approve, {"on": TODAY.isoformat()}, follow=True))
    assert f"La primera jornada que puede sortear es la del {day(tomorrow)}" in refused
    assert f"sortea desde la jornada del {day(tomorrow)}" in text(gabriel.post(approve, {"on": tomorrow.isoformat()}, follow=True))
    run(cast, on=tomorrow)
    with acting(cast.tenant.id):
        assert queries.experiment_by_id(found.pk).members.values_list("enrolled_on", flat=True).distinct().get() == tomorrow


def test_the_page_of_a_result_says_what_is_not_known(world: Any) -> None:
    cast, found = world
    measured(cast, found)
    page = text(signed_in(cast.elena).get(reverse("flow:experiment", args=[found.pk])))
    assert "Sin datos suficientes" in page and "Todavía no hay bastantes personas" in page
    assert "no se les contacta proactivamente" in page


def test_the_simulator_from_the_form_to_the_lists_and_the_report(own_database: Any, tmp_state: Any) -> None:
    cast = ready()
    run(cast)
    with acting(cast.tenant.id):
        version, active = challenger(cast), queries.active_version()
    elena = signed_in(cast.elena)
    asked = {"old": str(active.pk), "new": str(version.pk), "day": TODAY.isoformat(), "horizon": "30"}
    same = elena.post(reverse("flow:what-ifs"), {**asked, "new": str(active.pk)})
    assert same.status_code == 422 and "dos versiones distintas" in text(same)
    address = elena.post(reverse("flow:what-ifs"), asked)["Location"]
    page = text(elena.get(address))
    assert "¿Qué cambiaría?" in page and "Contactos que la estrategia quiere" in page and "Visita" in page
    with acting(cast.tenant.id):
        found = WhatIf.objects.get()
    listed = elena.get(reverse("flow:what-if-accounts", args=[found.pk]), {"changed": "1"})
    assert cast.accounts["maria"].number in text(listed)
    assert not cast.elena.may("person.view") and cast.maria.name not in text(listed), "no names for who may not see persons"
    csv = b"".join(elena.get(reverse("flow:what-if-export", args=[found.pk]), {"new_treatment": "VISIT"}).streaming_content).decode("utf-8-sig")
    assert csv.count("\n") - 1 == found.result["sides"]["new"]["treatments"]["VISIT"] and cast.maria.name not in csv
    report = elena.get(reverse("flow:what-if-pdf", args=[found.pk]))
    assert report.content.startswith(b"%PDF") and len(report.content) > 5_000
    assert elena.post(reverse("flow:costs"), {"cost_call": "9.5"}).status_code == 403
    assert signed_in(cast.users["ignacio"]).post(reverse("flow:costs"), {"cost_call": "9.5"}).status_code == 302
    cast.tenant.refresh_from_db()
    assert cast.tenant.settings["unit_costs"] == {"call": "9.5"}


def test_a_large_simulation_waits_for_a_worker_and_says_how_far_it_is(own_database: Any, tmp_state: Any, monkeypatch: Any) -> None:
    from recaudo.flow.services import whatif
    from recaudo.flow.tasks import what_if_task

    cast = ready()
    run(cast)
    monkeypatch.setattr(whatif, "AT_ONCE", 0)
    with acting(cast.tenant.id):
        draft = services.draft(queries.active_version(), note="x", by=cast.elena, at=NOW)
        active = queries.active_version()
    elena = signed_in(cast.elena)
    address = elena.post(reverse("flow:what-ifs"), {"old": str(active.pk), "new": str(draft.pk), "day": TODAY.isoformat(), "horizon": "30"})["Location"]
    assert "Espera su turno" in text(elena.get(address))
    with acting(cast.tenant.id):
        found = WhatIf.objects.get()
    what_if_task(str(cast.tenant.id), str(found.pk), str(cast.elena.id))
    state = elena.get(reverse("flow:what-if-state", args=[found.pk]))
    assert state["HX-Refresh"] == "true"
    assert "Ninguna cuenta de ese día cambiaría" in text(elena.get(address))
