"""Figures of the portfolios at each end-of-day roll."""

import django.db.models.deletion
import recaudo.store.keys
import recaudo.store.tenancy
from django.db import migrations, models

from recaudo.store.operations import RowSecurity


class Migration(migrations.Migration):

    dependencies = [
        ('portfolio', '0002_security'),
    ]

    operations = [
        migrations.CreateModel(
            name='PortfolioFigure',
            fields=[
                ('id', models.UUIDField(default=recaudo.store.keys.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField(default=recaudo.store.tenancy.tenant_id, editable=False)),
                ('created_at', models.DateTimeField()),
                ('on', models.DateField()),
                ('bucket', models.CharField(max_length=4)),
                ('account_count', models.IntegerField()),
                ('par30_minor', models.BigIntegerField(default=0)),
                ('balance_minor', models.BigIntegerField()),
                ('overdue_minor', models.BigIntegerField()),
                ('portfolio', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='figures', to='portfolio.portfolio')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('tenant_id', 'portfolio', 'on', 'bucket'), name='portfolio_figure_once')],
            },
        ),
        # Sums over the whole book: an agency may not read them.
        RowSecurity("portfolio_portfoliofigure", agency="false"),
    ]
