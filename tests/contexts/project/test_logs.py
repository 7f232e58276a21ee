"""What a refused row held never reaches the log."""

from __future__ import annotations

import logging

import pytest
from django.db import IntegrityError, transaction

from recaudo.portfolio.models import Creditor
from recaudo.project.logs import WithoutRows


@pytest.mark.django_db
def test_an_error_of_the_database_is_logged_without_the_row(cast):
    made = Creditor.objects.first()
    try:
        with transaction.atomic():
            Creditor.objects.create(code=made.code, name="canario-5512345678", country="MX", created_at=cast.now)
    except IntegrityError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "no", (), __import__("sys").exc_info())
    plain = logging.Formatter("%(message)s").format(record)
    record.exc_text = None
    safe = WithoutRows("%(message)s").format(record)
    assert made.code in plain and "DETAIL" in plain
    assert "DETAIL" not in safe and f"({made.tenant_id}" not in safe
    assert "creditor_code" in safe
