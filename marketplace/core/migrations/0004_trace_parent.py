from django.db import migrations, models


class Migration(migrations.Migration):
    """Events say which request's trace they belong to."""

    dependencies = [("core", "0003_delivery_parked")]

    operations = [
        migrations.AddField(
            model_name="outboxevent",
            name="trace_parent",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=55, verbose_name="place in a trace"
            ),
        ),
    ]
