"""Search: one contract on both engines, more on PostgreSQL, kept right by every write."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from marketplace.core.money import Money
from stores import facade
from stores.catalog import listings, services
from stores.catalog.models import Listing, Product, Variant
from stores.contracts import ProductRow, VariantRow
from stores.merchants.tests.factories import StoreFactory

from .factories import BrandFactory, CategoryFactory, ProductFactory, VariantFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/market/products/"

SHELF = {
    "plato": {"name": "Plato hondo de Talavera", "description": "Hecho a mano en Puebla."},
    "jarron": {"name": "Jarrón azul", "description": "Para flores; pintado con el plato."},
    "camiseta": {"name": "Camiseta ALGODÓN niño", "description": "Tallas 2 a 8. ¡Suave!"},
    "coffee": {"name": "Café O'Higgins 500g", "description": "Tueste medio, 100% arábica"},
}
CODES = {
    "plato": ("TAL-27-AZ", "7501055300075"),
    "jarron": ("JAR/0001", ""),
    "camiseta": ("CAM_2", ""),
    "coffee": ("C1", ""),
}
# The contract: what each search finds, on both engines.
CASES = {
    "plato": {"plato", "jarron"},
    "PLATO": {"plato", "jarron"},
    "plató": {"plato", "jarron"},
    "pla": {"plato", "jarron"},
    "talavera plato": {"plato"},
    "tala pla": {"plato"},
    "plato de": {"plato"},
    "jarron": {"jarron"},
    "jarrón": {"jarron"},
    "JARRÓN AZUL": {"jarron"},
    "azul plato": {"jarron"},
    "algodon": {"camiseta"},
    "niño": {"camiseta"},
    "nino": {"camiseta"},
    "tal-27": {"plato"},
    "TAL-27-AZ": {"plato"},
    "tal 27": {"plato"},
    "jar/0001": {"jarron"},
    "cam_2": {"camiseta"},
    "7501055300075": {"plato"},
    "75010": {"plato"},
    "o'higgins": {"coffee"},
    "500g": {"coffee"},
    "100%": {"coffee"},
    "arabica tueste": {"coffee"},
    "talleres mendoza": {"plato", "coffee"},
    "mendoz café": {"coffee"},
    "lato": set(),
    "zapato": set(),
    "plato zapato": set(),
    "''": set(),
    '"plato"': {"plato", "jarron"},
    "plato*": {"plato", "jarron"},
    "plato OR zapato": set(),
    "name:plato": set(),
    "-- ; & | ! ( ) <-> :*": set(),
}


@pytest.fixture
def shelf() -> dict[Any, str]:
    """Four products, two of them of one brand."""
    category, store = CategoryFactory(), StoreFactory()
    brand = BrandFactory(name="Talleres Mendoza")
    names = {}
    for key, columns in SHELF.items():
        product = ProductFactory(
            store=store, category=category, brand=brand if key in {"plato", "coffee"} else None, **columns
        )
        VariantFactory(product=product, sku=CODES[key][0], barcode=CODES[key][1])
        names[product.name] = key
    return names


def found(api: Any, text: str, **query: Any) -> list[str]:
    answer = api.get(URL, {"search": text, **query})
    assert answer.status_code == 200, answer.json()
    return [row["name"] for row in answer.json()["results"]]


@pytest.mark.parametrize("text", CASES)
def test_each_word_begins_a_word(api, shelf, text, monkeypatch):
    # Without the guesses at misspelt words, which are PostgreSQL's own.
    monkeypatch.setattr("stores.catalog.searching.corrected", lambda _text: "")

    assert {shelf[name] for name in found(api, text)} == CASES[text]


def test_the_better_match_comes_first(api):
    category = CategoryFactory()
    described = ProductFactory(category=category, name="Mesa", description="Con un plato")
    branded = ProductFactory(category=category, name="Silla", brand=BrandFactory(name="Plato y Cía"))
    named = ProductFactory(category=category, name="Plato")
    newer = ProductFactory(category=category, name="Mesa nueva", description="Con un plato")

    order = found(api, "plato")

    assert order == [named.name, branded.name, newer.name, described.name]
    assert found(api, "plato", ordering="name") == ["Mesa", "Mesa nueva", "Plato", "Silla"]
    assert found(api, "plato", ordering="-created_at") == ["Mesa nueva", "Plato", "Silla", "Mesa"]
    assert found(api, "plato", page_size=3, page=2) == [described.name]


def test_search_narrows_with_the_other_filters(api):
    here, there = VariantFactory(product__name="Plato A"), VariantFactory(product__name="Plato B", price_minor=100)

    assert found(api, "plato", category=str(here.product.category_id)) == ["Plato A"]
    assert found(api, "plato", max_price="1.00") == ["Plato B"]
    assert found(api, "plato", store=str(there.store_id)) == ["Plato B"]


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("platos", {"plato", "jarron"}),
        ("camisetas", {"camiseta"}),
        ("talavrea", {"plato"}),
        ("jaron azul", {"jarron"}),
        ("camizeta algodno", {"camiseta"}),
        ("xylophon", set()),
    ],
)
def test_postgresql_finds_other_forms_and_misspelt_words(api, shelf, text, names):
    assert {shelf[name] for name in found(api, text)} == names


@pytest.mark.postgres
def test_english_stores_have_english_stems(api):
    ProductFactory(store=StoreFactory(language="en"), name="Running shoes")

    assert found(api, "run shoe") == ["Running shoes"]
    assert found(api, "runs") == ["Running shoes"]


def test_every_write_keeps_it_right(api):
    brand = BrandFactory(name="Azulejo")
    product = services.create_product(
        store=StoreFactory(), category=CategoryFactory(), name="Plato", brand_id=brand.pk, actor_id=None
    )
    assert found(api, "plato azulejo") == ["Plato"]

    variant = services.create_variant(product=product, sku="XK-9", price=Money(100, "MXN"), actor_id=None)
    assert found(api, "xk-9") == ["Plato"]
    services.change_variant(
        variant=variant, expected_version=None, changes={"sku": "ZZ-1", "barcode": "73513537"}, actor_id=None
    )
    assert (found(api, "xk-9"), found(api, "zz-1"), found(api, "73513537")) == ([], ["Plato"], ["Plato"])
    services.change_product(product=product, expected_version=None, changes={"name": "Fuente"}, actor_id=None)
    assert (found(api, "plato"), found(api, "fuente")) == ([], ["Fuente"])
    services.change_brand(brand=brand, expected_version=None, changes={"name": "Rojizo"}, actor_id=None)
    assert (found(api, "azulejo"), found(api, "rojizo")) == ([], ["Fuente"])
    services.archive_variant(variant=variant, expected_version=None, at=product.created_at, actor_id=None)
    assert found(api, "zz-1") == []
    services.archive_product(product=product, expected_version=None, at=product.created_at, actor_id=None)
    assert found(api, "fuente") == []


def test_products_added_in_bulk_are_found(api):
    store, category = StoreFactory(), CategoryFactory()
    row = ProductRow(
        store.slug, "taza", "Taza grande", category.slug, (VariantRow("TZ-1", Money(500, "MXN"), barcode="73513537"),)
    )

    facade.add_catalog([row])

    assert found(api, "tz-1") == found(api, "73513537") == ["Taza grande"]
    assert listings.adrift(list(Product.objects.values_list("pk", flat=True))) == []


def test_rebuild_repairs_what_somebody_wrote_past_the_services(api):
    variant = VariantFactory(product__name="Plato")
    Product.objects.update(name="Fuente")
    Variant.objects.update(price_minor=5)
    Listing.objects.filter(product=VariantFactory().product).delete()
    assert found(api, "fuente") == []
    out = StringIO()

    call_command("rebuild_search", "--check", stdout=out)
    assert found(api, "fuente") == []
    call_command("rebuild_search", stdout=out)

    assert found(api, "fuente") == ["Fuente"]
    assert Listing.objects.get(product=variant.product).price_from_minor == 5
    assert listings.adrift(list(Product.objects.values_list("pk", flat=True))) == []
    assert out.getvalue().splitlines() == [
        "2 of 2 listings are not what the catalogue says.",
        "2 listings written; 2 were not what the catalogue says.",
    ]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="of SQLite's own table")
def test_search_table_of_sqlite_has_one_row_for_each_listing():
    product = ProductFactory()
    listings.refresh([product.pk])

    with connection.cursor() as cursor:
        cursor.execute("SELECT rowid FROM stores_search")
        assert [row[0] for row in cursor.fetchall()] == list(Listing.objects.values_list("pk", flat=True))
