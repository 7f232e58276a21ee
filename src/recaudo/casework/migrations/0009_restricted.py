"""Work on restricted persons is seen by who may see them.

By person, never by account: the gate of who answers for somebody else's debt too counts every contact with them."""

from typing import Any

from django.db import migrations

from recaudo.store.operations import HideRestricted


class Migration(migrations.Migration):
    dependencies: Any = [("casework", "0008_preferred_hour"), ("portfolio", "0010_restrictions")]
    operations: Any = [
        *(
            HideRestricted(f"casework_{table}", persons=("person_id",))
            for table in ("action", "case", "hold", "dispute", "permitrecord", "search", "identitycheck")
        ),
        HideRestricted("casework_interruptingact", persons=("person_id",), accounts=("account_id",)),
    ]
