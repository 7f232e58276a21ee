"""Start Django with its database: find or start PostgreSQL, tell the settings, set up."""

from __future__ import annotations

import json
import os
from typing import Any

from recaudo.project import postgres


def boot() -> postgres.Endpoint | None:
    """Make sure the database answers, then set Django up. Returns the endpoint, None when already booted."""
    endpoint = None
    if "RECAUDO_APP_DSN" not in os.environ:
        endpoint = postgres.ensure()
        use(endpoint.app_dsn, endpoint.owner_dsn)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recaudo.project.settings")
    import django

    django.setup()
    return endpoint


def use(app_dsn: dict[str, Any], owner_dsn: dict[str, Any]) -> None:
    """Point this process (and its children) at a database."""
    os.environ["RECAUDO_APP_DSN"] = json.dumps(app_dsn)
    os.environ["RECAUDO_OWNER_DSN"] = json.dumps(owner_dsn)
