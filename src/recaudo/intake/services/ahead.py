"""Work ahead: one thread makes the next pieces while the database works on the last ones."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Full, Queue
from typing import Generic, TypeVar

Piece = TypeVar("Piece")
_PAUSE_SECONDS = 0.1


@dataclass(slots=True)
class _End(Generic[Piece]):
    """Nothing more comes: because all is done, or because of an error."""

    error: BaseException | None = None


@contextmanager
def working_ahead(pieces: Iterable[Piece], *, depth: int) -> Iterator[Iterator[Piece]]:
    """The pieces in their order, made by a thread of their own, at most `depth` of them waiting.

    What makes them must not touch the database: a connection belongs to its thread. Its errors are raised here. Leaving early
    ends the thread after the piece it is at.
    """
    waiting: Queue[Piece | _End[Piece]] = Queue(depth)
    is_over = threading.Event()
    maker = threading.Thread(target=_make, args=(pieces, waiting, is_over), daemon=True)
    maker.start()
    try:
        yield _taken(waiting)
    finally:
        is_over.set()
        maker.join()


def _make(pieces: Iterable[Piece], waiting: Queue[Piece | _End[Piece]], is_over: threading.Event) -> None:
    end: _End[Piece] = _End()
    try:
        for piece in pieces:
            if not _handed_over(piece, waiting, is_over):
                return
    except BaseException as error:
        end = _End(error)
    _handed_over(end, waiting, is_over)


def _handed_over(piece: Piece | _End[Piece], waiting: Queue[Piece | _End[Piece]], is_over: threading.Event) -> bool:
    while not is_over.is_set():
        try:
            waiting.put(piece, timeout=_PAUSE_SECONDS)
        except Full:
            continue
        return True
    return False


def _taken(waiting: Queue[Piece | _End[Piece]]) -> Iterator[Piece]:
    while True:
        piece = waiting.get()
        if not isinstance(piece, _End):
            yield piece
        elif piece.error is not None:
            raise piece.error
        else:
            return
