"""Row security and partitions of this context's tables."""

from django.db import migrations

from recaudo.store.operations import PartitionByMonth, RowSecurity, placed_person


class Migration(migrations.Migration):
    dependencies = [('casework', '0001_initial'), ('store', '0001_functions')]
    operations = [
        PartitionByMonth("casework_action"),
        RowSecurity("casework_action", agency="agency_id = {agency} OR "+placed_person("casework_action.person_id")),
        RowSecurity("casework_case", agency=placed_person("casework_case.person_id")),
        RowSecurity("casework_hold", agency=placed_person("casework_hold.person_id")),
        RowSecurity("casework_dispute", agency=placed_person("casework_dispute.person_id")),
        RowSecurity("casework_permitrecord", agency=placed_person("casework_permitrecord.person_id")),
        RowSecurity("casework_wave", agency="false"),
        RowSecurity("casework_contactpause"),
    ]
