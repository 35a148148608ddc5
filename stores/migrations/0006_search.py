"""Listings, and what is searched of them: a `tsvector` column on PostgreSQL, an FTS5 table on SQLite."""

import django.db.models.deletion
from django.db import ProgrammingError, migrations, models, transaction

from stores.catalog.searching import postgres, sqlite
from stores.catalog.searching.words import Document

CHUNK = 500
NO_EXTENSION = (
    "PostgreSQL's extension pg_trgm is not there and this role may not create it. Have an administrator run "
    "CREATE EXTENSION pg_trgm; in this database, then migrate again."
)
FILL = """
INSERT INTO stores_listing (product_id, store_id, category_id, brand_id, is_offered, price_from_minor, price_to_minor,
    currency, images, promotions)
SELECT p.id, p.store_id, p.category_id, p.brand_id, p.is_published AND p.archived_at IS NULL,
    MIN(v.price_minor), MAX(v.price_minor), COALESCE(MIN(v.currency), ''), '[]', '[]'
FROM stores_product p
LEFT JOIN stores_variant v ON v.product_id = p.id AND v.is_active AND v.archived_at IS NULL
GROUP BY p.id, p.store_id, p.category_id, p.brand_id, p.is_published, p.archived_at
"""
READ = """
SELECT l.id, s.language, p.name, COALESCE(b.name, ''), p.description
FROM stores_listing l JOIN stores_product p ON p.id = l.product_id JOIN stores_store s ON s.id = p.store_id
LEFT JOIN stores_brand b ON b.id = p.brand_id
WHERE l.id > %s ORDER BY l.id LIMIT %s
"""
CODES = """
SELECT l.id, v.sku, v.barcode FROM stores_listing l JOIN stores_variant v ON v.product_id = l.product_id
WHERE v.archived_at IS NULL AND l.id BETWEEN %s AND %s
"""


def create_extension(apps, schema_editor):
    """Asked first whether it is there: only its owner may create it, anybody may use it."""
    if schema_editor.connection.vendor != "postgresql":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_extension WHERE extname = 'pg_trgm'")
        if cursor.fetchone() is not None:
            return
        try:
            with transaction.atomic(using=schema_editor.connection.alias):
                cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        except ProgrammingError as error:
            raise ProgrammingError(NO_EXTENSION) from error


def create_search(apps, schema_editor):
    """What the engine searches in."""
    _run(schema_editor, postgres=postgres.CREATE, sqlite=[sqlite.CREATE])


def drop_search(apps, schema_editor):
    """Backwards."""
    _run(schema_editor, postgres=postgres.DROP, sqlite=[sqlite.DROP])


def fill(apps, schema_editor):
    """Listings of the products that are there, and their words."""
    engine = {"postgresql": postgres, "sqlite": sqlite}[schema_editor.connection.vendor]
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(FILL)
        last = 0
        while rows := _after(cursor, last):
            last = rows[-1][0]
            cursor.execute(CODES, [rows[0][0], last])
            codes = {}
            for listing_id, sku, barcode in cursor.fetchall():
                codes.setdefault(listing_id, []).extend((sku, barcode))
            engine.write(
                [
                    Document(pk, language, name, " ".join([brand, *codes.get(pk, [])]), description)
                    for pk, language, name, brand, description in rows
                ]
            )


def _after(cursor, last):
    cursor.execute(READ, [last, CHUNK])
    return cursor.fetchall()


def _run(schema_editor, **statements):
    # The vendor's own: an engine that is neither searches nothing and is not supported.
    with schema_editor.connection.cursor() as cursor:
        for statement in statements.get({"postgresql": "postgres"}.get(schema_editor.connection.vendor, "sqlite")):
            cursor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('stores', '0005_importing'),
    ]

    operations = [
        migrations.RunPython(create_extension, migrations.RunPython.noop),
        migrations.CreateModel(
            name='SearchWord',
            fields=[
                ('word', models.CharField(max_length=64, primary_key=True, serialize=False)),
            ],
            options={
                'verbose_name': 'word of the catalogue',
                'verbose_name_plural': 'words of the catalogue',
            },
        ),
        migrations.CreateModel(
            name='Listing',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('store_id', models.UUIDField()),
                ('category_id', models.UUIDField()),
                ('brand_id', models.UUIDField(null=True)),
                ('is_offered', models.BooleanField()),
                ('price_from_minor', models.BigIntegerField(null=True)),
                ('price_to_minor', models.BigIntegerField(null=True)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('images', models.JSONField(default=list)),
                ('promotions', models.JSONField(default=list)),
                ('product', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='listing', to='stores.product')),
            ],
            options={
                'verbose_name': 'listing',
                'verbose_name_plural': 'listings',
                'indexes': [models.Index(condition=models.Q(('is_offered', True)), fields=['category_id', 'price_from_minor'], name='stores_listing_shelf'), models.Index(fields=['store_id'], name='stores_listing_store'), models.Index(fields=['brand_id'], name='stores_listing_brand'), models.Index(fields=['price_from_minor', 'product'], name='stores_listing_price')],
            },
        ),
        migrations.RunPython(create_search, drop_search),
        # Last: PostgreSQL alters no table that has rows waiting for their keys to be checked.
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
