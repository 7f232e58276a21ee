"""A file written piece by piece while it is read ends in the same books as one written at once; reading ahead keeps order and errors."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.cast import NOW
from tests.contexts.intake.files import HUGO, ROSA, csv

from recaudo.intake.services import load_accounts
from recaudo.intake.services.ahead import working_ahead
from recaudo.portfolio.models import Account, Person


def chunked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row a chunk, every chunk written when it comes."""
    monkeypatch.setattr(load_accounts, "NEW_ROWS_AT_ONCE", 1)
    from recaudo.intake.adapters.csv import CsvSource
    from recaudo.intake.adapters.table import Chunk

    whole = CsvSource.chunks

    def single(self: CsvSource) -> Iterator[Chunk]:
        for chunk in whole(self):
            for n in range(chunk.table.num_rows):
                yield Chunk(chunk.table.slice(n, 1), chunk.rows[n : n + 1], chunk.ragged if n == 0 else [])

    monkeypatch.setattr(CsvSource, "chunks", single)


def test_one_person_in_two_pieces_is_one_person_and_totals_add_up(cards, load, monkeypatch: pytest.MonkeyPatch) -> None:
    chunked(monkeypatch)
    batch = load(csv(ROSA, HUGO, ROSA.replace("T-1", "T-9")), cards)
    assert batch.totals["MXN"] == {"source": 2_590_100, "accepted": 2_590_100, "refused": 0, "applied": 2_590_100, "unchanged": 0}
    assert {name: batch.changes[name] for name in ("created", "persons", "parties", "entries")} == {"created": 3, "persons": 2, "parties": 3, "entries": 3}
    assert Person.objects.filter(search_name="rosa diaz pena").count() == 1
    assert Account.objects.get(number="T-9").holder.contact_points.count() == 4


def test_known_accounts_among_new_ones_are_changed_once(cards, load, monkeypatch: pytest.MonkeyPatch) -> None:
    load(csv(HUGO), cards)
    chunked(monkeypatch)
    batch = load(csv(ROSA, HUGO.replace("900.00", "800.00"), ROSA.replace("T-1", "T-9")), cards, on=NOW.date() + timedelta(days=1))
    assert (batch.status, batch.changes["created"], batch.changes["updated"], batch.changes["adjusted"]) == ("applied", 2, 1, 1)
    assert batch.totals["MXN"]["applied"] == 2 * 1_250_050 + 80_000
    assert Account.objects.get(number="T-2").balance_minor == 80_000


def test_pieces_come_in_order_and_an_error_comes_after_those_before_it() -> None:
    def pieces() -> Iterator[int]:
        yield from range(20)
        raise ValueError("here")

    got: list[int] = []
    with pytest.raises(ValueError, match="here"), working_ahead(pieces(), depth=2) as ready:
        got.extend(ready)
    assert got == list(range(20))


def test_leaving_early_ends_the_thread() -> None:
    before = threading.active_count()
    with working_ahead(iter(range(10**9)), depth=2) as ready:
        assert next(ready) == 0
    assert threading.active_count() == before
