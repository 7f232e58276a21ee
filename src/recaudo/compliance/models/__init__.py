"""One module for each noun."""

from recaudo.compliance.models.audits import AuditFinding, AuditProgramme, AuditRun
from recaudo.compliance.models.complaints import Complaint
from recaudo.compliance.models.evidence import EvidenceFile
from recaudo.compliance.models.policies import Policy, PolicyVersion
from recaudo.compliance.models.retention import RemovalProof, RetentionRun, RetentionTerm
from recaudo.compliance.models.rights import RightsRequest, RightsStep

__all__ = [
    "AuditFinding", "AuditProgramme", "AuditRun", "Complaint", "EvidenceFile", "Policy", "PolicyVersion", "RemovalProof", "RetentionRun", "RetentionTerm", "RightsRequest", "RightsStep",
]  # fmt: skip
