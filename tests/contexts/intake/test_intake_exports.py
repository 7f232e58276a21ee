"""What leaves: refused rows with their reason, harmless in a spreadsheet, and nobody else's."""

from __future__ import annotations

import csv as csv_module
import io

import python_calamine
from tests.cast import NOW
from tests.contexts.intake.files import HUGO, csv

from recaudo.intake import services as intake
from recaudo.intake.models import Batch, Rejection
from recaudo.portfolio.models import Account
from recaudo.store import tenancy


def _refused(load, cards) -> Batch:
    evil = HUGO.replace("Hugo Marín Sol", "\"=cmd|'/C calc'!A0\"").replace("900.00", "no es número")
    return load(csv(HUGO.replace("T-2", "T-1"), evil), cards)


def test_refused_rows_come_back_with_the_reason_beside_each(cast, cards, load) -> None:
    batch = _refused(load, cards)
    text = b"".join(intake.rejections_csv(batch, by=cast.raul, at=NOW)).decode("utf-8-sig")
    titles, row = list(csv_module.reader(io.StringIO(text)))
    found = dict(zip(titles, row, strict=True))
    assert found["Cuenta"] == "T-2"
    assert (found["fila"], found["efecto"], found["campo"]) == ("3", "fila rechazada", "Saldo")
    assert found["motivo"].startswith("Columna «Saldo»: no es un número.")


def test_a_formula_is_text_in_csv_and_workbook(cast, cards, load) -> None:
    batch = _refused(load, cards)
    text = b"".join(intake.rejections_csv(batch, by=cast.raul, at=NOW)).decode("utf-8-sig")
    assert "'=cmd|" in text and ",=cmd" not in text and '"=cmd' not in text
    book = python_calamine.load_workbook(io.BytesIO(intake.rejections_xlsx(batch, by=cast.raul, at=NOW)))
    row = book.get_sheet_by_index(0).to_python()[1]
    assert "'=cmd|'/C calc'!A0" in row


def test_kept_rows_are_encrypted(cards, load) -> None:
    from django.db import connection

    batch = _refused(load, cards)
    with connection.cursor() as cursor:
        cursor.execute('SELECT "row" FROM intake_rejection WHERE batch_id = %s AND "row" IS NOT NULL', [batch.id])
        assert b"Hugo" not in bytes(cursor.fetchone()[0]) and b"calc" not in bytes(Rejection.objects.filter(batch=batch).values_list("id")[0][0].bytes)


def test_another_house_sees_no_batch_and_shares_no_account(cast, cards, load) -> None:
    batch = load(csv(HUGO), cards)
    with tenancy.acting(cast.other_tenant.id):
        assert not Batch.objects.filter(id=batch.id).exists()
        assert not Account.objects.filter(number="T-2").exists()
        assert not Rejection.objects.exists()
