"""How long a debt may be claimed."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaudo.engine.accrue import prescribes_on, starts_on

DAYS = st.dates(date(1990, 1, 1), date(2040, 12, 31))


@pytest.mark.parametrize(
    ("due", "interrupted", "months", "ends"),
    [
        (date(2020, 5, 10), [], 60, date(2025, 5, 10)),
        (date(2020, 5, 10), [date(2022, 1, 31)], 60, date(2027, 1, 31)),
        (date(2020, 5, 10), [date(2019, 1, 1)], 60, date(2025, 5, 10)),  # before it was due it interrupts nothing
        (date(2020, 5, 10), [date(2023, 3, 1), date(2021, 3, 1)], 60, date(2028, 3, 1)),
        (date(2024, 2, 29), [], 12, date(2025, 2, 28)),
        (date(2023, 11, 30), [], 3, date(2024, 2, 29)),
        (date(2023, 12, 31), [], 1, date(2024, 1, 31)),
        (None, [date(2022, 1, 1)], 60, None),
    ],
)
def test_the_term_counts_from_the_due_day_or_the_last_interruption(due, interrupted, months, ends):
    assert prescribes_on(due, interrupted, months) == ends


@given(DAYS, st.lists(DAYS, max_size=4), st.integers(1, 240))
def test_an_interruption_never_shortens_the_term(due, acts, months):
    plain, interrupted = prescribes_on(due, [], months), prescribes_on(due, acts, months)
    assert interrupted >= plain > due
    assert starts_on(due, acts) in {due, *acts}
    assert prescribes_on(due, list(reversed(acts)), months) == interrupted
