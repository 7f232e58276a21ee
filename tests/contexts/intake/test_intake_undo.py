"""Stories of taking a file back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.cast import NOW
from tests.contexts.intake.files import HUGO, ROSA, csv
from tests.contexts.intake.test_intake_payments import pay, pays  # noqa: F401  the fixture

from recaudo.intake import services as intake
from recaudo.intake.services.undo import LaterWork, NotUndoable
from recaudo.portfolio import services as portfolio
from recaudo.portfolio.models import Account, ContactPoint, Payment

LATER = NOW + timedelta(minutes=5)


def test_accounts_of_a_wrong_file_are_recalled_by_reversing_entries(cast, cards, load) -> None:
    batch = load(csv(ROSA, HUGO), cards)
    batch = intake.undo(batch, by=cast.raul, at=LATER)
    rosa = Account.objects.get(number="T-1")
    assert (batch.status, rosa.status, rosa.balance_minor, rosa.overdue_minor, rosa.dpd) == ("undone", "recalled", 0, 0, 0)
    assert list(rosa.entries.order_by("created_at", "kind").values_list("kind", "amount_minor")) == [("opening", 1_250_050), ("reversal", -1_250_050)]
    assert not rosa.instalments.exclude(amount_minor=0).exists()
    assert set(ContactPoint.objects.filter(person=rosa.holder).values_list("status", flat=True)) == {"invalid"}


def test_changed_accounts_get_their_figures_back(cast, cards, load) -> None:
    load(csv(ROSA, HUGO), cards)
    before = _figures()
    wrong = load(csv(ROSA.replace('"12,500.50"', "1.00").replace('"2,500.00"', "1.00").replace(",40,", ",100,"), HUGO.replace("T-2", "T-3")), cards, on=date(2026, 11, 25))
    assert _figures() != before
    intake.undo(wrong, by=cast.raul, at=LATER)
    after = _figures()
    assert after.pop("T-3")[0] == "recalled"
    assert after == before
    for account in Account.objects.filter(number__startswith="T-"):
        assert account.balance_minor == sum(account.entries.values_list("amount_minor", flat=True))


def test_an_undone_file_can_be_loaded_again(cast, cards, load) -> None:
    batch = load(csv(ROSA), cards)
    first = _figures()
    intake.undo(batch, by=cast.raul, at=LATER)
    again = load(csv(ROSA), cards, at=LATER)
    assert again.status == "applied", again.problem
    assert _figures() == first


def test_payments_of_a_wrong_file_are_reversed(cast, pays, load) -> None:  # noqa: F811
    batch = load(pay("F1,CTA-MARIA,2500.00,2026-11-24,SPEI", "F2,NO,1.00,2026-11-24,SPEI"), pays)
    intake.undo(batch, by=cast.raul, at=LATER)
    maria = Account.objects.get(number="CTA-MARIA")
    assert (maria.balance_minor, maria.overdue_minor, maria.dpd) == (1_250_000, 250_000, 40)
    assert set(Payment.objects.values_list("status", flat=True)) == {"reversed"}


def test_later_work_keeps_a_file_from_being_undone_and_is_named(cast, cards, load) -> None:
    batch = load(csv(ROSA), cards)
    rosa = Account.objects.get(number="T-1")
    portfolio.record_payment(account=rosa, amount_minor=100, currency="MXN", paid_on=cast.today, external_id="H1", by=cast.raul, at=LATER)
    with pytest.raises(LaterWork, match="1 pagos"):
        intake.undo(batch, by=cast.raul, at=LATER)
    assert Account.objects.get(number="T-1").status != "recalled"


def test_a_later_file_on_the_same_accounts_comes_off_first(cast, cards, load) -> None:
    first = load(csv(ROSA), cards)
    load(csv(ROSA.replace('"12,500.50"', '"12,400.50"')), cards, on=date(2026, 11, 25), at=LATER)
    with pytest.raises(LaterWork, match="otra carga"):
        intake.undo(first, by=cast.raul, at=LATER + timedelta(minutes=1))


def test_only_an_applied_batch_is_undone_and_once(cast, cards, load) -> None:
    batch = intake.undo(load(csv(ROSA), cards), by=cast.raul, at=LATER)
    with pytest.raises(NotUndoable):
        intake.undo(batch, by=cast.raul, at=LATER)


def _figures() -> dict[str, tuple]:
    return {
        row.number: (row.status, row.balance_minor, row.overdue_minor, row.dpd, row.bucket, row.oldest_due_on, row.next_due_on,
                     sorted((due.due_on, due.amount_minor) for due in row.instalments.all() if due.amount_minor > due.paid_minor))
        for row in Account.objects.filter(number__startswith="T-").order_by("number")
    }  # fmt: skip
