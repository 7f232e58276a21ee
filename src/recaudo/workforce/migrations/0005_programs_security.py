"""Row security of what programs have."""

from django.db import migrations

from recaudo.store.operations import IDENTITY, RowSecurity

OF_THE_AGENCY = "user_id IN (SELECT id FROM workforce_user)"


class Migration(migrations.Migration):
    dependencies = [("workforce", "0004_programs")]
    operations = [
        RowSecurity("workforce_apitoken", identity=True, agency=f"({IDENTITY} OR {OF_THE_AGENCY})"),
        RowSecurity("workforce_apianswer", agency=OF_THE_AGENCY),
    ]
