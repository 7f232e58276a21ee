"""Messages by address and by person: an answer that comes in looks for what it answers among all that was ever sent."""

from django.db import migrations, models

from recaudo.store.operations import AddIndexByMonth


class Migration(migrations.Migration):
    # Built month by month beside those who write: the table is never locked.
    atomic = False

    dependencies = [("messaging", "0004_allow_record")]

    operations = [
        AddIndexByMonth("message", models.Index(fields=["tenant_id", "contact_point_id", "-created_at"], name="message_point")),
        AddIndexByMonth("message", models.Index(fields=["tenant_id", "person_id", "-created_at"], name="message_person")),
    ]
