"""What a refused row held never reaches the log."""

from __future__ import annotations

import logging
import sys

import psycopg
import pytest
from django.db import DataError, connection, transaction

from recaudo.project.logs import WithoutRows
from recaudo.store.bulk import copy_csv, staging


@pytest.mark.django_db
def test_a_copy_that_fails_is_logged_without_its_line(cast):
    try:
        with transaction.atomic(), staging("t", {"n": "date", "name": "text"}) as table:
            copy_csv(table, ["n", "name"], [b"no es fecha,canario 5512345678\n"])
    except (DataError, psycopg.Error):
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "no se cargó", (), sys.exc_info())
    assert not connection.needs_rollback
    plain = logging.Formatter("%(message)s").format(record)
    record.exc_text = None
    safe = WithoutRows("%(message)s").format(record)
    assert "CONTEXT" in plain
    assert "CONTEXT" not in safe and "valores omitidos" in safe
    assert "no se cargó" in safe
