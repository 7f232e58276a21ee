"""Row security of this context's tables."""

from django.db import migrations

from recaudo.store.operations import RowSecurity


class Migration(migrations.Migration):
    dependencies = [('intake', '0001_initial'), ('store', '0001_functions')]
    operations = [
        RowSecurity("intake_layout", agency="false"),
        RowSecurity("intake_batch", agency="false"),
        RowSecurity("intake_rejection", agency="false"),
    ]
