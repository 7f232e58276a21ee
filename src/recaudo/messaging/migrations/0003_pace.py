"""How fast each provider is asked."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0002_security")]
    operations = [
        migrations.CreateModel(
            name="Pace",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("next_at", models.DateTimeField(null=True)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("resumes_at", models.DateTimeField(null=True)),
            ],
        ),
    ]
