"""One module for each noun."""

from recaudo.compliance.services.evidence import export_evidence, read_evidence, remove_evidence

__all__ = ["export_evidence", "read_evidence", "remove_evidence"]
