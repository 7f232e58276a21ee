"""Nothing that is typed into a search reaches LIKE as a pattern (decision 0008: its error would tell of hidden rows)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recaudo.portfolio import queries
from recaudo.workforce import queries as workforce


@pytest.mark.parametrize("typed", ["maria\\", "mar\\ ", "%\\", "m_ria", "%%%", "mar%\\_", "'\\", "MX\\"])
def test_a_search_is_about_letters_never_a_pattern(cast: Any, typed: str) -> None:
    with CaptureQueriesContext(connection) as asked:
        list(queries.search(typed))
        list(workforce.staff(text=typed))
    assert asked.captured_queries
    assert not [query for query in asked.captured_queries if lone_backslash(query["sql"])]


def lone_backslash(sql: str) -> bool:
    """Whether a LIKE of the query has a pattern that ends in an odd number of backslashes (before the % of «contains»)."""
    for part in sql.upper().split(" LIKE ")[1:]:
        pattern = part.split("'")[1].removesuffix("%") if "'" in part else ""
        if (len(pattern) - len(pattern.rstrip("\\"))) % 2:
            return True
    return False


def test_the_check_itself_sees_a_lone_backslash() -> None:
    assert lone_backslash(r"SELECT 1 WHERE a LIKE 'x\'") and not lone_backslash(r"SELECT 1 WHERE a LIKE '%x\\%'")
