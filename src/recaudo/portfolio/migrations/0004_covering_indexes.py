"""Indexes that answer which keys are shared, and lists inside a bucket in their order."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('portfolio', '0003_portfolio_figure'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='account',
            name='account_bucket',
        ),
        migrations.RemoveIndex(
            model_name='contactpoint',
            name='contact_point_value',
        ),
        migrations.RemoveIndex(
            model_name='person',
            name='person_national_id',
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(fields=['tenant_id', 'bucket', '-overdue_minor', 'id'], name='account_bucket'),
        ),
        migrations.AddIndex(
            model_name='contactpoint',
            index=models.Index(fields=['tenant_id', 'value_index'], include=('person', 'kind'), name='contact_point_value'),
        ),
        migrations.AddIndex(
            model_name='person',
            index=models.Index(fields=['tenant_id', 'national_id_index'], include=('id',), name='person_national_id'),
        ),
    ]
