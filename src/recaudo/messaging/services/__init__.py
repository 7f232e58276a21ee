"""Writes of messaging, one module per noun: outbox, inbox, what is written by hand, templates and their lint, links and what is pressed there."""

from recaudo.messaging.services.byhand import Draft, NotSendable, draft, queue_message
from recaudo.messaging.services.hooks import Taken, challenge, take
from recaudo.messaging.services.inbox import (
    NothingSaid,
    attend,
    opt_out,
    receive,
    receive_from,
    record_receipt,
    wrong_person,
)
from recaudo.messaging.services.letters import approved, compose, facts_of
from recaudo.messaging.services.links import StopLink, not_me_link, read_link, stop_link, stop_token
from recaudo.messaging.services.lint import lint
from recaudo.messaging.services.outbox import Carriers, Dispatched, NoTemplate, dispatch, send_now, sweep
from recaudo.messaging.services.pressed import CHOICES, TIMES, TooManyWishes, press
from recaudo.messaging.services.rendering import EXAMPLE, FIELDS, Merge, UnknownMergeField, line, render, says
from recaudo.messaging.services.replies import recognise
from recaudo.messaging.services.templates import (
    STATUS_ES,
    OwnTemplate,
    TemplateFaulty,
    WrongTemplateState,
    approve_template,
    ensure_templates,
    retire_template,
    return_template,
    save_template,
    submit_template,
)

__all__ = [
    "CHOICES", "EXAMPLE", "FIELDS", "STATUS_ES", "TIMES", "Carriers", "Dispatched", "Draft", "Merge", "NoTemplate", "NotSendable", "NothingSaid",
    "OwnTemplate", "StopLink", "Taken", "TemplateFaulty", "TooManyWishes", "UnknownMergeField", "WrongTemplateState", "approve_template", "approved", "attend",
    "challenge", "compose", "dispatch", "draft", "ensure_templates", "facts_of", "line", "lint", "not_me_link", "opt_out", "press", "queue_message", "read_link",
    "receive", "receive_from", "recognise", "record_receipt", "render", "retire_template", "return_template", "save_template", "says", "send_now", "stop_link",
    "stop_token", "submit_template", "sweep", "take", "wrong_person",
]  # fmt: skip
