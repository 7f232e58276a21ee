"""How long data of a person is kept after their last activity: the lawbook's term, or the house's where it is longer or the only one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection

from recaudo.compliance.models import RetentionTerm
from recaudo.engine import comply
from recaudo.law.queries import Rules
from recaudo.store import tenancy

# Holds that are a legal reason to keep: what a court, an authority or a claim may still ask for.
LEGAL_HOLDS = ("legal", "regulator", "dispute", "fraud", "insolvency", "payment_claim")
DISPUTE_OPEN = ("open", "in_review", "waiting_creditor")
# The lawbook's rule for the records of collection, by jurisdiction.
RULES: dict[str, str] = {"CL": "CL-RET-GESTIONES", "US": "US-RET", "US-NY-NYC": "NYC-RET", "MX": "MX-RET", "PE": "PE-RET"}


@dataclass(frozen=True, slots=True)
class Term:
    """Years that data is kept. `law_years` None: the lawbook does not say; `house_years` None: the house did not decide."""

    country: str
    law_years: int | None
    house_years: int | None
    rule: str
    citation: str
    confidence: str

    @property
    def years(self) -> int:
        return max(self.law_years or 0, self.house_years or 0)

    def ends(self, start: date) -> date:
        """The first day on which what ended on `start` may be removed."""
        return comply.count(None, start, self.years, "years", then_calendar_days=1)


def house_terms() -> dict[str, int]:
    """The house's approved terms, by country: the newest counts."""
    rows = RetentionTerm.objects.filter(approved_at__isnull=False, withdrawn_at=None).order_by("approved_at")
    return dict(rows.values_list("country", "years"))


def term_for(rules: Rules, country: str, subdivision: str = "", municipality: str = "", *, house: dict[str, int] | None = None) -> Term | None:
    """The term of an address; None when neither the lawbook nor the house says how long: then nothing is removed."""
    decided = house_terms() if house is None else house
    pack = rules.pack(country, subdivision, municipality)
    name = next((document.jurisdiction for document in pack.chain if document.jurisdiction in RULES), None)
    rule = pack.rule(RULES[name]) if name else None
    law_years = _years(pack, rule) if rule else None
    mine = decided.get(country)
    if law_years is None and mine is None:
        return None
    by_law = law_years is not None and law_years >= (mine or 0)
    if by_law and rule:
        return Term(country, law_years, mine, rule.id, rule.citation, rule.confidence)
    return Term(country, law_years, mine, "", "Plazo de la casa", "house")


def _years(pack: comply.Pack, rule: comply.Rule) -> int | None:
    says = rule.values[-1]
    return int(says["n"]) if says.get("n") is not None and says.get("unit") == "years" else None


def last_activity(person_ids: Sequence[UUID]) -> date:
    """The last day on which anything happened with persons: a contact, a payment, the closing of an account, being loaded."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST, {"tenant": tenancy.tenant_id(), "persons": list(person_ids)})
        found: date = cursor.fetchone()[0]
    return found


_LAST = """
SELECT max(day) FROM (
  SELECT created_at::date AS day FROM portfolio_person WHERE tenant_id = %(tenant)s AND id = ANY(%(persons)s)
  UNION ALL SELECT max(coalesce(occurred_at, created_at))::date FROM casework_action WHERE tenant_id = %(tenant)s AND person_id = ANY(%(persons)s)
  UNION ALL SELECT max(greatest(a.closed_on, a.last_payment_on))
    FROM portfolio_accountparty r JOIN portfolio_account a ON a.id = r.account_id AND a.tenant_id = %(tenant)s
    WHERE r.tenant_id = %(tenant)s AND r.person_id = ANY(%(persons)s)
  UNION ALL SELECT max(p.paid_on) FROM portfolio_accountparty r JOIN portfolio_payment p ON p.account_id = r.account_id AND p.tenant_id = %(tenant)s
    WHERE r.tenant_id = %(tenant)s AND r.person_id = ANY(%(persons)s)
) AS days
"""
