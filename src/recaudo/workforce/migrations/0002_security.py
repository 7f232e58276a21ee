"""Row security of this context's tables."""

from django.db import migrations

from recaudo.store.operations import IDENTITY, RowSecurity


class Migration(migrations.Migration):
    dependencies = [('workforce', '0001_initial'), ('store', '0001_functions')]
    operations = [
        RowSecurity("workforce_user", identity=True, agency=f"({IDENTITY} OR agency_id = {{agency}})"),
        RowSecurity("workforce_invitation", identity=True, agency=f"({IDENTITY} OR agency_id = {{agency}})"),
        RowSecurity("workforce_agency", identity=True, agency=f"({IDENTITY} OR id = {{agency}})"),
        RowSecurity("workforce_team", agency="agency_id = {agency}"),
        RowSecurity("workforce_teammember", agency="team_id IN (SELECT id FROM workforce_team)"),
        RowSecurity("workforce_capacity", agency="agency_id = {agency}"),
    ]
