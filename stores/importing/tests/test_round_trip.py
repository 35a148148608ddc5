"""Out and in again: files lose nothing."""

import csv
import io
import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from marketplace.core import append_only
from marketplace.core.spreadsheets import restored
from marketplace.olist.tests import dataset
from purchases.models import Order, OrderEvent, OrderLine, OrderPart
from stores.catalog.models import Brand, PriceChange, Product, Variant
from stores.catalog.tests.factories import BrandFactory, CategoryFactory, ProductFactory, VariantFactory
from stores.importing.exporting import catalogue_csv
from stores.importing.models import ImportRun
from stores.importing.selectors import EVERYWHERE, exported_variants
from stores.inventory.models import StockItem, StockMovement
from stores.inventory.services import StockOpening, open_stock

from .files import counts, opened

pytestmark = pytest.mark.django_db
AWKWARD = '=HYPERLINK("x")\r\nel \'plato\', "azul"; ñ\t\u2028 fin '


def exported():
    return "".join(catalogue_csv(exported_variants(EVERYWHERE))).encode()


def forget_catalogue():
    """As if nobody had ever added a product: stores, categories and people stay."""
    with append_only.lifted():
        for model in (
            OrderEvent,
            OrderLine,
            OrderPart,
            Order,
            StockMovement,
            StockItem,
            PriceChange,
            Variant,
            Product,
            Brand,
        ):
            model.objects.all().delete()


def furnished():
    """A catalogue with everything in it that is hard to write down."""
    category = CategoryFactory.create(slug="vajillas")
    product = ProductFactory.create(
        category=category, store__slug="centro", name="=1+1", description=AWKWARD, brand=BrandFactory.create(), slug="a"
    )
    full = VariantFactory.create(
        product=product, sku="'007", barcode="04006381333931", cost_minor=0, options={"talla": "ñ", "color": "=azul"}
    )
    VariantFactory.create(product=product, sku="-1", is_active=False)
    hidden = ProductFactory.create(category=category, store=product.store, is_published=False, slug="b", name="'x")
    plain = VariantFactory.create(product=hidden, sku="00")
    yen = VariantFactory.create(product__category=category, product__store__currency="JPY", price_minor=1500)
    open_stock([StockOpening(full.pk, full.store_id, 12, 3, 40), StockOpening(plain.pk, plain.store_id, 0)])
    return yen


def test_the_olist_sample_goes_out_and_comes_back_byte_for_byte(tmp_path):
    dataset.write(tmp_path, dataset.tiny())
    call_command("import_olist", path=tmp_path, verbosity=0)
    before = exported()
    assert before.count(b"\r\n") > 2
    (tmp_path / "catalogue.csv").write_bytes(before)
    forget_catalogue()
    assert exported().count(b"\r\n") == 1

    call_command("import_catalog", str(tmp_path / "catalogue.csv"), "--confirm", verbosity=0)

    assert exported() == before
    assert StockMovement.objects.count() == Variant.objects.count()


@pytest.mark.parametrize("name", ["catalogue.csv", "catalogue.xlsx"])
def test_everything_that_is_hard_to_write_comes_back(tmp_path, name):
    furnished()
    before = exported()
    call_command("export_catalog", str(tmp_path / name), verbosity=0)
    untouched = opened(io.BytesIO((tmp_path / name).read_bytes()), name)
    assert counts(untouched) == (0, 0, 4, 0)
    forget_catalogue()

    call_command("import_catalog", str(tmp_path / name), "--confirm", verbosity=0)

    assert exported() == before
    assert Product.objects.get(slug="a").description == AWKWARD


def test_no_cell_of_a_file_is_a_formula():
    furnished()

    rows = list(csv.reader(io.StringIO(exported().decode("utf-8-sig"), newline="")))

    cells = [cell for row in rows for cell in row]
    assert not [cell for cell in cells if cell[:1] in set("=+-@|%\t\r")]
    assert "'=1+1" in cells
    assert restored("'=1+1") == "=1+1"


@pytest.mark.parametrize("name", ["feed.csv", "feed.xml"])
def test_a_feed_goes_out_and_comes_back(tmp_path, name):
    furnished()
    Product.objects.filter(slug="b").update(is_published=True)
    Variant.objects.update(is_active=True)
    call_command("export_feed", str(tmp_path / name), "--store", "centro", verbosity=0)
    feed = (tmp_path / name).read_text()
    call_command("import_feed", str(tmp_path / name), "--store", "centro", verbosity=0)
    assert counts(ImportRun.objects.latest("created_at")) == (0, 0, 3, 0)
    forget_catalogue()

    call_command("import_feed", str(tmp_path / name), "--store", "centro", "--confirm", verbosity=0)

    call_command("export_feed", str(tmp_path / f"again-{name}"), "--store", "centro", verbosity=0)
    assert settled((tmp_path / f"again-{name}").read_text()) == settled(feed)


def settled(feed):
    """Without what a feed says of ids and stock, which it does not bring back."""
    return re.sub(r"/market/products/[0-9a-f-]{36}/|in_stock|out_of_stock", "", feed)


LAUGHS = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]>
<rss><channel><item><id>1</id><title>&lol2;</title></item></channel></rss>"""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (LAUGHS, "entities"),
        ('<!DOCTYPE r SYSTEM "file:///etc/passwd"><rss/>', "entities"),
        ("<rss><channel><item>", "damaged"),
        ("<rss></rss>", "Missing: item"),
        ("", "damaged"),
        (f"<rss><item><id>1</id><title>{'x' * 200_000}</title></item></rss>", "too large"),
    ],
    ids=["laughs", "system", "half", "none", "empty", "large"],
)
def test_feeds_that_mean_harm_are_refused(tmp_path, content, said):
    ProductFactory.create(store__slug="centro")
    (tmp_path / "feed.xml").write_text(content)

    with pytest.raises(CommandError, match=said):
        call_command("import_feed", str(tmp_path / "feed.xml"), "--store", "centro", "--confirm")

    assert not ImportRun.objects.exists()
    assert not Variant.objects.exists()


def test_a_strangers_feed_is_taken_as_far_as_it_goes(tmp_path):
    CategoryFactory.create(slug="vajillas")
    ProductFactory.create(store__slug="centro")
    feed = Path(tmp_path / "feed.xml")
    feed.write_text(
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0">'
        "<entry><g:id>A 1</g:id><title>Plato</title><g:price>10.5 MXN</g:price><g:brand>La Luz</g:brand>"
        "<g:product_type>Hogar &gt; Vajillas</g:product_type><g:color>azul</g:color></entry>"
        "<entry><g:id>A2</g:id><title>Taza</title><g:price>10 USD</g:price>"
        "<g:product_type>Vajillas</g:product_type></entry></feed>"
    )

    call_command("import_feed", str(feed), "--store", "centro", "--confirm", verbosity=0)

    variant = Variant.objects.select_related("product__brand").get()
    assert (variant.sku, variant.price_minor, variant.options) == ("A 1", 1050, {"color": "azul"})
    assert (variant.product.slug, variant.product.brand and variant.product.brand.slug) == ("a-1", "la-luz")
    run = ImportRun.objects.get()
    assert (run.applied_count, run.error_count) == (1, 1)


def test_without_a_word_nothing_is_written(tmp_path, capsys):
    ProductFactory.create(store__slug="centro", category__slug="vajillas")
    file = tmp_path / "catalogue.csv"
    file.write_text("store,product,name,category,sku,price\ncentro,a,A,vajillas,A,1.00\ncentro,b,B,vajillas,B,x\n")

    call_command("import_catalog", str(file))

    said = capsys.readouterr().out
    assert "new 1" in said
    assert "3: price" in said
    assert not Variant.objects.exists()
    with pytest.raises(CommandError):
        call_command("import_catalog", str(tmp_path / "none.csv"))
    with pytest.raises(CommandError):
        call_command("import_feed", str(file), "--store", "nowhere")
