from django.db import migrations, models

from marketplace.core.online import AddIndexOnline


class Migration(migrations.Migration):
    """Events of money are found among a million that wait."""

    atomic = False

    dependencies = [("core", "0004_trace_parent")]

    operations = [
        AddIndexOnline(
            model_name="outboxevent",
            index=models.Index(
                condition=models.Q(("relayed_at__isnull", True)), fields=["wire_name", "id"], name="core_outbox_lane"
            ),
        ),
    ]
