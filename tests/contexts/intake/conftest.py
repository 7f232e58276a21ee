"""Files of the stories and the layouts that read them."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from tests.cast import NOW, TODAY, Cast
from tests.contexts.intake.files import CARDS

from recaudo.intake import services as intake
from recaudo.intake.models import Batch, Layout
from recaudo.portfolio.models import Portfolio


@pytest.fixture
def book(cast: Cast, tmp_state: Any) -> Portfolio:
    """The Mexican card portfolio of the cast."""
    return cast.portfolios["credit_card-MX"]


@pytest.fixture
def cards(cast: Cast, book: Portfolio) -> Layout:
    return intake.save_layout(name="tarjetas", target="accounts", mapping=CARDS, options={"date": "dmy", "decimal": "."}, portfolio=book, by=cast.raul, at=NOW)


@pytest.fixture
def load(cast: Cast) -> Callable[..., Batch]:
    """Receive and apply bytes or text."""

    def _load(content: str | bytes, layout: Layout, *, on: Any = TODAY, name: str = "cartera.csv", at: Any = NOW) -> Batch:
        data = content.encode() if isinstance(content, str) else content
        batch = intake.receive(source=io.BytesIO(data), file_name=name, layout=layout, on=on, by=cast.raul, at=at)
        return intake.apply(batch, by=cast.raul, at=at)

    return _load
