import recaudo.store.keys
import recaudo.store.tenancy
from django.db import migrations, models

from recaudo.store.operations import RowSecurity


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('store', '0001_functions'),
    ]

    operations = [
        migrations.CreateModel(
            name='Reading',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('agency_id', models.UUIDField(null=True)),
                ('name', models.CharField(max_length=60)),
                ('scope_key', models.CharField(max_length=40)),
                ('rows', models.JSONField()),
                ('made_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['tenant_id', 'made_at'], name='reading_made')],
                'constraints': [models.UniqueConstraint(fields=('tenant_id', 'agency_id', 'name', 'scope_key'), name='reading_once', nulls_distinct=False)],
            },
        ),
        RowSecurity("analytics_reading", agency="agency_id = {agency}"),
    ]
