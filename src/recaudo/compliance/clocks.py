"""How long there is to answer: the lawbook's deadline where it has one, the house's own term where it has not.

Which rule of a jurisdiction counts for which request is said here, once; the days are the lawbook's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from recaudo.engine import comply
from recaudo.kernel.problems import Problem
from recaudo.law.queries import Rules

# Business days where the lawbook says nothing: the shortest usual term of the region.
HOUSE_DAYS = 10
ALL = ("access", "rectification", "cancellation", "opposition", "portability", "restriction", "human_review")
SEEING = ("access", "portability")

# {rule: the rights whose clock it sets}, by jurisdiction; the first that fits counts.
RIGHTS: dict[str, dict[str, tuple[str, ...]]] = {
    "CL": {"CL-DATA-REQUEST": ALL},
    "MX": {"MX-ARCO": ALL},
    "CO": {"CO-CONSULTA": SEEING, "CO-RECLAMO": ALL},
    "PE": {"PE-ARCO-ACCESS": SEEING, "PE-ARCO-OTHERS": ALL},
    "AR": {"AR-ACCESS": SEEING, "AR-RECTIFICATION": ALL},
    "BR": {"BR-ACCESS": ALL},
    "EC": {"EC-DATA-REQUEST": ALL},
}  # fmt: skip
COMPLAINTS: dict[str, str] = {"CL": "CL-COMPLAINT-SERNAC", "MX": "MX-REDECO", "PE": "PE-CLAIM"}


class NoExtension(Problem):
    code = "no_extension"
    message = "La norma de este plazo no permite ampliarlo."
    status = 409


@dataclass(frozen=True, slots=True)
class Clock:
    """Until when. `rule` empty: the house's own term. `execute_by`: the last day to carry out what was granted, where the law has one."""

    due_on: date
    jurisdiction: str
    rule: str
    citation: str
    confidence: str
    extension_days: int = 0
    execute_by: date | None = None


def rights_clock(rules: Rules, *, kind: str, country: str, subdivision: str, received_on: date, extended: bool = False) -> Clock:
    """The clock of a request about data. Raises NoExtension when an extension is asked for where there is none."""
    pack = rules.pack(country, subdivision)
    for name in _lineage(pack):
        for rule, kinds in RIGHTS.get(name, {}).items():
            if kind in kinds:
                return _by_law(pack, rule, received_on, extended)
    if extended:
        raise NoExtension()
    return _by_house(pack, received_on)


def complaint_clock(rules: Rules, *, country: str, subdivision: str, received_on: date) -> Clock:
    """The clock of a complaint."""
    pack = rules.pack(country, subdivision)
    rule = next((COMPLAINTS[name] for name in _lineage(pack) if name in COMPLAINTS), "")
    return _by_law(pack, rule, received_on, False) if rule else _by_house(pack, received_on)


def _lineage(pack: comply.Pack) -> list[str]:
    """The pack's jurisdictions, the narrowest first."""
    return [document.jurisdiction.upper() for document in pack.chain]


def _by_law(pack: comply.Pack, rule_id: str, start: date, extended: bool) -> Clock:
    rule = pack.rule(rule_id)
    terms = pack.terms(rule, start)
    says = terms.extra if terms else {}
    more = int(says.get("extension") or 0)
    if extended and not more:
        raise NoExtension()
    try:
        due = comply.deadline(pack, rule_id, start=start, extended=extended)
    except Problem:
        # A term that the lawbook does not know on that day: the house's counts.
        return _by_house(pack, start)
    execute = comply.count(pack, due.on, int(says["then_execute"]), terms.unit) if terms and says.get("then_execute") else None
    return Clock(due.on, pack.jurisdiction, rule_id, due.citation, rule.confidence, more, execute)


def _by_house(pack: comply.Pack, start: date) -> Clock:
    return Clock(comply.count(pack, start, HOUSE_DAYS, "business_days"), pack.jurisdiction, "", "Plazo de la casa: la norma no lo fija en el libro", "house")
