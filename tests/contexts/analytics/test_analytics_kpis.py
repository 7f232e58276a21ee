"""The indicators from rows of the database: the worked month of the specification, the pages, who sees what."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from tests.cast import NOW, Cast, make_cast
from tests.contexts.flow.worlds import place, signed_in, text
from tests.spec.measure.test_measure_golden import ACCOUNTS, BY_BUCKET, EXPECTED, PROMISES, attempts, percent

from recaudo.agreements.models import Promise
from recaudo.analytics import queries
from recaudo.analytics.queries import Scope
from recaudo.analytics.words import GROUPS, TABLE_CUTS
from recaudo.casework.models import Action
from recaudo.engine.measure import KPIS, compute
from recaudo.journal.models import Event
from recaudo.portfolio.models import Account, BucketHistory, Creditor, Payment, Person, Portfolio
from recaudo.project.database import make_months
from recaudo.store.tenancy import acting

ZONE = "America/Mexico_City"
BORN = datetime(2026, 2, 1, tzinfo=UTC)
SHOWN = (
    "K-02", "K-03", "K-04", "K-05", "K-09", "K-10", "K-22", "K-23", *(f"K-{n}" for n in range(30, 40)), *(f"K-{n}" for n in range(50, 56)),
    "K-61", "K-62",
)  # fmt: skip


def march(**more: Any) -> Scope:
    return Scope(**{"start": date(2026, 3, 1), "end": date(2026, 4, 1), "today": date(2026, 3, 31), "zone": ZONE, **more})


def golden_month() -> Cast:
    """The worked month of the specification as rows: what the creditor, the agents and the debtors did."""
    make_months(on=date(2026, 3, 1))
    make_months(on=NOW.date())
    with transaction.atomic():
        cast = make_cast()
    with acting(cast.tenant.id):
        creditor = Creditor.objects.create(code="BANCO", name="Banco", country="MX", created_at=BORN)
        book = Portfolio.objects.create(
            code="TARJETAS", name="Tarjetas", creditor=creditor, product="credit_card", kind="consumer", currency="MXN", country="MX", created_at=BORN
        )
        accounts = {row[0]: _account(book, creditor, *row) for row in ACCOUNTS}
        for key, amount, paid, is_due in PROMISES:
            _promise(accounts[key], amount * 100, paid * 100, is_due)
        for row in attempts():
            account = accounts[row["account_id"]]
            Action.objects.create(
                person_id=account.holder_id, account_id=account.id, channel=row["channel"], status="done", is_attempt=row["attempt"],
                is_contact=row["contact"], is_rpc=row["rpc"], is_tpc=row["tpc"], occurred_at=row["at"] + timedelta(hours=18), created_at=row["at"],
                by_id=cast.ana.id,
            )  # fmt: skip
    return cast


def _account(book: Portfolio, creditor: Creditor, key: str, balance: int, before: str, after: str, paid: int) -> Account:
    person = Person.objects.create(name=key, search_name=key.lower(), country="MX", zones=[ZONE], created_at=BORN)
    account = Account.objects.create(
        creditor=creditor, portfolio=book, number=key, holder=person, product="credit_card", currency="MXN", status="delinquent",
        bucket=after, balance_minor=balance * 100, overdue_minor=balance * 100, created_at=BORN,
    )  # fmt: skip
    BucketHistory.objects.create(
        account=account, on=date(2026, 2, 20), bucket=before, dpd=1, balance_minor=balance * 100, overdue_minor=balance * 100, created_at=BORN
    )
    if after != before:
        BucketHistory.objects.create(
            account=account, on=date(2026, 3, 20), bucket=after, dpd=40, balance_minor=balance * 100, overdue_minor=balance * 100, created_at=BORN
        )
    if paid:
        Payment.objects.create(
            account=account, amount_minor=paid * 100, currency="MXN", paid_on=date(2026, 3, 15), external_id=key, status="applied", created_at=BORN
        )
    return account


def _promise(account: Account, amount: int, paid: int, is_due: bool) -> None:
    status = "active" if not is_due else "kept" if paid >= amount * 0.95 else "partial" if paid else "broken"
    due = date(2026, 3, 20) if is_due else date(2026, 4, 10)
    Promise.objects.create(
        account=account, person_id=account.holder_id, amount_minor=amount, currency="MXN", made_on=date(2026, 3, 3), due_on=due, grace_on=due,
        status=status, paid_minor=paid, channel="call", created_at=BORN,
    )  # fmt: skip


def only(rows: Any, kpi: str) -> Any:
    (row,) = queries.of(rows, kpi)
    return row


def test_the_worked_month_from_the_database_has_the_numbers_of_the_specification(own_database: Any) -> None:
    cast = golden_month()
    with acting(cast.tenant.id):
        book = Portfolio.objects.get(code="TARJETAS")
        scope = march(portfolio_id=book.id)
        rows = queries.figures(scope)
        for kpi, shown, numerator, denominator in EXPECTED:
            if kpi == "K-65":  # costs are not recorded yet
                continue
            row = only(rows, kpi)
            assert (row.numerator, row.denominator, percent(row.value), row.has_data) == (numerator, denominator, shown, True), kpi
        split = compute([kpi for kpi, _ in BY_BUCKET], queries.read(scope), by=["bucket0"], params=scope.params)
        for kpi, shown in BY_BUCKET:
            assert {row.group["bucket0"]: percent(row.value) for row in split if row.kpi == kpi} == shown
        assert (only(rows, "K-51").value, only(rows, "K-61").value) == (800_000, 560_000)
        # the same month looked at later, when the accounts have moved on: history says how they stood
        Account.objects.filter(portfolio=book).update(bucket="WO")
    with acting(cast.tenant.id):
        later = queries.figures(march(portfolio_id=book.id, today=date(2026, 6, 1)))
        assert only(later, "K-09").value == only(rows, "K-09").value
        assert only(queries.figures(march(portfolio_id=book.id, currency="CLP")), "K-30").has_data is False


def test_a_reversed_payment_counts_nothing_in_its_month_and_less_in_the_next(own_database: Any) -> None:
    cast = golden_month()
    with acting(cast.tenant.id):
        account = Account.objects.get(number="A1")
        for key, day, undone in (("R1", date(2026, 3, 5), date(2026, 3, 6)), ("R2", date(2026, 2, 5), date(2026, 3, 7))):
            Payment.objects.create(
                account=account, amount_minor=7_000, currency="MXN", paid_on=day, external_id=key, status="reversed",
                reversed_at=datetime(undone.year, undone.month, undone.day, 18, tzinfo=UTC), created_at=BORN,
            )  # fmt: skip
    with acting(cast.tenant.id):
        assert only(queries.figures(march(creditor_id=account.creditor_id)), "K-61").value == 560_000 - 7_000


def test_a_promise_whose_grace_still_runs_is_neither_kept_nor_broken(own_database: Any) -> None:
    cast = golden_month()
    with acting(cast.tenant.id):
        account = Account.objects.get(number="A8")
        Promise.objects.create(
            account=account, person_id=account.holder_id, amount_minor=100, currency="MXN", made_on=date(2026, 3, 3), due_on=date(2026, 3, 31),
            grace_on=date(2026, 4, 2), status="active", channel="call", created_at=BORN,
        )  # fmt: skip
    with acting(cast.tenant.id):
        rows = queries.figures(march(creditor_id=account.creditor_id))
        assert only(rows, "K-53").denominator == 6 and only(rows, "K-50").numerator == 8


def test_accounts_that_nobody_tried_count_from_the_last_days_not_from_the_period(own_database: Any) -> None:
    cast = golden_month()
    with acting(cast.tenant.id):
        creditor = Creditor.objects.get(code="BANCO")
        april = Scope(date(2026, 4, 1), date(2026, 4, 11), date(2026, 4, 10), ZONE, creditor_id=creditor.id)
        tried_in_march_but_within_thirty_days = only(queries.figures(april), "K-23")
        assert (tried_in_march_but_within_thirty_days.numerator, tried_in_march_but_within_thirty_days.denominator) == (10, 10)
        early = Scope(date(2026, 3, 25), date(2026, 4, 1), date(2026, 3, 31), ZONE, creditor_id=creditor.id)
        assert only(queries.figures(early), "K-23").numerator == 1


def test_the_hours_are_those_of_the_persons_clock(own_database: Any) -> None:
    cast = golden_month()
    with acting(cast.tenant.id):
        hours = queries.patterns(march())["hours"]
        assert {row.group["hour"] for row in hours} == {12}  # 18:00 UTC in Mexico City
        assert {row.group["weekday"] for row in hours} == {1}


@pytest.fixture
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


def test_the_page_shows_every_indicator_with_its_definition(own_database: Any, at_noon: None) -> None:
    cast = golden_month()
    page = text(signed_in(cast.sofia).get("/indicadores/?periodo=fechas&desde=2026-03-01&hasta=2026-03-31&acreedor="))
    for key in SHOWN:
        assert f'id="def-{key}"' in page, key
        assert KPIS[key].formula.replace(">", "&gt;").replace("<", "&lt;") in page, key
    assert "44,0 %" in page and "delta-" not in page  # K-34; nothing to compare yet
    april = text(signed_in(cast.sofia).get("/indicadores/comparado/?periodo=fechas&desde=2026-04-01&hasta=2026-04-30"))
    assert "delta-down is-bad" in april  # nobody was tried in April
    assert "sin datos" in text(signed_in(cast.sofia).get("/indicadores/?periodo=fechas&desde=2026-01-01&hasta=2026-01-05"))


def test_money_of_two_currencies_stands_apart(own_database: Any, at_noon: None) -> None:
    cast = golden_month()
    page = text(signed_in(cast.sofia).get("/indicadores/K-02/?corte=portfolio"))
    for currency in ("MXN", "CLP", "COP"):
        assert f"<td>{currency}</td>" in page
    assert "<td>CLP</td>" not in text(signed_in(cast.sofia).get("/indicadores/K-02/?corte=portfolio&moneda=MXN"))


def test_every_indicator_can_be_split_by_each_of_its_cuts(own_database: Any) -> None:
    cast = golden_month()
    with acting(cast.tenant.id):
        scope = march()
        tables = queries.read(scope)
    for key in SHOWN:
        for cut in TABLE_CUTS[KPIS[key].numerator.table]:
            assert compute([key], tables, by=[cut], params=scope.params), (key, cut)


@pytest.mark.parametrize("key", ["K-04", "K-10", "K-33", "K-53", "K-60", "K-61"])
def test_an_indicator_of_each_kind_has_its_page(own_database: Any, at_noon: None, key: str) -> None:
    cast = golden_month()
    supervisor = signed_in(cast.sofia)
    assert supervisor.get(f"/indicadores/{key}/?periodo=fechas&desde=2026-03-01&hasta=2026-03-31").status_code == 200
    assert supervisor.get("/indicadores/K-00/").status_code == 404
    assert "anterior a la inicial" in text(supervisor.get("/indicadores/?periodo=fechas&desde=2026-03-31&hasta=2026-03-01"))


def test_the_export_is_the_table_and_is_written_down(own_database: Any, at_noon: None) -> None:
    cast = golden_month()
    path = "/indicadores/K-34/exportar/?corte=channel&periodo=fechas&desde=2026-03-01&hasta=2026-03-31"
    lines = b"".join(signed_in(cast.sofia).get(path).streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0] == "Canal,Valor,Numerador,Denominador"
    assert "Llamada,0.400000,16,40" in lines and "Visita,0.600000,6,10" in lines
    with acting(cast.tenant.id):
        assert Event.objects.filter(name="list.exported", detail__list="indicador K-34").count() == 1
    assert signed_in(cast.ana).get("/indicadores/").status_code == 403
    assert signed_in(cast.ana).get(path).status_code == 403


def test_an_agency_measures_only_what_is_placed_with_it(own_database: Any, at_noon: None) -> None:
    cast = golden_month()
    place(cast, "maria")
    assert "<td>CLP</td>" in text(signed_in(cast.sofia).get("/indicadores/K-02/?corte=portfolio"))
    page = text(signed_in(cast.omar).get("/indicadores/K-02/?corte=portfolio"))
    assert "<td>MXN</td>" in page and "<td>CLP</td>" not in page and "<td>COP</td>" not in page
    with acting(cast.tenant.id, cast.agencies["NORTE"].id):
        rows = queries.figures(Scope(date(2026, 11, 1), date(2026, 12, 1), date(2026, 11, 24), ZONE))
        assert only(rows, "K-30").denominator == 1
    assert "<td>MXN</td>" not in text(signed_in(cast.victor).get("/indicadores/K-02/?corte=portfolio"))


def test_the_page_asks_few_queries_however_many_accounts(own_database: Any, at_noon: None) -> None:
    cast = golden_month()
    supervisor = signed_in(cast.sofia)
    for path in ("/indicadores/", "/indicadores/graficas/", "/indicadores/K-62/"):
        supervisor.get(path)
        with CaptureQueriesContext(connection) as seen:
            assert supervisor.get(path).status_code == 200
        own = [one for one in seen if not one["sql"].startswith(("SAVEPOINT", "RELEASE", "SELECT set_config", "BEGIN", "COMMIT"))]
        assert len(own) <= 14, (path, len(own))


def test_every_indicator_of_a_group_exists_and_is_computed() -> None:
    shown = {key for _, keys in GROUPS for key in keys}
    assert shown <= set(KPIS) and shown - {"K-23"} <= set(queries.FIGURES)
    assert set(SHOWN) <= shown | {"K-04", "K-10"}
