"""The catalogue as canonical texts by column: what export writes and what a file is compared with."""

from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet

from stores.catalog.models import Variant

from .columns import amount_text, options_text

FIELDS: Final = (
    "pk",
    "store_id",
    "store__slug",
    "product_id",
    "product__slug",
    "product__name",
    "product__description",
    "product__category__slug",
    "product__category__department_id",
    "product__brand__slug",
    "product__brand__name",
    "product__is_published",
    "product__archived_at",
    "sku",
    "barcode",
    "options",
    "price_minor",
    "cost_minor",
    "currency",
    "is_active",
    "archived_at",
    "stock_items__on_hand",
    "stock_items__reorder_point",
    "stock_items__reorder_qty",
)


def records_of(variants: "QuerySet[Variant]") -> "QuerySet[Variant, dict[str, Any]]":
    """What `texts_of` takes: a statement's rows. A variant's stock is in its own store, so there is one row of each."""
    records: QuerySet[Variant, dict[str, Any]] = variants.values(*FIELDS)
    return records


def texts_of(record: dict[str, Any]) -> dict[str, str]:
    """Every column of `columns.COLUMNS`, as a file has it."""
    currency = record["currency"]
    return {
        "store": record["store__slug"],
        "product": record["product__slug"],
        **product_texts(record, "product__"),
        "sku": record["sku"],
        "barcode": record["barcode"],
        "options": options_text(record["options"]),
        "price": amount_text(record["price_minor"], currency),
        "cost": "" if record["cost_minor"] is None else amount_text(record["cost_minor"], currency),
        "currency": currency,
        "active": yes_no(record["is_active"]),
        "on_hand": _count(record["stock_items__on_hand"]),
        "reorder_point": _count(record["stock_items__reorder_point"]),
        "reorder_qty": _count(record["stock_items__reorder_qty"]),
    }


def product_texts(record: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """The columns of a product."""
    return {
        "name": record[f"{prefix}name"],
        "description": record[f"{prefix}description"],
        "category": record[f"{prefix}category__slug"],
        "brand": record[f"{prefix}brand__slug"] or "",
        "brand_name": record[f"{prefix}brand__name"] or "",
        "published": yes_no(record[f"{prefix}is_published"]),
    }


def yes_no(flag: bool) -> str:
    """As a file has it."""
    return "true" if flag else "false"


def _count(number: int | None) -> str:
    return "" if number is None else str(number)


def streamed(variants: "QuerySet[Variant]") -> Iterator[dict[str, str]]:
    """Rows in an order that depends on nothing but their names."""
    ordered = records_of(variants).order_by("store__slug", "product__slug", "sku")
    records: Iterable[dict[str, Any]] = ordered.iterator(chunk_size=1_000)
    return map(texts_of, records)


def place_of(record: dict[str, Any]) -> tuple[UUID, str]:
    """What a variant is known by."""
    return record["store_id"], record["sku"]
