"""Writes of compliance, one module for each noun."""

from recaudo.compliance.services import audits, complaints, evidence, policies, removal, retention, rights
from recaudo.compliance.services.audits import start_due
from recaudo.compliance.services.complaints import answer_complaint, open_complaint, open_from_action, take_complaint
from recaudo.compliance.services.evidence import export_evidence, read_evidence, remove_evidence
from recaudo.compliance.services.law_notes import tell_law_change
from recaudo.compliance.services.policies import remind_reviews
from recaudo.compliance.services.removal import Keep, MustKeep, remove_person, what_keeps
from recaudo.compliance.services.retention import carry_out, decide_run, decide_term, propose_run, propose_term
from recaudo.compliance.services.rights import (
    add_step,
    answer_request,
    assign_request,
    check_identity,
    extend_request,
    make_copy,
    read_copy,
    receive_request,
    remove_data,
    stop_contact,
    withdraw_request,
)

__all__ = [
    "Keep", "MustKeep", "add_step", "answer_complaint", "answer_request", "assign_request", "audits", "carry_out", "check_identity", "complaints", "decide_run",
    "decide_term", "evidence", "export_evidence", "extend_request", "make_copy", "open_complaint", "open_from_action", "policies", "propose_run", "propose_term",
    "read_copy", "read_evidence", "receive_request", "remind_reviews", "removal", "remove_data", "remove_evidence", "remove_person", "retention", "rights", "start_due", "stop_contact",
    "take_complaint", "tell_law_change", "what_keeps", "withdraw_request",
]  # fmt: skip
