"""What happened with a person between two instants, as a calendar draws it: contacts, what was refused, holds. Two queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from recaudo.casework import catalogue
from recaudo.casework.models import Hold
from recaudo.casework.queries.dossier import PLANNED_DAYS
from recaudo.casework.words import HOLD_ES
from recaudo.store import tenancy

# Nobody reads more on a page; a person with more in a month is told so.
MOST = 1000


@dataclass(frozen=True, slots=True)
class Past:
    """One mark. `kind`: out (an attempt), slot (a permit in use now), in (the person came to us), refused (the gate said no).

    says  the outcome of a contact, or the rule that refused
    """

    at: datetime
    kind: str
    channel: str
    says: str
    is_contact: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A hold over the days from `since` until `until` (None = still open, without an end)."""

    since: datetime
    until: datetime | None
    kind_es: str


_MARKS = f"""
(SELECT x.occurred_at AS at, CASE WHEN x.direction = 'in' THEN 'in' WHEN x.status = 'in_progress' THEN 'slot' ELSE 'out' END AS kind, x.channel,
   x.disposition AS says, x.is_contact
 FROM casework_action x WHERE x.tenant_id = %(tenant)s AND x.person_id = %(person)s AND x.created_at > %(oldest)s
   AND x.occurred_at >= %(since)s AND x.occurred_at < %(until)s
   AND (x.status = 'in_progress' OR (x.status = 'done' AND (x.is_attempt OR x.direction = 'in'))))
UNION ALL
(SELECT r.asked_at, 'refused', r.channel, r.rule, false FROM casework_permitrecord r
 WHERE r.tenant_id = %(tenant)s AND r.person_id = %(person)s AND r.asked_at >= %(since)s AND r.asked_at < %(until)s AND NOT r.is_allowed)
ORDER BY 1 LIMIT {MOST}
"""


def contacts_between(person_id: UUID, *, since: datetime, until: datetime) -> list[Past]:
    """Contacts and refusals of a person in [since, until), oldest first, at most MOST. One query."""
    values = {
        "tenant": tenancy.tenant_id(), "person": person_id, "since": since, "until": until, "oldest": since - timedelta(days=PLANNED_DAYS),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_MARKS, values)
        return [Past(at, kind, channel, says if kind == "refused" else _outcome(says), bool(met)) for at, kind, channel, says, met in cursor.fetchall()]


def holds_between(person_id: UUID, *, since: datetime, until: datetime) -> list[Held]:
    """Holds of a person that were on at any moment of [since, until), oldest first. One query."""
    found = Hold.objects.filter(person_id=person_id, from_at__lt=until).order_by("from_at").values_list("kind", "from_at", "until_at", "released_at")
    lived = ((kind, begun, min((end for end in (until_at, released_at) if end), default=None)) for kind, begun, until_at, released_at in found)
    return [Held(begun, end, HOLD_ES.get(kind, kind)) for kind, begun, end in lived if end is None or end > since]


def _outcome(code: str) -> str:
    known = catalogue.dispositions().get(code)
    return known.label_es if known else code or "en curso"
