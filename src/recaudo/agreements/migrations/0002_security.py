"""Row security of this context's tables."""

from django.db import migrations

from recaudo.store.operations import RowSecurity, placed_account


class Migration(migrations.Migration):
    dependencies = [('agreements', '0001_initial'), ('store', '0001_functions')]
    operations = [
        RowSecurity("agreements_promise", agency="agency_id = {agency} OR "+placed_account("agreements_promise.account_id")),
    ]
