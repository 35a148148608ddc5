from django.db import migrations, models

from marketplace.core.online import AddIndexOnline


class Migration(migrations.Migration):
    """Parked deliveries are found without reading all that were ever made."""

    atomic = False

    dependencies = [("core", "0002_bus_message")]

    operations = [
        AddIndexOnline(
            model_name="eventdelivery",
            index=models.Index(condition=models.Q(("state", "parked")), fields=["id"], name="core_delivery_parked"),
        ),
    ]
