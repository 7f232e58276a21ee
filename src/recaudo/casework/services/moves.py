"""Undoing what `actions.move_person` did when two persons turned out to be two after all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from recaudo.casework.models import Action, Dispute, Hold, Search
from recaudo.casework.services import cases

OPEN = ("planned", "in_progress")
# What follows a person, by the word under which a merge remembers it.
MOVED = (("actions", Action.objects), ("holds", Hold.objects), ("disputes", Dispute.objects), ("searches", Search.objects))


@transaction.atomic
def move_back(*, to_person: UUID, moved: Mapping[str, Sequence[str]], by: Any, at: datetime) -> int:
    """Give rows back to a person: ids by kind (the words of MOVED). Open actions get that person's case. Returns how many."""
    count = 0
    for kind, rows in MOVED:
        count += rows.filter(id__in=moved.get(kind, ())).update(person_id=to_person)
    mine = Action.objects.filter(id__in=moved.get("actions", ()), status__in=OPEN)
    if mine.exists():
        mine.update(case_id=cases.case_for(to_person, by=by, at=at).id)
    return count
