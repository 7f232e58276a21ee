"""What happens because something happened: the whole list, read from top to bottom.

Each reaction gets the event, in the transaction that wrote it: a payment and what it stops are one change.
"""

from __future__ import annotations

from recaudo.journal.services import Reaction

REACTIONS: dict[str, list[Reaction]] = {}
