import recaudo.store.keys
import recaudo.store.tenancy
from django.db import migrations, models
from django.db.models import Q

from recaudo.store.operations import RowSecurity


class Migration(migrations.Migration):

    dependencies = [
        ('flow', '0003_whatif'),
    ]

    operations = [
        migrations.CreateModel(
            name='DayLimit',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('kind', models.CharField(max_length=10)),
                ('scope_id', models.UUIDField(null=True)),
                ('amount', models.BigIntegerField(null=True)),
                ('valid_from', models.DateField()),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('tenant_id', 'kind', 'scope_id', 'valid_from'), name='day_limit_once', nulls_distinct=False),
                    models.CheckConstraint(condition=Q(amount=None) | Q(amount__gte=0), name='day_limit_amount'),
                    models.CheckConstraint(
                        condition=Q(kind='budget', scope_id=None) | Q(kind__in=['portfolio', 'agency'], scope_id__isnull=False),
                        name='day_limit_kind',
                    ),
                ],
            },
        ),
        RowSecurity("flow_daylimit", agency="false"),
    ]
