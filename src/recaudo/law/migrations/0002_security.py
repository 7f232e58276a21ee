"""Row security of this context's tables."""

from django.db import migrations

from recaudo.store.operations import RowSecurity


class Migration(migrations.Migration):
    dependencies = [('law', '0001_initial'), ('store', '0001_functions')]
    operations = [
        RowSecurity("law_lawdecision"),
    ]
