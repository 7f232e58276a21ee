"""Reads of compliance, one module for each noun."""

from recaudo.compliance.queries.evidence import accounts_numbered, evidence_files, person_named
from recaudo.compliance.queries.retention import (
    CountryTerm,
    candidates,
    country_terms,
    due,
    proofs,
    proposed_terms,
    runs,
)
from recaudo.compliance.queries.rights import (
    complaint_counts,
    complaints,
    complaints_by_cause,
    request_counts,
    requests,
)

__all__ = [
    "CountryTerm", "accounts_numbered", "candidates", "complaint_counts", "complaints", "complaints_by_cause", "country_terms", "due", "evidence_files", "person_named",
    "proofs", "proposed_terms", "request_counts", "requests", "runs",
]  # fmt: skip
