"""Movements by what caused them: the page of an order tells what became of its goods."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('stores', '0011_price_walks'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='stockmovement',
            index=models.Index(fields=['cause'], name='stores_movement_cause'),
        ),
    ]
