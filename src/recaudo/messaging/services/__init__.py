"""Writes of messaging, one module per noun."""

from recaudo.messaging.services.inbox import opt_out, receive, record_receipt, wrong_person
from recaudo.messaging.services.outbox import dispatch, send_now, sweep
from recaudo.messaging.services.rendering import FIELDS, Merge, UnknownMergeField, render
from recaudo.messaging.services.templates import approve_template, ensure_templates, save_template

__all__ = [
    "FIELDS",
    "Merge",
    "UnknownMergeField",
    "approve_template",
    "dispatch",
    "ensure_templates",
    "opt_out",
    "receive",
    "record_receipt",
    "render",
    "save_template",
    "send_now",
    "sweep",
    "wrong_person",
]
