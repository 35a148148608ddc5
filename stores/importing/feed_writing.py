"""Writing product feeds: CSV, and RSS 2.0 with Google's namespace, item by item."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urljoin
from uuid import UUID
from xml.sax.saxutils import escape

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from stores.catalog.models import Category, ProductImage, PublicPrice, Variant

from .catalogue import FIELDS, texts_of
from .columns import amount_text
from .exporting import csv_text
from .feed_columns import FEED_COLUMNS, OWN_ATTRIBUTES, SEPARATOR, C, G
from .feed_reading import option

_BATCH: Final = 1_000
_NO_XML: Final = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF], "\ufffd")


def feed_csv(variants: "QuerySet[Variant]", at: datetime) -> Iterator[str]:
    """The feed's text in pieces. Cells that a spreadsheet would run are neutralised."""
    return csv_text(FEED_COLUMNS, ([item[name] for name in FEED_COLUMNS] for item in _items(variants, at)))


def feed_xml(variants: "QuerySet[Variant]", at: datetime) -> Iterator[str]:
    """The feed's text in pieces."""
    yield (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:g="{G}" xmlns:c="{C}">\n<channel>\n'
        f"<title>{_escaped(settings.PUBLIC_URL)}</title>\n<link>{_escaped(settings.PUBLIC_URL)}</link>\n"
        "<description>Products</description>\n"
    )
    piece: list[str] = []
    for item in _items(variants, at):
        piece.append("<item>\n")
        for name in FEED_COLUMNS:
            if item[name]:
                tag = f"c:{name}" if name in OWN_ATTRIBUTES else f"g:{name}"
                piece.append(f"<{tag}>{_escaped(item[name])}</{tag}>\n")
        piece.append("</item>\n")
        if len(piece) > _BATCH:
            yield "".join(piece)
            piece.clear()
    yield "".join([*piece, "</channel>\n</rss>\n"])


def _escaped(text: str) -> str:
    # A bare return would be read back as a line feed.
    return escape(text.translate(_NO_XML), {"\r": "&#13;"})


def _items(variants: "QuerySet[Variant]", at: datetime) -> Iterator[dict[str, str]]:
    names = {row.pk.hex: row.name for row in Category.objects.only("pk", "name")}
    here = PublicPrice.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=at), variant=OuterRef("pk"), is_conditional=False, starts_at__lte=at
    )
    face = ProductImage.objects.filter(product=OuterRef("product_id")).order_by("position", "pk")
    in_stock = Variant.objects.filter(pk=OuterRef("pk"), stock_items__on_hand__gt=F("stock_items__allocated"))
    rows = variants.annotate(
        sale_minor=Subquery(here.order_by("price_minor").values("price_minor")[:1]),
        image=Subquery(face.values("file")[:1]),
        in_stock=Exists(in_stock),
    ).values(*FIELDS, "sale_minor", "image", "in_stock", "product__category__path")
    ordered = rows.order_by("store__slug", "product__slug", "sku")
    for row in ordered.iterator(chunk_size=_BATCH):
        yield _item(row, names)


def _item(row: dict[str, Any], names: dict[str, str]) -> dict[str, str]:
    texts = texts_of(row)
    currency = row["currency"]
    sale = row["sale_minor"]
    path = row["product__category__path"].strip("/").split("/")
    return {
        "id": f"{texts['store']}{SEPARATOR}{texts['sku']}",
        "title": texts["name"],
        "description": texts["description"] or texts["name"],
        "link": _link(row["product_id"], texts["product"]),
        "image_link": _absolute(default_storage.url(row["image"])) if row["image"] else "",
        "availability": "in_stock" if row["in_stock"] else "out_of_stock",
        "price": f"{texts['price']} {currency}",
        "sale_price": "" if sale is None or sale >= row["price_minor"] else f"{amount_text(sale, currency)} {currency}",
        "brand": texts["brand_name"],
        "gtin": texts["barcode"],
        "mpn": texts["sku"],
        "condition": "new",
        "item_group_id": f"{texts['store']}{SEPARATOR}{texts['product']}",
        "product_type": " > ".join(names.get(step, "") for step in path),
        "color": option(texts["options"], "color"),
        "size": option(texts["options"], "size"),
        "category_slug": texts["category"],
        "brand_slug": texts["brand"],
        "options": texts["options"],
    }


def _link(product_id: UUID, slug: str) -> str:
    return _absolute(settings.PRODUCT_PAGE.replace("{id}", str(product_id)).replace("{slug}", quote(slug)))


def _absolute(address: str) -> str:
    return urljoin(f"{settings.PUBLIC_URL}/", address)
