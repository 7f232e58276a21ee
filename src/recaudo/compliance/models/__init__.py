"""One module for each noun."""

from recaudo.compliance.models.complaints import Complaint
from recaudo.compliance.models.evidence import EvidenceFile
from recaudo.compliance.models.retention import RemovalProof, RetentionRun, RetentionTerm
from recaudo.compliance.models.rights import RightsRequest, RightsStep

__all__ = ["Complaint", "EvidenceFile", "RemovalProof", "RetentionRun", "RetentionTerm", "RightsRequest", "RightsStep"]
