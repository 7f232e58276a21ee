"""An index on a table by month is built month by month, and one that was killed halfway is taken up."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
from django.apps import apps
from django.db import connections, models
from django.db.migrations.state import ProjectState

from recaudo.project.database import make_months
from recaudo.store.operations import AddIndexByMonth

WHOLE = """SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relname LIKE 'message_try%' ORDER BY 1"""


def test_an_index_by_month_is_whole_after_it_was_killed_and_comes_with_later_months(own_database: dict[str, Any]) -> None:
    make_months(on=date(2026, 11, 1), behind=0, ahead=0)
    connections.close_all()
    with psycopg.connect(**own_database["owner"], autocommit=True) as owner:  # killed after the parent and one month
        owner.execute("CREATE INDEX message_try ON ONLY messaging_message (tenant_id, status)")
        owner.execute("CREATE INDEX message_try_202611 ON messaging_message_202611 (tenant_id, status)")
    operation = AddIndexByMonth("message", models.Index(fields=["tenant_id", "status"], name="message_try"))
    state = ProjectState.from_apps(apps)
    with connections["owner"].schema_editor(atomic=False) as editor:
        operation.database_forwards("messaging", editor, state, state)
    make_months(on=date(2027, 6, 1), behind=0, ahead=0)
    with psycopg.connect(**own_database["owner"]) as owner:
        found = dict(owner.execute(WHOLE).fetchall())
        later = owner.execute("SELECT count(*) FROM pg_indexes WHERE tablename = 'messaging_message_202706' AND indexdef LIKE '%(tenant_id, status)'").fetchone()
    assert {"message_try", "message_try_202611", "message_try_rest"} <= set(found) and all(found.values())
    assert later == (1,)
