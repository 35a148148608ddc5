"""The product list by name walks an index instead of sorting the catalogue."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('stores', '0006_search'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='product',
            index=models.Index(fields=['name', 'id'], name='stores_product_name'),
        ),
    ]
