"""The kill switch: what was planned and has not begun stops, in the transaction that makes it unwanted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from recaudo.casework.models import Action
from recaudo.casework.services.gate import RETRIED
from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem


class NoScope(Problem):
    code = "cancel_no_scope"
    message = "Indique de quién o de qué se cancela lo pendiente."
    status = 500


@transaction.atomic
def cancel_pending(
    *, reason: str, by: Any, at: datetime, account_id: UUID | None = None, person_id: UUID | None = None, channel: str | None = None,
    account_ids: Iterable[UUID] | None = None, creditor_id: UUID | None = None, contact_point_ids: Iterable[UUID] | None = None,
    wave_id: UUID | None = None, case_id: UUID | None = None, keep_purposes: Iterable[str] = (),
) -> int:  # fmt: skip
    """Cancel planned actions that match everything given. Returns how many; 0 writes no event.

    reason         a code of words.CANCEL_ES
    keep_purposes  purposes that go on (reminders of a promise)
    Raises         NoScope when nothing narrows it: a pause is for that
    """
    open_ones = Action.objects.filter(status__in=["planned", "in_progress"], direction="out")
    given: dict[str, Any] = {
        "account_id": account_id, "person_id": person_id, "creditor_id": creditor_id, "wave_id": wave_id, "case_id": case_id,
    }  # fmt: skip
    given = {name: value for name, value in given.items() if value is not None}
    if account_ids is not None:
        given["account_id__in"] = list(account_ids)
    if contact_point_ids is not None:
        given["contact_point_id__in"] = list(contact_point_ids)
    if not given:
        raise NoScope()
    if channel is not None:
        given["channel"] = channel
    meant = open_ones.filter(**given).exclude(purpose__in=list(keep_purposes))
    count = meant.filter(status="planned").update(status="cancelled", cancelled_reason=reason[:40])
    # A message that has its permit and is not away yet: when it comes back it does not wait again, it ends (sending.put_back).
    meant.filter(status="in_progress", channel__in=RETRIED).update(cancelled_reason=reason[:40])
    if count:
        subject = person_id or account_id or wave_id or case_id
        journal.record(
            "actions.cancelled", by=by, at=at, subject="action", subject_id=subject, count=count, reason=reason, person_id=person_id,
            account_id=account_id, channel=channel, wave_id=wave_id, case_id=case_id,
        )  # fmt: skip
    return int(count)
