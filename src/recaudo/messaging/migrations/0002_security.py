"""Row security and partitions of this context's tables."""

from django.db import migrations

from recaudo.store.operations import PartitionByMonth, RowSecurity, placed_person


class Migration(migrations.Migration):
    dependencies = [('messaging', '0001_initial'), ('store', '0001_functions'), ('casework', '0002_security')]
    operations = [
        PartitionByMonth("messaging_message"),
        RowSecurity("messaging_message", agency=placed_person("messaging_message.person_id")),
        RowSecurity("messaging_template"),
        RowSecurity("messaging_receipt", agency="false"),
    ]
