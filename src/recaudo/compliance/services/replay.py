"""That a person saw what a proposal over the law would have changed: replayed here, written down by `law`."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from recaudo.compliance.queries import replay as queries
from recaudo.kernel.problems import NotFound
from recaudo.law import services as law

IMPACT_DAYS = 30


@transaction.atomic
def show_impact(*, proposal: str, on: date, zone: str, by: Any, at: datetime) -> queries.Replay:
    """Replay the last IMPACT_DAYS days with and without a proposal, and note that `by` saw it: `law` asks for it to approve.

    proposal  id of a proposal over a reading, a cap or a value
    on        today on the organisation's clock; today's contacts are included
    Raises    NotFound, LawInDoubt
    """
    before, after = queries.version_of(queries.NOW, zone=zone), queries.version_of(proposal, zone=zone)
    if after.subject_id is None:
        raise NotFound()
    found = queries.replay(
        from_on=on - timedelta(days=IMPACT_DAYS - 1), until_on=on + timedelta(days=1), before=before, after=after, zone=zone
    )
    law.note_impact(
        subject_id=after.subject_id, from_on=found.from_on, until_on=found.until_on, action_count=found.action_count,
        now_refused=found.now_refused, now_allowed=found.now_allowed, version_before=before.rules.version, version_after=after.rules.version,
        by=by, at=at,
    )  # fmt: skip
    return found
