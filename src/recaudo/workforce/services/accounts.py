"""What a person does with the own account, and what the journal keeps of signing in and out."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from recaudo.journal import services as journal
from recaudo.kernel.problems import Problem
from recaudo.store import tenancy
from recaudo.workforce.models import User

THEMES = ("light", "dark", "auto")


class UnknownTheme(Problem):
    code = "unknown_theme"
    message = "Esa apariencia no existe. Elija clara, oscura o automática."


@transaction.atomic
def set_theme(user: User, *, theme: str, by: User, at: datetime) -> None:
    """How the pages look to this person. Raises UnknownTheme."""
    if theme not in THEMES:
        raise UnknownTheme()
    User.objects.filter(pk=user.pk).update(theme=theme)
    user.theme = theme
    journal.record("user.preferences_changed", by=by, at=at, subject="user", subject_id=user.id, theme=theme)


@transaction.atomic
def close_sessions(user: User, *, by: User, at: datetime) -> int:
    """Every session of the person ends at its next request, this one too. Returns the new round."""
    locked = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    locked.session_round += 1
    locked.save(update_fields=["session_round"])
    user.session_round = locked.session_round
    journal.record("user.sessions_closed", by=by, at=at, subject="user", subject_id=user.id)
    return locked.session_round


def note_sign_in(user: User, *, at: datetime) -> None:
    with tenancy.acting(user.tenant_id, user.agency_id):
        journal.record("user.signed_in", by=user, at=at, subject="user", subject_id=user.id)


def note_sign_out(user: User, *, at: datetime) -> None:
    with tenancy.acting(user.tenant_id, user.agency_id):
        journal.record("user.signed_out", by=user, at=at, subject="user", subject_id=user.id)


def note_failed_sign_in(email: str, *, at: datetime) -> None:
    """In the organisation of whoever has that address; an unknown address belongs to nobody's journal."""
    with tenancy.identifying():
        user = User.objects.filter(email__iexact=email.strip()).first()
        if user is None:
            return
        with tenancy.acting(user.tenant_id, user.agency_id):
            journal.record("user.sign_in_failed", by=journal.SYSTEM, at=at, subject="user", subject_id=user.id)
