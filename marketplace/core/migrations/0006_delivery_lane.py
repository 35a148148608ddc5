from django.db import migrations, models

from marketplace.core.online import AddIndexOnline


class Migration(migrations.Migration):
    """Due deliveries of money are found among a million that are due."""

    atomic = False

    dependencies = [("core", "0005_outbox_lane")]

    operations = [
        AddIndexOnline(
            model_name="eventdelivery",
            index=models.Index(
                condition=models.Q(("state", "pending")), fields=["handler", "due_at"], name="core_delivery_lane"
            ),
        ),
    ]
