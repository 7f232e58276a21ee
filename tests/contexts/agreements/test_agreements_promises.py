"""Promises: one active per account, judged by what was paid."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from recaudo.agreements import queries, services
from recaudo.agreements.models import Promise
from recaudo.agreements.services import BadPromise, PromiseNotActive
from recaudo.journal import services as journal
from recaudo.journal.models import Event
from recaudo.journal.services import SYSTEM
from recaudo.portfolio import services as portfolio


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """What other contexts do when something happens is their story: a payment here settles nothing by itself."""
    monkeypatch.setattr(journal, "_reactions", {})


def promise(cast, minor=100_000, days=3, account="maria", **more):
    account = cast.accounts[account]
    values = {"account": account, "person": account.holder, "amount_minor": minor, "due_on": cast.today + timedelta(days=days),
              "channel": "call", "by": cast.ana, "at": cast.now, "on": cast.today}  # fmt: skip
    return services.make_promise(**values | more)


def pay(cast, minor, days=0, key="p", account="maria"):
    """A payment on a later day, reported that day."""
    paid_on = cast.today + timedelta(days=days)
    at = cast.now + timedelta(days=days, minutes=5)
    return portfolio.record_payment(account=cast.accounts[account], amount_minor=minor, currency=cast.accounts[account].currency,
                                    paid_on=paid_on, external_id=key, by=cast.raul, at=at)  # fmt: skip


def judge(cast, days):
    return services.judge_promises(on=cast.today + timedelta(days=days), by=SYSTEM, at=cast.now + timedelta(days=days))


def settle(cast, days, account="maria"):
    return services.settle_after_payment(cast.accounts[account], on=cast.today + timedelta(days=days), by=SYSTEM, at=cast.now + timedelta(days=days))


def test_a_promise_has_grace_of_a_business_day_of_the_country(cast):
    made = promise(cast, days=3)  # due on Friday 27 November
    assert (made.due_on, made.grace_on) == (date(2026, 11, 27), date(2026, 11, 30))
    assert services.grace_day(date(2026, 12, 24), "CO", 1) == date(2026, 12, 28)  # Christmas, then a weekend
    assert services.grace_day(date(2026, 11, 27), "XX", 2) == date(2026, 12, 1)


def test_a_new_promise_takes_the_place_of_the_active_one(cast):
    first = promise(cast)
    second = promise(cast, minor=50_000, supersedes=first)
    first.refresh_from_db()
    assert (first.status, second.supersedes_id) == ("superseded", first.id)
    assert queries.active_promise(cast.accounts["maria"].id) == second
    with pytest.raises(BadPromise):
        promise(cast, supersedes=first)


@pytest.mark.parametrize(
    ("minor", "days"), [(0, 3), (-1, 3), (1_250_001, 3), (100, -1), (100, 31)], ids=["zero", "negative", "too much", "past", "too far"]
)
def test_a_promise_that_makes_no_sense_is_refused(cast, minor, days):
    with pytest.raises(BadPromise):
        promise(cast, minor, days)
    assert not Promise.objects.exists()


def test_the_organisation_sets_its_own_limits(cast):
    cast.tenant.settings = {"promise": {"max_days": 5, "grace_days": 0, "tolerance": "0.10"}}
    cast.tenant.save()
    with pytest.raises(BadPromise):
        promise(cast, days=6)
    made = promise(cast, days=5)
    assert (made.grace_on, str(made.tolerance)) == (made.due_on, "0.10")


@pytest.mark.parametrize(
    ("paid", "days", "status"),
    [(100_000, 1, "kept"), (95_000, 6, "kept"), (94_999, 1, "partial"), (0, 0, "broken"), (100_000, 7, "broken")],
    ids=["in full", "within tolerance on the grace day", "a cent short", "nothing", "after grace"],
)
def test_a_promise_is_judged_by_what_was_paid_in_time(cast, paid, days, status):
    made = promise(cast)
    if paid:
        pay(cast, paid, days)
    result = judge(cast, 7)
    made.refresh_from_db()
    assert made.status == status
    assert getattr(result, status) == result.total == 1
    assert made.judged_on == cast.today + timedelta(days=7)
    assert judge(cast, 8).total == 0


def test_a_promise_is_not_judged_before_its_grace_is_over(cast):
    made = promise(cast)
    assert judge(cast, 6).total == 0
    made.refresh_from_db()
    assert made.status == "active"


def test_money_of_before_the_promise_does_not_keep_it(cast):
    pay(cast, 100_000, -1)
    portfolio.record_payment(account=cast.accounts["maria"], amount_minor=100_000, currency="MXN", paid_on=cast.today, external_id="same-day",
                             by=cast.raul, at=cast.now - timedelta(minutes=5))  # fmt: skip
    made = promise(cast)
    assert settle(cast, 0) == []
    judge(cast, 7)
    made.refresh_from_db()
    assert (made.status, made.paid_minor) == ("broken", 0)


def test_a_payment_keeps_the_promise_at_once(cast):
    made = promise(cast)
    pay(cast, 60_000, 1, "a")
    assert settle(cast, 1) == []
    made.refresh_from_db()
    assert (made.status, made.paid_minor) == ("active", 60_000)
    pay(cast, 40_000, 1, "b")
    assert [p.id for p in settle(cast, 1)] == [made.id]
    made.refresh_from_db()
    assert (made.status, made.judged_on) == ("kept", cast.today + timedelta(days=1))
    assert Event.objects.get(name="promise.kept").detail["promise_id"] == str(made.id)


def test_a_payment_reversed_opens_the_promise_again_or_breaks_it(cast):
    made = promise(cast)
    payment = pay(cast, 100_000, 1)
    settle(cast, 1)
    portfolio.reverse_payment(payment, reason="Devuelto", by=cast.gabriel, at=cast.now + timedelta(days=2))
    settle(cast, 2)
    made.refresh_from_db()
    assert (made.status, made.paid_minor, made.judged_on) == ("active", 0, None)
    payment = pay(cast, 100_000, 2, "b")
    settle(cast, 2)
    portfolio.reverse_payment(payment, reason="Devuelto", by=cast.gabriel, at=cast.now + timedelta(days=9))
    settle(cast, 9)
    made.refresh_from_db()
    assert made.status == "broken"
    assert Event.objects.filter(name="promise.broken").count() == 1


def test_what_comes_a_little_late_keeps_it_late(cast):
    made = promise(cast)
    judge(cast, 7)
    pay(cast, 100_000, 9)
    settle(cast, 9)
    made.refresh_from_db()
    assert made.status == "kept_late"


def test_what_comes_far_too_late_does_not(cast):
    made = promise(cast)
    judge(cast, 7)
    pay(cast, 100_000, 17)
    settle(cast, 17)
    made.refresh_from_db()
    assert made.status == "broken"


def test_money_for_a_second_promise_does_not_keep_the_first_late(cast):
    first = promise(cast)
    judge(cast, 7)
    later = cast.today + timedelta(days=8)
    second = promise(cast, due_on=later + timedelta(days=2), on=later, at=cast.now + timedelta(days=8))
    pay(cast, 100_000, 9)
    settle(cast, 9)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("broken", "kept")


def test_a_payment_that_arrives_late_in_the_books_still_counts(cast):
    made = promise(cast)
    judge(cast, 7)
    portfolio.record_payment(account=cast.accounts["maria"], amount_minor=100_000, currency="MXN", paid_on=cast.today + timedelta(days=2),
                             external_id="late file", by=cast.raul, at=cast.now + timedelta(days=8))  # fmt: skip
    settle(cast, 8)
    made.refresh_from_db()
    assert made.status == "kept"


def test_a_promise_can_be_cancelled_once_with_a_reason(cast):
    made = promise(cast)
    with pytest.raises(BadPromise):
        services.cancel_promise(made, reason=" ", by=cast.ana, at=cast.now)
    services.cancel_promise(made, reason="Se registró por error", by=cast.ana, at=cast.now)
    with pytest.raises(PromiseNotActive):
        services.cancel_promise(made, reason="otra vez", by=cast.ana, at=cast.now)
    assert judge(cast, 30).total == 0


def test_judging_takes_one_statement_for_any_number(cast, django_assert_max_num_queries):
    for account, minor in (("maria", 1000), ("pedro", 1000), ("esquina", 1000)):
        promise(cast, minor, account=account)
    pay(cast, 1000, 1, account="pedro")
    with django_assert_max_num_queries(6):
        result = judge(cast, 20)
    assert (result.kept, result.broken) == (1, 2)


def test_an_agency_sees_its_own_promises_only(cast):
    from recaudo.store import tenancy

    portfolio.place_accounts(account_ids=[cast.accounts["maria"].id], agency=cast.agencies["NORTE"], team=None, from_on=cast.today,
                             by=cast.gabriel, at=cast.now)  # fmt: skip
    promise(cast)
    promise(cast, 1000, account="pedro")
    with tenancy.acting(cast.tenant.id, cast.agencies["NORTE"].id):
        assert Promise.objects.get().account_id == cast.accounts["maria"].id
    with tenancy.acting(cast.tenant.id, cast.agencies["SUR"].id):
        assert not Promise.objects.exists()
    with tenancy.acting(cast.other_tenant.id):
        assert not Promise.objects.exists()


def test_the_agenda_lists_what_falls_due(cast):
    made = promise(cast, days=2)
    soon = queries.promises_due(from_on=cast.today, until_on=cast.today + timedelta(days=2))
    assert list(soon) == [made]
    assert not queries.promises_due(from_on=cast.today, until_on=cast.today + timedelta(days=1)).exists()


def test_moving_promises_to_the_other_record_of_a_person_names_them(cast):
    made = promise(cast)
    moved = services.move_promises(from_person=cast.maria.id, to_person=cast.lucia.id)
    made.refresh_from_db()
    assert (moved, made.person_id) == ([str(made.id)], cast.lucia.id)
    assert services.move_promises(from_person=cast.lucia.id, to_person=cast.maria.id, only=[]) == []
