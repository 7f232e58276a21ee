"""No permit, no message: the database itself refuses an outbound message whose action has no written permission."""

from django.db import migrations

# A permission is written before the message: services/gate.py in casework is the only place that does. The person narrows it to an index.
TRIGGER = r"""
CREATE FUNCTION messaging_needs_permission() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM casework_permitrecord p WHERE p.tenant_id = NEW.tenant_id AND p.person_id = NEW.person_id
                 AND p.action_id = NEW.action_id AND p.channel = NEW.channel AND p.is_allowed
                 AND p.contact_point_id IS NOT DISTINCT FROM NEW.contact_point_id) THEN
    RAISE EXCEPTION 'no permission was written for this message';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER message_permission BEFORE INSERT OR UPDATE OF status ON messaging_message FOR EACH ROW
  WHEN (NEW.direction = 'out' AND NEW.status IN ('leased', 'in_flight', 'sent')) EXECUTE FUNCTION messaging_needs_permission();
"""


class Migration(migrations.Migration):
    dependencies = [("messaging", "0003_pace"), ("casework", "0005_search")]
    operations = [migrations.RunSQL(TRIGGER, "DROP TRIGGER message_permission ON messaging_message; DROP FUNCTION messaging_needs_permission()")]
