"""Arrow tables as what COPY ... (FORMAT binary) reads: a third of the server's work for text, and no hexadecimal.

A row is the number of its fields, then each field's length and bytes. Everything is laid out column by column and joined row by row
by Arrow, so that a million rows cost no Python object each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Bytes = npt.NDArray[np.uint8]
_HEAD = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_END = b"\xff\xff"
_TEXT_OID, _UUID_OID = 25, 2950
_EPOCH_DAYS = 10_957  # PostgreSQL counts days from 2000-01-01
_PLAIN: dict[str, tuple[pa.DataType, str]] = {
    "smallint": (pa.int16(), ">i2"), "integer": (pa.int32(), ">i4"), "bigint": (pa.int64(), ">i8"), "date": (pa.int32(), ">i4"), "boolean": (pa.uint8(), "u1"),
}  # fmt: skip


def copied(table: pa.Table, types: Mapping[str, str]) -> pa.Buffer:
    """The rows of a table for COPY, its columns in the order of `types`.

    types    column -> smallint integer bigint boolean date uuid text bytea jsonb, or text[] and uuid[] (see `arrays`, `uuid_arrays`).
             uuid are texts without nulls; a column of nulls alone may be of any type
    Raises   ArrowInvalid where a number does not fit its type
    """
    count = table.num_rows
    pieces = [_fixed(np.full((count, 1), len(types), ">i2"))]
    for name, kind in types.items():
        pieces += _pieces(table.column(name).combine_chunks(), kind)
    rows = pc.binary_join_element_wise(*pieces, pa.scalar(b""))
    start, end = rows.offset, rows.offset + len(rows)
    offsets = np.frombuffer(rows.buffers()[1], np.int32)
    body = rows.buffers()[2].slice(int(offsets[start]), int(offsets[end] - offsets[start])) if count else b""
    return pa.py_buffer(b"".join((_HEAD, body, _END)))


def arrays(lists: pa.Array) -> pa.Array:
    """text[] out of lists of texts; null becomes the empty array. Few lists differ, so each is written once."""
    literal = pc.binary_join(pc.fill_null(lists, pa.scalar([], lists.type)), "\x1f").dictionary_encode()
    written = pa.array([_text_array(one.split("\x1f") if one else []) for one in literal.dictionary.to_pylist()], pa.binary())
    return written.take(literal.indices)


def uuid_arrays(ids: Bytes, counts: npt.NDArray[np.int64]) -> pa.Array:
    """uuid[] out of keys (keys x 16 bytes): the first counts[0] of them are the first row's, and so on."""
    head = np.zeros((len(counts), 5), ">i4")
    head[:, 0], head[:, 2], head[:, 3], head[:, 4] = counts > 0, _UUID_OID, counts, 1
    size = np.full((len(ids), 1), 16, ">i4").view(np.uint8)
    each = _binary(np.hstack([size, ids]), np.concatenate([[0], np.cumsum(counts)]) * 20)
    # An array without elements has no dimensions.
    lengths = np.where(counts > 0, 20, 12)
    kept = head.view(np.uint8)[np.arange(20)[None, :] < lengths[:, None]]
    return pc.binary_join_element_wise(_binary(kept, np.concatenate([[0], np.cumsum(lengths)])), each, pa.scalar(b""))


def uuid_bytes(texts: Sequence[str] | pa.Array) -> Bytes:
    """Keys written as text, as keys x 16 bytes."""
    listed = texts.to_pylist() if isinstance(texts, pa.Array) else texts
    return np.frombuffer(bytes.fromhex("".join(listed).replace("-", "")), np.uint8).reshape(-1, 16)


def _pieces(column: pa.Array, kind: str) -> list[pa.Array]:
    """One field of every row: its length, its bytes."""
    count = len(column)
    if count and column.null_count == count:
        return [_fixed(np.full((count, 1), -1, ">i4"))]
    if kind == "uuid":
        return [_fixed(np.hstack([np.full((count, 1), 16, ">i4").view(np.uint8), uuid_bytes(column)]))]
    if kind in _PLAIN:
        return [_number(column, *_PLAIN[kind], since=_EPOCH_DAYS if kind == "date" else 0)]
    values = column.cast(pa.binary())
    extra = b"\x01" if kind == "jsonb" else b""  # the version of jsonb's format
    lengths = np.asarray(pc.fill_null(pc.binary_length(values), -1 - len(extra)), dtype=np.int64) + len(extra)
    head = lengths.astype(">i4").reshape(-1, 1)
    pieces = [_fixed(head)]
    if extra:
        pieces.append(pc.if_else(pc.is_valid(values), pa.scalar(extra), pa.scalar(b"")))
    return [*pieces, pc.fill_null(values, b"") if values.null_count else values]


def _number(column: pa.Array, arrow: pa.DataType, order: str, *, since: int) -> pa.Array:
    values = column.cast(pa.int32()) if pa.types.is_date32(column.type) else column
    there = np.asarray(pc.is_valid(values))
    plain = np.asarray(pc.fill_null(values.cast(arrow), 0)) - since
    width = np.dtype(order).itemsize
    laid = np.empty((len(values), 4 + width), np.uint8)
    laid[:, :4] = np.where(there, width, -1).astype(">i4").reshape(-1, 1).view(np.uint8)
    laid[:, 4:] = plain.astype(order).reshape(-1, 1).view(np.uint8)
    if there.all():
        return _fixed(laid)
    lengths = np.where(there, 4 + width, 4)
    return _binary(laid[np.arange(4 + width)[None, :] < lengths[:, None]], np.concatenate([[0], np.cumsum(lengths)]))


def _fixed(matrix: npt.NDArray[np.generic]) -> pa.Array:
    """rows x bytes as one binary value a row."""
    flat = np.ascontiguousarray(matrix).view(np.uint8).reshape(len(matrix), -1)
    return _binary(flat, np.arange(len(flat) + 1) * flat.shape[1])


def _binary(flat: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> pa.Array:
    data = pa.py_buffer(np.ascontiguousarray(flat).tobytes())
    return pa.Array.from_buffers(pa.binary(), len(offsets) - 1, [None, pa.py_buffer(offsets.astype(np.int32).tobytes()), data])


def _text_array(words: Sequence[str]) -> bytes:
    number: Callable[[int], bytes] = lambda value: value.to_bytes(4, "big", signed=True)  # noqa: E731
    if not words:
        return number(0) + number(0) + number(_TEXT_OID)
    body = b"".join(number(len(word.encode())) + word.encode() for word in words)
    return number(1) + number(0) + number(_TEXT_OID) + number(len(words)) + number(1) + body
