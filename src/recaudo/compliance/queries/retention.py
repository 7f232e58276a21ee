"""What is past its term, country by country, and what legal holds keep."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from recaudo.compliance import words
from recaudo.compliance.models import RemovalProof, RetentionRun, RetentionTerm
from recaudo.compliance.terms import DISPUTE_OPEN, LEGAL_HOLDS, Term, house_terms, term_for
from recaudo.law.queries import Rules
from recaudo.portfolio.models import Person
from recaudo.portfolio.queries.accounts import CLOSED
from recaudo.store import tenancy


@dataclass(frozen=True, slots=True)
class CountryTerm:
    """A country in use: its term (None: nobody said), persons in it and those whose accounts are all closed."""

    country: str
    term: Term | None
    persons: int
    closed: int
    due: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person nobody collects from any more. `is_kept`: a legal hold or something open keeps them, of theirs or of a record joined to theirs."""

    person_id: UUID
    country: str
    subdivision: str
    municipality: str
    last_on: date
    is_kept: bool


# Persons whose own accounts are all closed (or who have none), with no removal yet; their last activity.
_CANDIDATES = """
WITH own AS (
  SELECT r.person_id, bool_and(a.status = ANY(%(closed)s)) AS closed, max(greatest(a.closed_on, a.last_payment_on)) AS last_on
  FROM portfolio_accountparty r JOIN portfolio_account a ON a.id = r.account_id AND a.tenant_id = %(tenant)s
  WHERE r.tenant_id = %(tenant)s AND r.role <> 'reference' GROUP BY r.person_id
), acted AS (
  SELECT person_id, max(coalesce(occurred_at, created_at))::date AS last_on FROM casework_action WHERE tenant_id = %(tenant)s GROUP BY person_id
), bound AS (
  SELECT person_id FROM casework_hold WHERE tenant_id = %(tenant)s AND kind = ANY(%(holds)s) AND released_at IS NULL
  UNION SELECT person_id FROM casework_dispute WHERE tenant_id = %(tenant)s AND status = ANY(%(disputes)s)
  UNION SELECT person_id FROM casework_case WHERE tenant_id = %(tenant)s AND status = 'open'
  UNION SELECT person_id FROM compliance_complaint WHERE tenant_id = %(tenant)s AND status = ANY(%(complaints)s)
  UNION SELECT person_id FROM compliance_rightsrequest WHERE tenant_id = %(tenant)s AND status = ANY(%(requests)s)
), kept AS (
  SELECT DISTINCT coalesce(f.merged_into_id, f.id) AS person_id FROM bound JOIN portfolio_person f ON f.id = bound.person_id AND f.tenant_id = %(tenant)s
)
SELECT p.id, p.country, p.subdivision, p.municipality, greatest(p.created_at::date, own.last_on, acted.last_on), kept.person_id IS NOT NULL
FROM portfolio_person p LEFT JOIN own ON own.person_id = p.id LEFT JOIN acted ON acted.person_id = p.id LEFT JOIN kept ON kept.person_id = p.id
WHERE p.tenant_id = %(tenant)s AND coalesce(own.closed, true) AND p.merged_into_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM compliance_removalproof d WHERE d.tenant_id = %(tenant)s
                  AND d.pseudonym = encode(sha256(convert_to(p.id::text, 'UTF8')), 'hex'))
ORDER BY p.id
"""


def candidates() -> list[Candidate]:
    """Every person nobody collects from any more. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CANDIDATES,
            {"tenant": tenancy.tenant_id(), "closed": list(CLOSED), "holds": list(LEGAL_HOLDS), "disputes": list(DISPUTE_OPEN),
             "complaints": list(words.COMPLAINT_OPEN), "requests": list(words.RIGHT_OPEN)},
        )  # fmt: skip
        return [Candidate(*row) for row in cursor.fetchall()]


def due(found: list[Candidate], rules: Rules, *, on: date) -> list[Candidate]:
    """Those whose term is over on a day, the kept ones too. What keeps is asked again, person by person, when it is done."""
    house = house_terms()
    terms: dict[tuple[str, str, str], Term | None] = {}
    past = []
    for one in found:
        place = (one.country, one.subdivision, one.municipality)
        if place not in terms:
            terms[place] = term_for(rules, *place, house=house)
        term = terms[place]
        if term is not None and on >= term.ends(one.last_on):
            past.append(one)
    return past


def country_terms(rules: Rules, *, on: date) -> list[CountryTerm]:
    """Each country with persons: how long they are kept and how many are past it."""
    closed = candidates()
    past = due(closed, rules, on=on)
    house = house_terms()
    with connection.cursor() as cursor:
        cursor.execute("SELECT country, count(*) FROM portfolio_person WHERE tenant_id = %s GROUP BY country ORDER BY 2 DESC", [tenancy.tenant_id()])
        counts = dict(cursor.fetchall())
    return [
        CountryTerm(
            country, term_for(rules, country, house=house), count, sum(one.country == country for one in closed), sum(one.country == country for one in past)
        )
        for country, count in counts.items()
    ]


def runs() -> QuerySet[RetentionRun]:
    return RetentionRun.objects.order_by("-created_at")


def proposed_terms() -> QuerySet[RetentionTerm]:
    """The house's terms that wait for a second person."""
    return RetentionTerm.objects.filter(approved_at=None, withdrawn_at=None).order_by("-created_at")


def proofs(*, run_id: UUID | None = None) -> QuerySet[RemovalProof]:
    """Proofs of removal, newest first."""
    found = RemovalProof.objects.order_by("-created_at")
    return found.filter(run_id=run_id) if run_id else found


def persons(found: list[Candidate]) -> dict[UUID, Person]:
    return {person.id: person for person in Person.objects.filter(id__in=[one.person_id for one in found])}
