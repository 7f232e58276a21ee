"""The plan keeps to the budget of the day and works the floors of coverage first; what does not fit says what to relax."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from tests.cast import NOW, TODAY
from tests.contexts.flow.worlds import place, ready, run, signed_in, text

from recaudo.casework.models import Action
from recaudo.flow.queries.limits import Limits, amounts_on, limits_on
from recaudo.flow.services.limits import LimitInThePast, MixedFloors, NoCosts, WrongLimit, set_limits
from recaudo.flow.services.plan import fit_capacity
from recaudo.journal.models import Event
from recaudo.kernel.problems import NotFound
from recaudo.store.tenancy import acting
from recaudo.workforce import services as workforce
from recaudo.workforce.models import Capacity, Tenant

COSTS = {channel: Decimal("10") for channel in ("call", "sms", "im", "email", "visit", "letter")}


def limit(cast: Any, amounts: dict[Any, Any], *, valid_from: Any = TODAY) -> int:
    return set_limits(cast.tenant, amounts, valid_from=valid_from, today=TODAY, by=cast.gabriel, at=NOW)


def cost(cast: Any) -> None:
    cast.tenant = workforce.set_unit_costs(Tenant.objects.get(pk=cast.tenant.id), costs=COSTS, by=cast.ignacio, at=NOW)


def worked(cast: Any) -> set[Any]:
    return set(Action.objects.filter(status="planned", run_id__isnull=False).values_list("account_id", flat=True))


def scarce(places: int) -> None:
    """So many places in every channel together: only the first choice of one."""
    Capacity.objects.exclude(channel="im").update(units=0)
    Capacity.objects.filter(channel="im").update(units=places)


@pytest.fixture
def cast(own_database: Any, tmp_state: Any) -> Any:
    return ready()


def test_the_day_spends_no_more_than_its_budget(cast: Any) -> None:
    with acting(cast.tenant.id):
        cost(cast)
        limit(cast, {("budget", None): 1_500})  # one contact of 10 pesos fits, two do not
    done = run(cast)
    with acting(cast.tenant.id):
        assert len(worked(cast)) == 1
    assert done.counts["spent_minor"] == 1_000 and done.counts["budget_minor"] == 1_500
    assert done.counts["accounts_by_outcome"]["over_budget"] >= 1
    page = text(signed_in(cast.gabriel).get(f"/jornadas/{done.id}/"))
    assert "Presupuesto del día" in page and "$ 10.00 MXN" in page and "$ 15.00 MXN" in page


def test_without_a_budget_more_is_worked(cast: Any) -> None:
    with acting(cast.tenant.id):
        cost(cast)
    done = run(cast)
    with acting(cast.tenant.id):
        assert len(worked(cast)) > 1
    assert done.counts["budget_minor"] is None and "over_budget" not in done.counts["accounts_by_outcome"]


def best_and_least(cast: Any) -> tuple[Any, Any]:
    """Who is worked when there is one place without floors, and somebody else who could be."""
    from recaudo.strategy import queries as strategy

    snapshot = strategy.snapshot_of(TODAY)
    assert snapshot is not None
    rows = list(strategy.snapshot_rows(snapshot, columns=("portfolio_code", "outcome", "account_id"), where={}))
    first = next(row for row in rows if row["outcome"] == "planned")
    other = next(row for row in rows if row["outcome"] == "over_capacity")
    return first, other


def test_a_floor_of_a_portfolio_is_worked_before_what_is_worth_more(cast: Any) -> None:
    with acting(cast.tenant.id):
        scarce(1)
    run(cast, TODAY)
    with acting(cast.tenant.id):
        first, other = best_and_least(cast)
        book = cast.portfolios[other["portfolio_code"]]
        assert book.code != first["portfolio_code"]
        limit(cast, {("portfolio", book.id): 1}, valid_from=TODAY + timedelta(days=1))
    later = run(cast, TODAY + timedelta(days=1))
    with acting(cast.tenant.id):
        opened = set(Action.objects.filter(run_id=later.id).values_list("account_id", flat=True))
        assert {str(one) for one in opened} == {str(other["account_id"])}
    assert later.counts["floors_done"] == {str(book.id): 1} and later.counts["shortfalls"] == []


def test_a_floor_that_cannot_be_kept_says_what_to_relax(cast: Any) -> None:
    with acting(cast.tenant.id):
        scarce(1)
        book = cast.portfolios["credit_card-MX"]
        limit(cast, {("portfolio", book.id): 40})
    done = run(cast)
    (short,) = done.counts["shortfalls"]
    assert (short["kind"], short["name"], short["wanted"]) == ("floor", str(book.id), 40) and short["done"] < 40
    page = text(signed_in(cast.gabriel).get(f"/jornadas/{done.id}/"))
    assert f"«{book.name}»" in page and "se pedían 40" in page and "baje el mínimo" in page


WORKSPACE = """
CREATE TABLE facts AS SELECT uuid() AS account_id, uuid() AS person_id, uuid() AS portfolio_id, i AS place,
  CASE WHEN i < 4 THEN '11111111-1111-4111-8111-111111111111'::UUID END AS agency_id FROM range(10) t(i);
CREATE TABLE decided AS SELECT account_id, 'call' AS channel FROM facts;
CREATE TABLE permitted AS SELECT place AS candidate_id, account_id, person_id, 'call' AS channel, 1 AS way, place * 10 AS priority, uuid() AS point_id,
  true AS allowed, NULL::VARCHAR AS rule_id, NULL::TIMESTAMP AS next_allowed_at FROM facts;
"""


@pytest.mark.parametrize(("limits", "worked_places"), [
    (Limits(), {7, 8, 9}),
    (Limits(floors={"11111111-1111-4111-8111-111111111111": 2}, floors_of="agency"), {2, 3, 9}),
    (Limits(floors={"11111111-1111-4111-8111-111111111111": 2}, floors_of="portfolio"), {7, 8, 9}),
    (Limits(budget_minor=25, cost_minor={"call": 10}), {8, 9}),
    (Limits(budget_minor=25, cost_minor={"sms": 10}), {7, 8, 9}),
])  # fmt: skip
def test_the_plan_works_the_floor_of_an_agency_first_and_keeps_to_the_budget(limits: Limits, worked_places: set[int]) -> None:
    with duckdb.connect() as db:
        db.execute(WORKSPACE).fetchall()
        told = fit_capacity(db, capacity={"call": 3}, limits=limits)
        planned = db.execute("SELECT place FROM outcome WHERE outcome = 'planned'").fetchall()
        left = {row[0] for row in db.execute("SELECT DISTINCT outcome FROM outcome WHERE outcome <> 'planned'").fetchall()}
    assert {row[0] for row in planned} == worked_places
    assert left == ({"over_budget"} if len(worked_places) == 2 else {"over_capacity"})
    assert [one["done"] for one in told["shortfalls"]] == ([0] if limits.floors and limits.floors_of == "portfolio" else [])
    assert told["bound"] >= told["value"] > 0


def test_a_floor_of_an_agency_that_the_strategy_leaves_alone_says_so(cast: Any) -> None:
    place(cast, "maria")
    with acting(cast.tenant.id):
        limit(cast, {("agency", cast.agencies["NORTE"].id): 1})
        assert limits_on(TODAY, cast.tenant).floors_of == "agency"
    done = run(cast)
    page = text(signed_in(cast.gabriel).get(f"/jornadas/{done.id}/"))
    assert "Cobertura de «Despacho Norte»: se pedían 1 personas por día y se trabajan 0. No hay más personas que la estrategia quiera" in page


def test_limits_count_from_their_day_and_the_past_stays(cast: Any) -> None:
    with acting(cast.tenant.id):
        cost(cast)
        book = cast.portfolios["credit_card-MX"].id
        assert limit(cast, {("budget", None): 5_000, ("portfolio", book): 3}) == 2
        assert limit(cast, {("budget", None): 5_000}) == 0
        limit(cast, {("budget", None): None, ("portfolio", book): 9}, valid_from=TODAY + timedelta(days=3))
        assert amounts_on(TODAY + timedelta(days=2)) == {("budget", None): 5_000, ("portfolio", book): 3}
        assert amounts_on(TODAY + timedelta(days=3)) == {("portfolio", book): 9}
        assert Event.objects.filter(name="limits.changed").count() == 2
        with pytest.raises(LimitInThePast):
            limit(cast, {("budget", None): 1}, valid_from=TODAY - timedelta(days=1))


def test_limits_that_make_no_sense_are_refused(cast: Any) -> None:
    with acting(cast.tenant.id):
        with pytest.raises(NoCosts, match="llamada"):
            limit(cast, {("budget", None): 5_000})
        cost(cast)
        with pytest.raises(WrongLimit):
            limit(cast, {("budget", None): -1})
        with pytest.raises(NotFound):
            limit(cast, {("portfolio", cast.tenant.id): 1})
        limit(cast, {("portfolio", cast.portfolios["credit_card-MX"].id): 3})
        with pytest.raises(MixedFloors):
            limit(cast, {("agency", cast.agencies["NORTE"].id): 1})


def test_a_manager_sets_them_on_the_screen_and_an_agent_cannot(cast: Any) -> None:
    with acting(cast.tenant.id):
        cost(cast)
        book = cast.portfolios["credit_card-MX"]
    url = "/usuarios/capacidad/limites/"
    client = signed_in(cast.ignacio)
    page = client.get(url)
    assert page.status_code == 200 and book.name in text(page)
    today = page.context["form"]["valid_from"].initial
    form = {"valid_from": today.isoformat(), "budget": "1250.50", f"portfolio_{book.id}": "7"}
    assert client.post(url, form).status_code == 302
    with acting(cast.tenant.id):
        assert amounts_on(today) == {("budget", None): 125_050, ("portfolio", book.id): 7}
    refused = client.post(url, {**form, "budget": "-4"})
    assert refused.status_code == 200 and "mayor o igual" in text(refused)
    assert signed_in(cast.ana).get(url).status_code == 403
    assert signed_in(cast.omar).get(url).status_code == 403
