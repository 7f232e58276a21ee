"""Two hundred broken files: none raises, none is half in the books, each says row, column and reason (RELIABILITY 16)."""

from __future__ import annotations

import random

import pytest
from tests.contexts.intake.files import HUGO, ROSA, TITLES

from recaudo.intake.models import Rejection
from recaudo.portfolio.models import Account, ContactPoint, LedgerEntry, Person

GOOD = [HUGO.replace("T-2", f"G-{n}") for n in range(3)]
ODD_CELLS = [
    "1e308", "NaN", "-1", "31/02/2026", "=cmd|'/C calc'!A0", "\x00", "\u202eevil", "9" * 40, "1.234.567,89", "abc", "🤖", "' OR 1=1 --", "%s%s%n",
    "\\N", "NULL", "0x1F", "٣٤", "Ã³Ã±", "\ufffd", "31/12/9999", "00/00/0000", "1,2,3", "((5))", "--5", "$", "MXN", "x" * 12_000,
]  # fmt: skip


def _file(seed: int) -> bytes:
    """One broken file: some good rows, some with an odd cell, then perhaps damage to the whole."""
    rng = random.Random(seed)
    rows = list(GOOD)
    for n in range(rng.randint(1, 4)):
        cells = ROSA.replace("T-1", f"B-{n}").replace('"12,500.50"', "12500.50").replace('"2,500.00"', "2500.00").replace('"Av. Juárez 12"', "Av. Juárez 12").split(",")
        for _ in range(rng.randint(1, 3)):
            cells[rng.randrange(len(cells))] = '"' + rng.choice(ODD_CELLS).replace('"', '""') + '"'
        if rng.random() < 0.2:
            cells = cells[: rng.randrange(1, len(cells))]
        rows.insert(rng.randrange(len(rows) + 1), ",".join(cells))
    end = rng.choice(["\n", "\r\n", "\r"])
    titles = rng.choice([TITLES] * 8 + [TITLES.replace("Saldo", "Cuenta", 1), TITLES.replace("Cuenta,", ",", 1), "", "\x00" * 5])
    text = end.join([titles, *rows]) + end
    data = text.encode(rng.choice(["utf-8", "utf-8-sig", "utf-16", "utf-16-be"]) if rng.random() < 0.4 else "utf-8", "replace")
    damage = rng.random()
    if damage < 0.08:
        data = data[: rng.randrange(len(data))]
    elif damage < 0.14:
        at = rng.randrange(len(data))
        data = data[:at] + bytes(rng.randrange(256) for _ in range(8)) + data[at:]
    elif damage < 0.17:
        data = data.replace(b",", b";")
    elif damage < 0.19:
        data = b"PK\x03\x04" + data
    return data


@pytest.mark.parametrize("block", range(10))
def test_a_broken_file_never_raises_and_is_never_half_in_the_books(cards, load, block) -> None:
    for seed in range(block * 20, block * 20 + 20):
        before = _counts()
        batch = load(_file(seed), cards, name=f"../../{seed}\u202e.csv")
        assert batch.status in {"applied", "failed"}, seed
        assert ".." not in batch.file_name and "/" not in batch.file_name
        if batch.status == "failed":
            assert batch.problem.endswith((".", "…")) or len(batch.problem) == 400, seed
            assert _counts() == before, seed
            continue
        assert batch.row_count == batch.accepted_count + batch.rejected_count, seed
        refusals = list(Rejection.objects.filter(batch=batch))
        assert len({one.row_number for one in refusals if one.is_row}) == batch.rejected_count, seed
        for one in refusals:
            assert one.row_number >= 2 and one.field and len(one.reason) > 20, seed
            assert "GODE" not in one.reason and "55 1234" not in one.reason, seed
        for sums in batch.totals.values():
            assert sums["source"] == sums["accepted"] + sums["refused"] and sums["accepted"] == sums["applied"] + sums["unchanged"], seed
        for account in Account.objects.filter(batch_id=batch.id):
            assert account.balance_minor == sum(account.entries.values_list("amount_minor", flat=True)), seed


def test_the_generator_makes_both_kinds_of_outcome(cards, load) -> None:
    """So that the test above is not empty by accident."""
    outcomes = {load(_file(seed), cards).status for seed in range(40)}
    assert outcomes == {"applied", "failed"}


def _counts() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Account, Person, ContactPoint, LedgerEntry, Rejection))
