from typing import Any

from django.apps import AppConfig


class WorkforceConfig(AppConfig):
    name = "recaudo.workforce"
    label = "workforce"
    verbose_name = "Equipo"

    def ready(self) -> None:
        """Hear from Django who signs in and out. Signals are used here only: the sender is not ours to call us."""
        from django.contrib.auth import signals

        signals.user_logged_in.connect(_signed_in, dispatch_uid="recaudo.signed_in")
        signals.user_logged_out.connect(_signed_out, dispatch_uid="recaudo.signed_out")
        signals.user_login_failed.connect(_sign_in_failed, dispatch_uid="recaudo.sign_in_failed")


def _signed_in(sender: Any, *, user: Any, **rest: Any) -> None:
    from django.utils import timezone

    from recaudo.workforce import services

    services.note_sign_in(user, at=timezone.now())


def _signed_out(sender: Any, *, user: Any, **rest: Any) -> None:
    from django.utils import timezone

    from recaudo.workforce import services

    if user is not None and user.is_authenticated:
        services.note_sign_out(user, at=timezone.now())


def _sign_in_failed(sender: Any, *, credentials: dict[str, Any], request: Any = None, **rest: Any) -> None:
    from django.utils import timezone

    from recaudo.workforce import services
    from recaudo.workforce.backends import attempted_email

    if request is not None and (email := attempted_email(request, credentials)):
        services.note_failed_sign_in(email, at=timezone.now())
