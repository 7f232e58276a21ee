"""Stories of account files: who comes in, with which debts, and what a second file changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from tests.contexts.intake.files import HUGO, ROSA, csv

from recaudo.intake.models import Batch, Layout, Rejection
from recaudo.journal.models import Event
from recaudo.portfolio.models import Account, AccountParty, BucketHistory, ContactPoint, Instalment, LedgerEntry, Person

Load = Callable[..., Batch]


def test_a_file_brings_accounts_with_holders_debts_and_ways_to_reach_them(cards: Layout, load: Load) -> None:
    batch = load(csv(ROSA, HUGO), cards)
    assert (batch.status, batch.problem) == ("applied", "")
    assert (batch.row_count, batch.accepted_count, batch.rejected_count) == (2, 2, 0)
    rosa = Account.objects.get(number="T-1")
    assert (rosa.balance_minor, rosa.overdue_minor, rosa.dpd, rosa.bucket, rosa.status) == (1_250_050, 250_000, 40, "B2", "delinquent")
    assert rosa.holder.name == "Rosa Diaz Peña"
    assert rosa.holder.national_id == "GODE561231GR8"
    assert rosa.holder.birth_on == "1956-12-31"
    assert rosa.holder.zones == ["America/Mexico_City"]
    assert rosa.extra == {"Gestor": "Norte"}
    assert rosa.opened_on == date(2020, 2, 1)
    points = {point.kind: point.value for point in ContactPoint.objects.filter(person=rosa.holder)}
    assert points == {"phone": "+525512349876", "im": "+525512349876", "email": "rosa@correo.mx", "address": "Av. Juárez 12"}
    assert list(rosa.entries.values_list("kind", "component", "amount_minor")) == [("opening", "principal", 1_250_050)]
    assert list(rosa.instalments.order_by("number").values_list("due_on", "amount_minor", "is_derived")) == [
        (date(2026, 10, 15), 250_000, True), (date(2026, 12, 5), 80_000, True),
    ]  # fmt: skip
    assert AccountParty.objects.get(account=rosa).role == "holder"
    assert BucketHistory.objects.get(account=rosa).bucket == "B2"


def test_what_was_worked_out_is_marked_as_derived(cards: Layout, load: Load) -> None:
    load(csv(ROSA), cards)
    assert Account.objects.get(number="T-1").derived == ["due_on"]


def test_totals_of_file_and_books_agree_to_the_cent(cards: Layout, load: Load) -> None:
    batch = load(csv(ROSA, HUGO, ROSA.replace("T-1", "T-3").replace("GODE561231GR8", "GODE561231GR9")), cards)
    assert batch.totals == {"MXN": {"source": 2_590_100, "accepted": 1_340_050, "refused": 1_250_050, "applied": 1_340_050, "unchanged": 0}}


def test_the_same_file_twice_changes_nothing(cards: Layout, load: Load) -> None:
    load(csv(ROSA, HUGO), cards)
    before = _state()
    batch = load(csv(ROSA, HUGO), cards)
    assert batch.status == "applied"
    assert {key: batch.changes[key] for key in ("created", "updated", "unchanged", "adjusted", "persons", "contact_points")} == {
        "created": 0, "updated": 0, "unchanged": 2, "adjusted": 0, "persons": 0, "contact_points": 0,
    }  # fmt: skip
    assert _state() == before


def test_a_later_file_adjusts_the_balance_through_the_ledger(cards: Layout, load: Load) -> None:
    load(csv(ROSA), cards)
    batch = load(csv(ROSA.replace('"12,500.50"', '"11,000.00"').replace(",40,", ",41,")), cards, on=date(2026, 11, 25))
    rosa = Account.objects.get(number="T-1")
    assert (rosa.balance_minor, rosa.dpd) == (1_100_000, 41)
    assert sum(entry.amount_minor for entry in rosa.entries.all()) == 1_100_000
    assert batch.changes["adjusted"] == 1
    assert rosa.instalments.filter(paid_minor__lt=250_000).count() == 2  # the same day is still the oldest due


def test_one_person_with_two_accounts_is_one_person(cards: Layout, load: Load) -> None:
    load(csv(ROSA, ROSA.replace("T-1", "T-9")), cards)
    assert Person.objects.filter(search_name="rosa diaz pena").count() == 1
    assert Account.objects.filter(holder__search_name="rosa diaz pena").count() == 2


def test_a_person_known_by_id_is_not_made_again(cast, cards: Layout, load: Load) -> None:
    load(csv(ROSA), cards)
    load(csv(ROSA.replace("T-1", "T-8").replace("ROSA DIAZ PEÑA", "Rosa Díaz")), cards)
    assert Account.objects.get(number="T-8").holder == Account.objects.get(number="T-1").holder


def test_bad_rows_are_refused_by_name_and_good_ones_kept(cards: Layout, load: Load) -> None:
    bad_id = ROSA.replace("T-1", "T-3").replace("GODE561231GR8", "GODE561231GR9")
    bad_day = HUGO.replace("T-2", "T-4").replace("15/03/2021", "31/02/2021")
    future = HUGO.replace("T-2", "T-5").replace("15/03/2021", "15/03/2031")
    negative = HUGO.replace("T-2", "T-6").replace("900.00", "-900.00")
    style = HUGO.replace("T-2", "T-7").replace("900.00", '"9.000,50"')
    again = HUGO
    batch = load(csv(ROSA, HUGO, bad_id, bad_day, future, negative, style, again, "T-8,solo tres,x"), cards)
    assert batch.status == "applied"
    assert set(Account.objects.filter(number__startswith="T-").values_list("number", flat=True)) == {"T-1", "T-2"}
    found = {(one.row_number, one.field): one.code for one in Rejection.objects.filter(batch=batch, is_row=True)}
    assert found == {
        (4, "RFC"): "id_check_digit", (5, "Apertura"): "no_such_day", (6, "Apertura"): "future_date", (7, "Saldo"): "negative_balance",
        (8, "Saldo"): "number_other_style", (9, "Cuenta"): "duplicate_account", (10, "(fila)"): "row_width",
    }  # fmt: skip
    assert all(one.reason and "GODE" not in one.reason for one in Rejection.objects.filter(batch=batch))
    assert batch.rejected_count == 7


def test_a_bad_phone_is_left_out_and_the_row_is_kept(cards: Layout, load: Load) -> None:
    batch = load(csv(ROSA.replace("55 1234 9876", "123")), cards)
    assert batch.rejected_count == 0
    refusal = Rejection.objects.get(batch=batch)
    assert (refusal.is_row, refusal.field, refusal.row_number) == (False, "Celular", 2)
    assert not ContactPoint.objects.filter(person=Account.objects.get(number="T-1").holder, kind="phone").exists()


def test_files_commute_by_key_whatever_the_order(cards: Layout, load: Load) -> None:
    monday, tuesday = date(2026, 11, 23), date(2026, 11, 24)
    older = csv(ROSA.replace(",40,", ",39,"), HUGO)
    newer = csv(ROSA.replace('"12,500.50"', '"12,000.00"'), HUGO.replace("T-2", "T-3"))
    load(newer, cards, on=tuesday)
    load(older, cards, on=monday)
    backward = _figures()
    Account.objects.filter(number__startswith="T-").count()
    rosa = Account.objects.get(number="T-1")
    assert (rosa.balance_minor, rosa.dpd) == (1_200_000, 40)
    assert set(backward) == {"T-1", "T-2", "T-3"}


def test_a_failed_file_leaves_nothing_and_says_why(cards: Layout, load: Load) -> None:
    batch = load("Cuenta,Cliente\nT-1,Rosa\n", cards)
    assert batch.status == "failed"
    assert "no vienen las columnas" in batch.problem and "«Apertura» (Fecha de apertura)" in batch.problem
    assert not Account.objects.filter(number="T-1").exists()
    assert Event.objects.filter(name="batch.failed", subject_id=batch.id).count() == 1


def test_applying_again_does_nothing(cast, cards: Layout, load: Load) -> None:
    from recaudo.intake import services as intake

    batch = load(csv(ROSA), cards)
    again = intake.apply(batch, by=cast.raul, at=cast.now + timedelta(hours=1))
    assert again.applied_at == batch.applied_at
    assert Event.objects.filter(name="batch.applied").count() == 1


def _figures() -> dict[str, tuple[int, int, int]]:
    rows = Account.objects.filter(number__startswith="T-")
    return {row.number: (row.balance_minor, row.overdue_minor, row.dpd) for row in rows}


def _state() -> tuple[int, ...]:
    counts = tuple(model.objects.count() for model in (Account, Person, ContactPoint, Instalment, LedgerEntry, AccountParty, BucketHistory))
    return (*counts, *(int(row.updated_at.timestamp()) for row in Account.objects.filter(number__startswith="T-").order_by("number")))
