"""CSV as it really comes: encodings, delimiters, three kinds of line end, rows that do not fit.

The encoding is found by reading the bytes, never guessed from a sample: a byte order mark decides; then UTF-8 if the whole file
is UTF-8; then Windows-1252, or Latin-1 where 1252 has no character. The delimiter is the one that cuts the first lines into the
same number of columns, most columns first.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from recaudo.intake.adapters.table import BrokenFile, Chunk, EmptyFile, Ragged, Reading, titles, without_empty_rows

# Most files are read in small blocks, to hold little in memory; one with a very long line in blocks that hold it.
BLOCK_BYTES, LARGE_BLOCK_BYTES = 2 * 1024 * 1024, 16 * 1024 * 1024
_SAMPLE_BYTES = 4 * 1024 * 1024
_DELIMITERS = ",;\t|"
_UNDEFINED_1252 = frozenset(b"\x81\x8d\x8f\x90\x9d")
ENCODING_ES = {"utf-8": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252", "latin-1": "ISO 8859-1 (Latin-1)"}


class CsvSource:
    """A CSV file that is open for reading. options: encoding, delimiter, header_row."""

    def __init__(self, path: Path, options: dict[str, Any]) -> None:
        self.path = path
        self.header_row = int(options.get("header_row") or 1)
        found, self._odd_quotes, longest = _scan(path)
        self._block = LARGE_BLOCK_BYTES if longest > BLOCK_BYTES // 4 else BLOCK_BYTES
        self.encoding = str(options.get("encoding") or found)
        sample = self._sample()
        if not sample.strip():
            raise EmptyFile(header_row=self.header_row)
        self.delimiter = str(options.get("delimiter") or _delimiter(sample))
        lines = self._head(sample)
        if len(lines) < self.header_row:
            raise EmptyFile(header_row=self.header_row)
        names, repeated = titles(lines[self.header_row - 1], header_row=self.header_row)
        details = {
            "format": "CSV", "encoding": ENCODING_ES.get(self.encoding, self.encoding),
            "delimiter": {"\t": "tabulador"}.get(self.delimiter, self.delimiter),
        }  # fmt: skip
        self.reading = Reading(names, details, repeated)
        self._empty = len(lines) <= self.header_row

    def _sample(self) -> str:
        with self.path.open("rb") as file:
            data = file.read(_SAMPLE_BYTES)
        decoder = codecs.getincrementaldecoder("utf-8-sig" if self.encoding == "utf-8" else self.encoding)(errors="strict")
        try:
            return decoder.decode(data)
        except UnicodeDecodeError as error:
            raise BrokenFile(why=f"no está en la codificación {self.encoding} (byte {error.start}).", mend="Corrija la codificación del formato.") from None
        except LookupError:
            raise BrokenFile(why=f"no existe la codificación {self.encoding}.", mend="Corrija la codificación del formato.") from None

    def _head(self, sample: str) -> list[list[str]]:
        csv.field_size_limit(64 * 1024 * 1024)
        rows: list[list[str]] = []
        try:
            for row in csv.reader(io.StringIO(sample.replace("\x00", ""), newline=""), delimiter=self.delimiter):
                rows.append(row)
                if len(rows) > self.header_row:
                    break
        except csv.Error:
            raise BrokenFile(why="las primeras filas no tienen forma de CSV.", mend="Guárdelo de nuevo como CSV UTF-8.") from None
        return rows

    def chunks(self) -> Iterator[Chunk]:
        """See Source."""
        if self._empty:
            raise EmptyFile(header_row=self.header_row)
        ragged: list[Ragged] = []
        width = len(self.reading.columns)

        def odd(row: arrow_csv.InvalidRow) -> str:
            ragged.append(self._misfit(row))
            return "skip"

        number = self.header_row + 1
        before = 0  # misfits handed over so far
        last: Chunk | None = None
        try:
            for batch in self._open(odd):
                # The reader parses ahead of what it hands over, so misfits of later rows may be there already.
                count = batch.num_rows
                if not count:
                    continue
                rows = np.arange(number, number + count + len(ragged) - before, dtype=np.int64)
                taken = np.array([one.row_number for one in ragged[before:]], dtype=np.int64)
                rows = rows[~np.isin(rows, taken)][:count]
                number = int(rows[-1]) + 1
                while before < len(ragged) and ragged[before].row_number <= number:
                    number = max(number, ragged[before].row_number + 1)
                    before += 1
                table, rows = without_empty_rows(pa.Table.from_batches([batch]), rows)
                if last is not None:
                    yield last
                last = Chunk(table, rows)
        except pa.ArrowInvalid as error:
            raise self._broken(error) from None
        except (UnicodeDecodeError, UnicodeError):
            raise BrokenFile(why=f"tiene bytes que no son {self.encoding}.", mend="Guárdelo de nuevo como CSV UTF-8.") from None
        if last is None:
            last = Chunk(pa.table({name: pa.array([], pa.string()) for name in self.reading.columns}), np.array([], dtype=np.int64))
        if self._odd_quotes and last.table.num_rows:
            last = self._unclosed(last, width)
        last.ragged.extend(ragged)
        yield last

    def _open(self, odd: Any) -> arrow_csv.CSVStreamingReader:
        columns = self.reading.columns
        block = min(self._block, max(2 * self.path.stat().st_size + 1024, 4096))
        return arrow_csv.open_csv(
            self.path,
            read_options=arrow_csv.ReadOptions(
                column_names=columns, skip_rows=self.header_row - 1, skip_rows_after_names=1, use_threads=False, block_size=int(block),
                encoding="utf8" if self.encoding == "utf-8" else self.encoding,
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self.delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=odd,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False, quoted_strings_can_be_null=False,
            ),
        )  # fmt: skip

    def _misfit(self, row: arrow_csv.InvalidRow) -> Ragged:
        cells = next(csv.reader([row.text[:20_000].replace("\x00", "")], delimiter=self.delimiter), [])
        number = (row.number or 0) + self.header_row - 1
        if row.actual_columns < row.expected_columns:
            problem = f"tiene {row.actual_columns} columnas y deben ser {row.expected_columns}: le faltan."
        else:
            problem = f"tiene {row.actual_columns} columnas y deben ser {row.expected_columns}: le sobran."
        mend = f"Revise si un texto contiene «{self.delimiter.strip() or 'tabulador'}» sin comillas o si la fila se cortó."
        return Ragged(number, cells, "row_width", problem, mend)

    def _unclosed(self, chunk: Chunk, width: int) -> Chunk:
        """The last row swallowed what follows an unclosed quote: refuse it, keep the others."""
        cells = [chunk.table.column(n)[-1].as_py() for n in range(width)]
        if not any("\n" in cell or "\r" in cell for cell in cells):
            return chunk
        swallowed = Ragged(
            int(chunk.rows[-1]), [cell[:200] for cell in cells], "unclosed_quote",
            "abre comillas que no se cierran; lo que sigue en el archivo no se leyó.", "Cierre las comillas y vuelva a cargar el archivo completo.",
        )  # fmt: skip
        return Chunk(chunk.table.slice(0, chunk.table.num_rows - 1), chunk.rows[:-1], [*chunk.ragged, swallowed])

    def _broken(self, error: pa.ArrowInvalid) -> BrokenFile:
        text = str(error)
        if "straddling" in text:
            return BrokenFile(why=f"una celda o fila mide más de {self._block // 1024 // 1024} MB.", mend="Revise si hay comillas sin cerrar.")
        if "UTF8" in text:
            return BrokenFile(why=f"tiene bytes que no son {self.encoding}.", mend="Guárdelo de nuevo como CSV UTF-8.")
        return BrokenFile(why="su estructura no es la de un CSV.", mend="Ábralo, revíselo y guárdelo de nuevo como CSV UTF-8.")


def _scan(path: Path) -> tuple[str, bool, int]:
    """The encoding of the whole file, whether its quotes are odd in number, and about how long its longest line is in bytes."""
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(0)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16", False, path.stat().st_size
        if len(head) == 4 and head[1] == 0 and head[3] == 0 and head[0] and head[2]:
            return "utf-16-le", False, path.stat().st_size
        if len(head) == 4 and head[0] == 0 and head[2] == 0 and head[1] and head[3]:
            return "utf-16-be", False, path.stat().st_size
        decoder = codecs.getincrementaldecoder("utf-8")(errors="strict")
        is_utf8, quotes, undefined = True, 0, False
        longest, open_line = 0, 0
        while block := file.read(4 * 1024 * 1024):
            quotes += block.count(b'"')
            first, last = _line_ends(block)
            longest = max(longest, open_line + first, _longest(block))
            open_line = last if last < len(block) else open_line + last
            if is_utf8:
                try:
                    if not block.isascii() or decoder.getstate()[0]:
                        decoder.decode(block)
                except UnicodeDecodeError:
                    is_utf8 = False
            if not is_utf8:
                undefined = undefined or any(byte in block for byte in _UNDEFINED_1252)
        if is_utf8:
            try:
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                is_utf8 = False
    if is_utf8:
        return "utf-8", quotes % 2 == 1, longest
    return ("latin-1" if undefined else "cp1252"), quotes % 2 == 1, longest


def _line_ends(block: bytes) -> tuple[int, int]:
    """Bytes before the first end of line and after the last; both the whole block where there is none."""
    ends = [at for at in (block.find(b"\n"), block.find(b"\r")) if at >= 0]
    last = max(block.rfind(b"\n"), block.rfind(b"\r"))
    return (min(ends), len(block) - last - 1) if ends else (len(block), len(block))


def _longest(block: bytes) -> int:
    return max(map(len, block.replace(b"\r", b"\n").split(b"\n")))


def _delimiter(sample: str) -> str:
    """The delimiter under which the first lines have the same number of columns, the most columns first."""
    text = sample[:65_536].replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    best, best_score = ",", (0.0, 0)
    for candidate in _DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=candidate) if row][:50]
        except csv.Error:
            continue
        if not widths or widths[0] < 2:
            continue
        same = sum(width == widths[0] for width in widths) / len(widths)
        if (same, widths[0]) > best_score:
            best, best_score = candidate, (same, widths[0])
    return best
