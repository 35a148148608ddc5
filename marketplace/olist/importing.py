"""The import, step by step: each streams one file, goes through a facade in chunks, and may be repeated."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from marketplace.core.money import Money
from purchases import facade as purchases
from purchases.contracts import ImportedLine, ImportedOrder
from stores import facade as stores
from stores.contracts import CategoryRow, ProductRow, StoreRow, VariantRow
from users import facade as users
from users.contracts import NewCustomer

from . import files, shelves, values
from .files import Row, Source
from .places import ZipCentres, is_in_brazil, jittered
from .scratch import Scratch

ItemT = TypeVar("ItemT")
Watch = Callable[[str, Iterable[tuple[int, Row]]], Iterable[tuple[int, Row]]]
"""Wraps the rows of a file to show how far it is."""
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Options:
    """What the operator declares: how far customers may live from their zip's centre, what is on the shelves."""

    jitter_km: float = 0.0
    opening_stock: int = 20
    password: str | None = None


@dataclass(slots=True)
class Counts:
    """Rows that were new, and all that are there."""

    stores: int = 0
    new_stores: int = 0
    customers: int = 0
    products: int = 0
    new_products: int = 0
    orders: int = 0
    new_orders: int = 0


class OlistImport:
    """One run over one folder. Raises `UnusableInputError` before anything is written."""

    def __init__(self, folder: Path, scratch: Scratch, options: Options, watch: Watch) -> None:
        self._folder = folder
        self._scratch = scratch
        self._options = options
        self._watch = watch
        self._centres = ZipCentres()
        self.counts = Counts()

    def run(self) -> Counts:
        """Everything, in the order in which one needs the other."""
        self._read_places()
        self._read_categories()
        self._add_stores()
        self._add_customers()
        self._read_products()
        self._read_items()
        self._add_catalog()
        self._add_orders()
        return self.counts

    def _read_places(self) -> None:
        for line, row in self._rows(files.GEOLOCATION):
            with self._refusing(files.GEOLOCATION, line):
                prefix = values.zip_prefix(row["geolocation_zip_code_prefix"])
                place = values.degrees(row["geolocation_lat"]), values.degrees(row["geolocation_lng"])
                if not is_in_brazil(*place):
                    raise ValueError("a point outside Brazil")
                self._centres.add(prefix, *place)

    def _read_categories(self) -> None:
        for _line, row in self._rows(files.CATEGORIES):
            self._scratch.put("category", row["product_category_name"], row["product_category_name_english"])

    def _add_stores(self) -> None:
        for chunk in _chunks(self._read(files.SELLERS, self._store_row)):
            added = stores.add_stores(chunk)
            self.counts.stores += len(added.ids)
            self.counts.new_stores += added.new_count

    def _store_row(self, row: Row) -> StoreRow:
        seller = values.key(row["seller_id"])
        place = self._centres.centre(values.zip_prefix(row["seller_zip_code_prefix"]))
        if place is None:
            raise ValueError("a zip prefix of a region without coordinates")
        if not self._scratch.put("seller", seller):
            raise ValueError("a seller that came before")
        # Sellers have no names in the data set.
        name = f"{row['seller_city'].title()[:80]} {row['seller_state'][:4]} · {seller[:6]}"
        return StoreRow(_store_slug(seller), name.strip(), *place, currency=values.CURRENCY, language="pt")

    def _add_customers(self) -> None:
        for chunk in _chunks(self._read(files.CUSTOMERS, self._customer_row)):
            fresh = {person: new for person, new in chunk if not self._scratch.has("person", person)}
            ids = users.add_customers(fresh.values(), password=self._options.password)
            self._scratch.put_all("person", ((person, str(pk)) for person, pk in zip(fresh, ids, strict=True)))
            self.counts.customers += len(fresh)

    def _customer_row(self, row: Row) -> tuple[str, NewCustomer]:
        """One row per order in the data set; a person is what `customer_unique_id` says."""
        person = values.key(row["customer_unique_id"])
        place = self._centres.centre(values.zip_prefix(row["customer_zip_code_prefix"]))
        if not self._scratch.put("customer", values.key(row["customer_id"]), person):
            raise ValueError("a customer that came before")
        latitude, longitude = (None, None) if place is None else jittered(place, person, self._options.jitter_km)
        return person, NewCustomer(
            email=f"{person}@olist.example",
            name=f"Olist {person[:6]}",
            latitude=latitude,
            longitude=longitude,
            time_zone="America/Sao_Paulo",
        )

    def _read_products(self) -> None:
        for line, row in self._rows(files.PRODUCTS):
            with self._refusing(files.PRODUCTS, line):
                category = self._scratch.english(row["product_category_name"])
                if not self._scratch.put("product", values.key(row["product_id"]), shelves.readable(category)):
                    raise ValueError("a product that came before")

    def _read_items(self) -> None:
        for line, row in self._rows(files.ITEMS):
            with self._refusing(files.ITEMS, line):
                try:
                    item = self._item(row)
                except ValueError:
                    self._scratch.put("incomplete", row["order_id"])
                    raise
                if not self._scratch.put("item", *item):
                    raise ValueError("an item that came before")

    def _item(self, row: Row) -> tuple[str, str, str, str, int, str]:
        order, product, seller = (values.key(row[name]) for name in ("order_id", "product_id", "seller_id"))
        if not self._scratch.has("product", product):
            raise ValueError("a product that is not in the data set")
        if not self._scratch.has("seller", seller):
            raise ValueError("a seller that is not in the data set")
        shipped = values.moment(row["shipping_limit_date"])
        return order, row["order_item_id"], product, seller, values.price(row["price"]).minor, shipped.isoformat()

    def _add_catalog(self) -> None:
        departments = users.add_departments(shelves.DEPARTMENTS)
        stores.add_categories(
            CategoryRow(shelves.category_slug(name), name, departments[shelves.department_of(name)])
            for name in self._scratch.categories()
        )
        for chunk in _chunks(self._scratch.offers()):
            added = stores.add_catalog(self._product_row(*offer) for offer in chunk)
            self._scratch.put_all(
                "variant",
                (
                    (product, seller, str(added.variant_ids[_store_slug(seller), product]))
                    for product, seller, *_rest in chunk
                ),
            )
            self.counts.products += len(chunk)
            self.counts.new_products += added.new_products_count

    def _product_row(self, product: str, seller: str, category: str, minor: int, sold: int) -> ProductRow:
        """Names are not in the data set; the price is the latest one it was sold at by this seller."""
        variant = VariantRow(
            sku=product,
            price=Money(minor, values.CURRENCY),
            opening_stock=self._options.opening_stock,
            reorder_point=min(sold, self._options.opening_stock // 4),
        )
        return ProductRow(
            store_slug=_store_slug(seller),
            slug=product,
            name=f"{category} {product[:6]}",
            category_slug=shelves.category_slug(category),
            variants=(variant,),
        )

    def _add_orders(self) -> None:
        for chunk in _chunks(self._read(files.ORDERS, self._order)):
            self.counts.orders += len(chunk)
            self.counts.new_orders += purchases.import_orders(chunk)

    def _order(self, row: Row) -> ImportedOrder:
        order = values.key(row["order_id"])
        state = values.state(row["order_status"])
        placed_at = values.moment(row["order_purchase_timestamp"])
        delivered = row["order_delivered_customer_date"]
        customer_id = self._scratch.account_of(row["customer_id"])
        if customer_id is None:
            raise ValueError("a customer that is not in the data set")
        if self._scratch.has("incomplete", order, column="order_id"):
            raise ValueError("an item of this order was refused")
        lines = self._scratch.lines(order)
        if not lines:
            raise ValueError("an order without items")
        if not self._scratch.put("finished", order):
            raise ValueError("an order that came before")
        return ImportedOrder(
            source_key=f"olist:{order}",
            customer_id=customer_id,
            state=state,
            placed_at=placed_at,
            delivered_at=values.moment(delivered) if delivered and state == "delivered" else None,
            lines=tuple(ImportedLine(pk, units, Money(minor, values.CURRENCY)) for pk, minor, units in lines),
        )

    def _rows(self, source: Source) -> Iterator[tuple[int, Row]]:
        yield from self._watch(source.name, files.rows(self._folder, source, self._scratch.refuse))

    def _read(self, source: Source, build: Callable[[Row], ItemT]) -> Iterator[ItemT]:
        for line, row in self._rows(source):
            try:
                item = build(row)
            except ValueError as error:
                self._scratch.refuse(source.name, line, str(error))
            else:
                yield item

    @contextmanager
    def _refusing(self, source: Source, line: int) -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            self._scratch.refuse(source.name, line, str(error))


@contextmanager
def import_of(folder: Path, options: Options, watch: Watch) -> Iterator[tuple[OlistImport, Scratch]]:
    """A run with its throw-away tables. Raises `UnusableInputError`."""
    files.check_folder(folder)
    with TemporaryDirectory(prefix="olist-") as directory:
        scratch = Scratch(str(Path(directory) / "scratch.sqlite3"))
        try:
            yield OlistImport(folder, scratch, options, watch), scratch
        finally:
            scratch.close()


def _store_slug(seller: str) -> str:
    return f"olist-{seller}"


def _chunks(items: Iterable[ItemT]) -> Iterator[list[ItemT]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk
