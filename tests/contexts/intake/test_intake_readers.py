"""The readers on files as they really come. No database."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from recaudo.intake.adapters import open_source
from recaudo.intake.adapters.table import BrokenFile, EmptyFile, NoHeader, TooManyColumns, Unreadable
from recaudo.intake.adapters.xlsx import EncryptedWorkbook, ZipBomb

TEXT = "Cuenta;Nombre\r\n1;José Núñez\r\n2;Ana\r\n"


def read(path: Path, **options) -> tuple[dict, list[list[str]], list[int], list]:
    source = open_source(path, options)
    rows, numbers, ragged = [], [], []
    for chunk in source.chunks():
        rows += [list(row.values()) for row in chunk.table.to_pylist()]
        numbers += chunk.rows.tolist()
        ragged += chunk.ragged
    return source.reading.details, rows, numbers, ragged


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "f"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16"), ("cp1252", "Windows-1252"), ("utf-16-le", "utf-16-le")],
)
def test_the_encoding_is_found_and_stated(tmp_path, encoding, said) -> None:
    details, rows, numbers, _ = read(written(tmp_path, TEXT.encode(encoding)))
    assert details["encoding"] == said and details["delimiter"] == ";"
    assert rows == [["1", "José Núñez"], ["2", "Ana"]] and numbers == [2, 3]


def test_latin_1_is_told_from_windows_1252_by_what_the_latter_lacks(tmp_path) -> None:
    details, rows, _, _ = read(written(tmp_path, "a,b\n1,\x81é\n".encode("latin-1")))
    assert details["encoding"].startswith("ISO 8859-1") and rows == [["1", "\x81é"]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_reads_alike(tmp_path, end) -> None:
    assert read(written(tmp_path, end.join(["a,b", "1,2", "3,4", ""]).encode()))[1] == [["1", "2"], ["3", "4"]]


def test_mixed_line_ends_and_newlines_inside_quotes(tmp_path) -> None:
    _, rows, numbers, _ = read(written(tmp_path, b'a,b\r\n1,"x\ny"\n2,z\r3,w\n'))
    assert rows == [["1", "x\ny"], ["2", "z"], ["3", "w"]] and numbers == [2, 3, 4]


def test_rows_that_do_not_fit_are_told_by_number_and_others_keep_theirs(tmp_path) -> None:
    _, rows, numbers, ragged = read(written(tmp_path, b"a,b\n1,2\n3\n4,5,6\n\n7,8\n"))
    assert rows == [["1", "2"], ["7", "8"]] and numbers == [2, 6]
    assert [(one.row_number, one.code) for one in ragged] == [(3, "row_width"), (4, "row_width")]


def test_an_unclosed_quote_is_refused_and_rows_before_it_are_kept(tmp_path) -> None:
    _, rows, _, ragged = read(written(tmp_path, b'a,b\n1,2\n3,"x\n5,6\n'))
    assert rows == [["1", "2"]] and [(one.row_number, one.code) for one in ragged] == [(3, "unclosed_quote")]


def test_titles_below_other_lines(tmp_path) -> None:
    _, rows, numbers, _ = read(written(tmp_path, b"Reporte de cartera\n\na,b\n1,2\n"), header_row=3)
    assert rows == [["1", "2"]] and numbers == [4]


def test_a_cell_of_ten_megabytes_is_read_and_a_larger_one_explained(tmp_path) -> None:
    path = written(tmp_path, b"a,b\n1," + b"z" * 10_000_000 + b"\n2,3\n")
    assert len(read(path)[1]) == 2
    huge = written(tmp_path, b"a,b\n1," + b"z" * 40_000_000 + b"\n2,3\n")
    with pytest.raises(BrokenFile, match="16 MB"):
        read(huge)


def test_many_blocks_read_as_one(tmp_path) -> None:
    rows = 120_000
    _, found, numbers, ragged = read(written(tmp_path, ("a,b\n" + "".join(f"{n},{'x' * 50}\n" if n % 1000 else f"{n}\n" for n in range(rows))).encode()))
    assert len(found) == rows - rows // 1000 and len(ragged) == rows // 1000
    assert all(int(row[0]) == number - 2 for row, number in zip(found, numbers, strict=True))
    assert [one.row_number - 2 for one in ragged] == list(range(0, rows, 1000))


@pytest.mark.parametrize("data", [b"", b"a,b", b"a,b\n", b"\n\n"])
def test_an_empty_file_says_so(tmp_path, data) -> None:
    with pytest.raises((EmptyFile, NoHeader)):
        read(written(tmp_path, data))


def test_ten_thousand_columns_are_refused(tmp_path) -> None:
    with pytest.raises(TooManyColumns, match="10000"):
        read(written(tmp_path, (",".join(f"c{n}" for n in range(10_000)) + "\n").encode()))


def test_a_repeated_title_is_told_apart(tmp_path) -> None:
    source = open_source(written(tmp_path, b"a,b,a\n1,2,3\n"), {})
    assert source.reading.columns == ["a", "b", "a (2)"] and source.reading.repeated == ["a"]


def workbook(tmp_path: Path, fill) -> Path:
    path = tmp_path / "libro.xlsx"
    book = xlsxwriter.Workbook(str(path))
    fill(book.add_worksheet("Cartera"), book)
    book.close()
    return path


def test_a_workbook_gives_days_numbers_and_formula_values_as_text(tmp_path) -> None:
    def fill(sheet, book) -> None:
        sheet.write_row(0, 0, ["Cuenta", "Saldo", "Fecha", "Suma"])
        sheet.write_row(1, 0, ["T-1", 1234.5])
        sheet.write_datetime(1, 2, date(2026, 11, 24), book.add_format({"num_format": "dd/mm/yyyy"}))
        sheet.write_formula(1, 3, "=1+1", None, 2)
        sheet.merge_range(2, 0, 2, 1, "T-2")

    path = workbook(tmp_path, fill)
    details, rows, numbers, _ = read(path)
    assert rows == [["T-1", "1234.5", "2026-11-24", "2"], ["T-2", "", "", ""]] and numbers == [2, 3]
    assert details["sheet"] == "Cartera" and details["merged"] == 1
    assert read(path, decimal=",")[1][0][1] == "1234,5"


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path) -> None:
    path = tmp_path / "bomba.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 200_000_000)
    assert path.stat().st_size < 1_000_000
    with pytest.raises(ZipBomb, match="CSV"):
        read(path)


def test_two_cells_at_the_ends_of_a_sheet_are_refused_before_it_is_laid_out(tmp_path) -> None:
    def fill(sheet, book) -> None:
        sheet.write_row(0, 0, ["Cuenta", "Saldo"])
        sheet.write_string(60_000, 99, "y")  # six million cells; at the very end of a sheet the reader aborts the whole process

    with pytest.raises(ZipBomb, match="muy lejos"):
        read(workbook(tmp_path, fill))


def test_a_workbook_that_is_longer_than_its_directory_says_is_refused(tmp_path) -> None:
    path = workbook(tmp_path, lambda sheet, book: sheet.write_column(0, 0, ["Cuenta", *map(str, range(5000))]))
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        part = archive.getinfo("xl/worksheets/sheet1.xml")
    # Its length stands in its own header and again in the directory at the end.
    path.write_bytes(data.replace(part.file_size.to_bytes(4, "little"), (100).to_bytes(4, "little")))
    with pytest.raises(BrokenFile):
        read(path)


def test_encrypted_old_and_truncated_workbooks_are_explained(tmp_path) -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    with pytest.raises(EncryptedWorkbook, match="contraseña"):
        read(written(tmp_path, ole + "EncryptedPackage".encode("utf-16-le")))
    with pytest.raises(Unreadable, match="antiguo"):
        read(written(tmp_path, ole))
    whole = workbook(tmp_path, lambda sheet, book: sheet.write_row(0, 0, ["a", "b"])).read_bytes()
    with pytest.raises(BrokenFile):
        read(written(tmp_path, whole[: len(whole) // 2]))


def test_parquet_is_read_in_parts_and_typed(tmp_path) -> None:
    path = tmp_path / "f.parquet"
    pq.write_table(pa.table({"Cuenta": ["1", "2"], "Saldo": [1.5, None], "Fecha": [date(2026, 1, 2), None], "N": [3, 4]}), path)
    assert read(path, decimal=",")[1] == [["1", "1,5", "2026-01-02", "3"], ["2", "", "", "4"]]
    with pytest.raises(BrokenFile):
        read(written(tmp_path, path.read_bytes()[:-20]))


@pytest.mark.parametrize("data", [b"%PDF-1.7 ...", b"\x89PNG\r\n\x1a\n", b"<svg onload=alert(1)>", b"PK\x03\x04broken"])
def test_what_is_no_table_is_refused(tmp_path, data) -> None:
    with pytest.raises(Unreadable):
        read(written(tmp_path, data))
