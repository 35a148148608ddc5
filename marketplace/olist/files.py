"""The data set's files, read as a stream; what cannot be read as a row is refused with its line."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

Row = dict[str, str]
Refuse = Callable[[str, int, str], None]
"""Told the file, the line and the reason of a row that is left out."""

# One field of the original is at most a short text; a quote that never closes must not swallow the file.
csv.field_size_limit(1 << 16)


class UnusableInputError(Exception):
    """The folder does not hold the data set."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file and the columns that are read from it."""

    name: str
    columns: tuple[str, ...]


GEOLOCATION = Source(
    "olist_geolocation_dataset.csv", ("geolocation_zip_code_prefix", "geolocation_lat", "geolocation_lng")
)
CATEGORIES = Source("product_category_name_translation.csv", ("product_category_name", "product_category_name_english"))
SELLERS = Source("olist_sellers_dataset.csv", ("seller_id", "seller_zip_code_prefix", "seller_city", "seller_state"))
CUSTOMERS = Source("olist_customers_dataset.csv", ("customer_id", "customer_unique_id", "customer_zip_code_prefix"))
PRODUCTS = Source("olist_products_dataset.csv", ("product_id", "product_category_name"))
ITEMS = Source(
    "olist_order_items_dataset.csv",
    ("order_id", "order_item_id", "product_id", "seller_id", "shipping_limit_date", "price"),
)
ORDERS = Source(
    "olist_orders_dataset.csv",
    ("order_id", "customer_id", "order_status", "order_purchase_timestamp", "order_delivered_customer_date"),
)
SOURCES = (GEOLOCATION, CATEGORIES, SELLERS, CUSTOMERS, PRODUCTS, ITEMS, ORDERS)


def check_folder(folder: Path) -> None:
    """Raises `UnusableInputError` naming every file that is missing or has other columns."""
    wrong = [problem for source in SOURCES if (problem := _problem(folder / source.name, source))]
    if wrong:
        raise UnusableInputError("; ".join(wrong))


def rows(folder: Path, source: Source, refuse: Refuse) -> Iterator[tuple[int, Row]]:
    """Each row with its line number, only the columns of `source`, trimmed."""
    with (folder / source.name).open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.DictReader(file)
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                # DictReader has not counted this line yet.
                refuse(source.name, reader.reader.line_num, str(error))
                continue
            reason = _malformed(row, source)
            if reason:
                refuse(source.name, reader.line_num, reason)
                continue
            yield reader.line_num, {name: row[name].strip() for name in source.columns}


def _problem(path: Path, source: Source) -> str:
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            header = next(csv.reader(file), [])
    except (OSError, csv.Error) as error:
        return f"{source.name}: {getattr(error, 'strerror', None) or error}"
    missing = [name for name in source.columns if name not in header]
    return f"{source.name}: no column {', '.join(missing)}" if missing else ""


def _malformed(row: Row, source: Source) -> str:
    # DictReader puts what is too much under None, and None for what is missing.
    if None in row or any(row[name] is None for name in source.columns):
        return "another number of fields than the header"
    texts = [row[name] for name in source.columns]
    if any("\udc80" <= char <= "\udcff" for text in texts for char in text):
        return "not UTF-8"
    if any("\x00" in text for text in texts):
        return "a NUL character"
    return ""
