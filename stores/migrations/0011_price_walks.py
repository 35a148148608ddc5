"""What the product list by price walks: shelves in the order of the list, and what has several prices."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('stores', '0010_product_names'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='listing',
            name='stores_listing_shelf',
        ),
        migrations.AddIndex(
            model_name='listing',
            index=models.Index(condition=models.Q(('is_offered', True)), fields=['category_id', 'price_from_minor', 'product'], name='stores_listing_shelf'),
        ),
        migrations.AddIndex(
            model_name='listing',
            index=models.Index(condition=models.Q(('is_offered', True), ('price_from_minor__lt', models.F('price_to_minor'))), fields=['category_id', 'price_from_minor', 'product', 'price_to_minor'], name='stores_listing_shelf_reach'),
        ),
        migrations.AddIndex(
            model_name='listing',
            index=models.Index(condition=models.Q(('is_offered', True), ('price_from_minor__lt', models.F('price_to_minor'))), fields=['price_from_minor', 'product', 'price_to_minor'], name='stores_listing_reach'),
        ),
    ]
