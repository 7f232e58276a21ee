"""The proofs of one person's events: content, the seal before, and the way up to the root that an anchor signed.

Nothing of anybody else is in them: of the records in between only hashes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from recaudo.journal import queries as journal
from recaudo.journal.models import Anchor, Event
from recaudo.journal.services import content_of, levels, path_of, seals_between

AT_ONCE = 2000


def events_of(subjects: Iterable[UUID]) -> list[Event]:
    """The sealed events of some subjects, in the order of the chain."""
    wanted = sorted(set(subjects))
    found: list[Event] = []
    for start in range(0, len(wanted), AT_ONCE):
        found += Event.objects.filter(subject_id__in=wanted[start : start + AT_ONCE], chain_number__isnull=False)
    return sorted(found, key=lambda event: event.chain_number)


def signed_anchors() -> list[Anchor]:
    """Oldest first."""
    return list(journal.anchors().filter(signature__isnull=False).order_by("chain_number"))


def proofs(events: list[Event], anchors: list[Anchor]) -> Iterator[dict[str, Any]]:
    """One proof per event. One read of seals per anchor that covers any."""
    waiting = list(events)
    for anchor in anchors:
        mine = [event for event in waiting if anchor.first_number <= event.chain_number <= anchor.chain_number]
        if not mine:
            continue
        seals = seals_between(max(anchor.first_number - 1, 1), anchor.chain_number)
        before = bytes(32) if anchor.first_number == 1 else seals.pop(0)
        tree = levels(seals)
        for event in mine:
            index = event.chain_number - anchor.first_number
            yield {
                "contenido": content_of(event, event.chain_number),
                "anterior": (seals[index - 1] if index else before).hex(),
                "sello": bytes(event.hash).hex(),
                "ancla": anchor.chain_number,
                "camino": path_of(tree, index),
            }
