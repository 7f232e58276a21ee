"""Row security of this context's tables."""

from django.db import migrations

from recaudo.store.operations import RowSecurity


class Migration(migrations.Migration):
    dependencies = [('strategy', '0001_initial'), ('store', '0001_functions')]
    operations = [
        RowSecurity("strategy_strategy", agency="false"),
        RowSecurity("strategy_strategyversion", agency="false"),
        RowSecurity("strategy_snapshot", agency="false"),
    ]
