"""One module for each noun."""

from recaudo.compliance.queries.evidence import evidence_files, person_named

__all__ = ["evidence_files", "person_named"]
