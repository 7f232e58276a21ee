"""What the product writes to its own staff. (What it writes to debtors is `messaging`'s, and needs a Permit.)"""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string

from recaudo.workforce.models import Invitation, User

logger = logging.getLogger(__name__)


def remind(user: User, *, subject: str, text: str) -> bool:
    """Write to a member of the staff that something waits for them. Whether the mail server took it; what waits is on a page anyway."""
    try:
        return bool(send_mail(" ".join(subject.split())[:150], text, settings.DEFAULT_FROM_EMAIL, [user.email]))
    except OSError as error:
        logger.warning("a reminder could not be mailed: %s", type(error).__name__)
        return False


def send_invitation(invitation: Invitation, *, link: str, organisation: str, by_name: str) -> bool:
    """Whether the mail server took it; with none at hand the page shows the link to pass on."""
    context = {"invitation": invitation, "link": link, "organisation": organisation, "by_name": by_name}
    body = render_to_string("workforce/mail_invitation.txt", context)
    subject = f"Invitación a recaudo de {organisation}".replace("\n", " ").replace("\r", " ")
    try:
        return bool(send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [invitation.email]))
    except OSError as error:
        # Neither the address nor the link belongs in a log.
        logger.warning("an invitation could not be mailed: %s", type(error).__name__)
        return False
