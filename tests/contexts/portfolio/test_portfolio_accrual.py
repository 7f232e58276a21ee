"""The roll in PostgreSQL says what engine.accrue says, writes what changed, and nothing twice."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recaudo.engine.accrue import DEFAULT_BUCKETS, BucketSet, Item, bucket_of, days_past_due, stage_of
from recaudo.journal.models import Event
from recaudo.journal.services import SYSTEM
from recaudo.kernel.time import Period
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, BucketHistory, DelinquencyPause, Instalment, LedgerEntry, PortfolioFigure
from recaudo.portfolio.services.accrual import BadDefinition, BadPause
from recaudo.store import tenancy


def roll(cast, on=None):
    return portfolio.accrue(on=on or cast.today, by=SYSTEM, at=cast.now)


def test_the_roll_says_how_late_each_account_is(cast):
    result = roll(cast)
    assert result.accounts == {"CUR": 1, "B1": 1, "B2": 1, "B4": 1}
    assert {name: (a.dpd, a.bucket, a.stage) for name, a in read(cast).items()} == {
        "maria": (40, "B2", "early"), "pedro": (5, "B1", "early"), "esquina": (95, "B4", "early"), "lucia": (0, "CUR", "preventive"),
    }  # fmt: skip


def test_a_second_roll_of_the_day_changes_nothing(cast):
    first = roll(cast)
    history, figures = BucketHistory.objects.count(), list(PortfolioFigure.objects.order_by("portfolio", "bucket").values_list("bucket", "balance_minor"))
    second = roll(cast)
    assert (second.changed, second.entered, second.digest) == (0, 0, first.digest)
    assert BucketHistory.objects.count() == history
    assert list(PortfolioFigure.objects.order_by("portfolio", "bucket").values_list("bucket", "balance_minor")) == figures


def test_time_moves_accounts_to_the_next_bucket_and_history_says_when(cast):
    roll(cast)
    later = cast.today + timedelta(days=26)
    result = roll(cast, later)
    assert (read(cast)["pedro"].bucket, read(cast)["esquina"].stage, read(cast)["maria"].bucket) == ("B2", "middle", "B3")
    history = list(cast.accounts["pedro"].buckets.order_by("on").values_list("on", "bucket", "dpd"))
    assert history == [(cast.today, "B1", 5), (later, "B2", 31)]
    assert result.entered == 4
    assert read(cast)["lucia"].dpd == 16  # what was to come on day 10 is late too


def test_a_bucket_entered_in_between_is_in_the_history_of_the_next_roll(cast):
    roll(cast)
    account = cast.accounts["maria"]
    portfolio.record_payment(account=account, amount_minor=250_000, currency="MXN", paid_on=cast.today, external_id="p",
                             by=SYSTEM, at=cast.now)  # fmt: skip
    roll(cast, cast.today + timedelta(days=1))
    assert list(account.buckets.order_by("on").values_list("bucket", flat=True)) == ["B2", "CUR"]


def test_pauses_do_not_count_even_when_entered_afterwards(cast):
    account = cast.accounts["maria"]
    portfolio.pause_delinquency(account, from_on=cast.today - timedelta(days=30), until_on=cast.today - timedelta(days=10),
                                reason="Desastre natural", by=cast.gabriel, at=cast.now)  # fmt: skip
    assert (account.dpd, account.bucket) == (20, "B1")
    portfolio.pause_delinquency(account, from_on=cast.today - timedelta(days=15), until_on=None, reason="Convenio",
                                by=cast.gabriel, at=cast.now)  # fmt: skip
    assert account.dpd == 9
    roll(cast, cast.today + timedelta(days=100))
    account.refresh_from_db()
    assert account.dpd == 9  # the pause without end goes on
    assert Event.objects.filter(name="account.paused").count() == 2


def test_a_pause_needs_a_reason_and_an_end_after_its_start(cast):
    for until_on, reason in ((cast.today, "x"), (cast.today + timedelta(days=1), " ")):
        with pytest.raises(BadPause):
            portfolio.pause_delinquency(cast.accounts["maria"], from_on=cast.today, until_on=until_on, reason=reason,
                                        by=cast.gabriel, at=cast.now)  # fmt: skip


def test_a_written_off_account_stays_so_until_it_is_paid(cast):
    Account.objects.filter(id=cast.accounts["maria"].id).update(written_off_on=cast.today)
    roll(cast)
    maria = read(cast)["maria"]
    assert (maria.status, maria.bucket, maria.stage, maria.dpd) == ("written_off", "WO", "written_off", 40)
    portfolio.record_payment(account=maria, amount_minor=1_250_000, currency="MXN", paid_on=cast.today, external_id="p", by=SYSTEM, at=cast.now)
    assert read(cast)["maria"].status == "closed_paid"


@pytest.mark.parametrize("status", ["sold", "recalled", "closed_settled", "closed_prescribed"])
def test_what_is_no_longer_collected_is_not_rolled(cast, status):
    Account.objects.filter(id=cast.accounts["maria"].id).update(status=status, dpd=7)
    result = roll(cast)
    assert (result.total, read(cast)["maria"].dpd, read(cast)["maria"].status) == (3, 7, status)


def test_a_creditor_may_have_other_buckets_from_a_day(cast):
    creditor = cast.accounts["esquina"].creditor
    portfolio.define_buckets(creditor=creditor, valid_from=cast.today, early_below_days=90, late_from_days=150, by=cast.gabriel, at=cast.now)
    roll(cast, cast.today - timedelta(days=1))
    assert read(cast)["esquina"].stage == "early"
    roll(cast)
    assert (read(cast)["esquina"].stage, read(cast)["maria"].stage) == ("middle", "early")
    with pytest.raises(BadDefinition):
        portfolio.define_buckets(creditor=None, valid_from=cast.today, early_below_days=120, late_from_days=90, by=cast.gabriel, at=cast.now)


def test_the_roll_keeps_the_figures_of_each_portfolio(cast):
    roll(cast)
    row = PortfolioFigure.objects.get(portfolio=cast.portfolios["credit_card-MX"], bucket="B2")
    assert (row.account_count, row.balance_minor, row.overdue_minor, row.par30_minor) == (1, 1_250_000, 250_000, 1_250_000)


def test_the_roll_stays_inside_its_tenant(cast):
    Account.objects.filter(id=cast.accounts["maria"].id).update(dpd=1)
    with tenancy.acting(cast.other_tenant.id):
        assert portfolio.accrue(on=cast.today, by=SYSTEM, at=cast.now).total == 0
    assert read(cast)["maria"].dpd == 1


day = date(2026, 6, 1)
offsets = st.integers(-400, 60)
items = st.lists(st.tuples(offsets, st.integers(1, 1000), st.integers(0, 1000)), max_size=5)
pauses = st.lists(st.tuples(offsets, st.one_of(st.none(), st.integers(1, 90))), max_size=3)


class Undone(Exception):
    pass


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(accounts=st.lists(st.tuples(items, pauses, st.booleans()), min_size=1, max_size=4), own=st.booleans())
def test_the_database_and_the_engine_agree(cast, accounts, own):
    try:
        with transaction.atomic():
            compare(cast, accounts, own)
            raise Undone
    except Undone:
        pass


def compare(cast, accounts, own):
    model = cast.accounts["maria"]
    definition = DEFAULT_BUCKETS
    if own:
        portfolio.define_buckets(creditor=model.creditor, valid_from=day, early_below_days=45, late_from_days=200, by=SYSTEM, at=cast.now)
        definition = BucketSet.with_early("x", day, early_below_days=45, late_from_days=200)
    expected = {}
    for number, (rows, stops, lost) in enumerate(accounts):
        account = Account.objects.create(
            creditor=model.creditor, portfolio=model.portfolio, number=f"H-{number}", holder=model.holder, product="credit_card",
            currency="MXN", status="written_off" if lost else "current", created_at=cast.now,
        )  # fmt: skip
        LedgerEntry.objects.create(account=account, on=day, kind="opening", amount_minor=1, created_at=cast.now)
        kept = [(day + timedelta(days=off), due, min(paid, due)) for off, due, paid in rows]
        for place, (due_on, due, paid) in enumerate(kept):
            Instalment.objects.create(account=account, number=place, due_on=due_on, amount_minor=due, paid_minor=paid, created_at=cast.now)
        periods = []
        for off, length in stops:
            start = day + timedelta(days=off)
            end = start + timedelta(days=length) if length else None
            DelinquencyPause.objects.create(account=account, from_on=start, until_on=end, reason="x", created_at=cast.now)
            periods.append(Period(start, end or date.max))
        dpd = days_past_due([Item(*row) for row in kept], day, periods)
        late = [(due_on, due - paid) for due_on, due, paid in kept if paid < due and due_on < day]
        expected[account.id] = (
            dpd, sum(minor for _, minor in late), len(late), min((on for on, _ in late), default=None),
            bucket_of(dpd, definition, written_off=lost), stage_of(dpd, definition, written_off=lost),
        )  # fmt: skip
    portfolio.accrue(on=day, by=SYSTEM, at=cast.now)
    found = {
        a.id: (a.dpd, a.overdue_minor, a.instalments_overdue, a.oldest_due_on, a.bucket, a.stage)
        for a in Account.objects.filter(id__in=expected)
    }
    assert found == expected


def test_rolling_takes_the_same_few_statements_for_any_number_of_accounts(cast, django_assert_max_num_queries):
    with django_assert_max_num_queries(8):
        roll(cast)
    assert connection.vendor == "postgresql"


def read(cast):
    return {name: Account.objects.get(id=account.id) for name, account in cast.accounts.items()}
