"""What rows of a file would do to the catalogue: a set at a time, a handful of statements however many rows.

The same comparison makes the preview and, at the moment of writing, decides whether the preview still holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from marketplace.core import access
from stores.catalog.models import Brand, Category, Product, Variant
from stores.catalog.upserting import barcodes_in_use
from stores.merchants.models import Store

from .catalogue import place_of, product_texts, records_of, texts_of
from .columns import BY_NAME, CLEARABLE, COLUMNS, SILENT, Part, ValueRefusedError
from .models import ImportRow
from .selectors import Writer

Verdict = ImportRow.Verdict
Place = tuple[UUID, str]
_PRODUCT_FIELDS = (
    "pk",
    "store_id",
    "slug",
    "name",
    "description",
    "category__slug",
    "category__department_id",
    "brand__slug",
    "brand__name",
    "is_published",
    "archived_at",
)
_PRODUCT_COLUMNS = tuple(column.name for column in COLUMNS if column.part is Part.PRODUCT)
_STOCK = tuple(column.name for column in COLUMNS if column.part is Part.STOCK)
_NEEDED = tuple(column.name for column in COLUMNS if column.needed_for_new)


@dataclass(slots=True)
class Plan:
    """One row: its values as canonical texts, and what they come to."""

    line: int
    raw: Mapping[str, str]
    values: dict[str, str] = field(default_factory=dict)
    changes: dict[str, list[str]] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)
    store: Store | None = None
    category: Category | None = None
    product_id: UUID | None = None
    variant_id: UUID | None = None

    def refuse(self, column: str, code: str, **params: Any) -> None:
        """The row will not be written, for this reason among others."""
        self.errors.append({"field": column, "code": code, "params": params})

    @property
    def verdict(self) -> Verdict:
        """What confirming would do."""
        if self.errors:
            return Verdict.ERROR
        if self.variant_id is None:
            return Verdict.NEW
        return Verdict.CHANGED if self.changes else Verdict.SAME

    @property
    def product_place(self) -> Place:
        """What its product is known by."""
        assert self.store is not None
        return self.store.pk, self.values["product"]

    @property
    def variant_place(self) -> Place:
        """What it is known by."""
        assert self.store is not None
        return self.store.pk, self.values["sku"]


class Shelves:
    """What the rows of one chunk name, as the catalogue has it now."""

    @staticmethod
    def stores_of(rows: Sequence[Mapping[str, str]]) -> dict[str, UUID]:
        """Ids of the stores by slug."""
        return dict(Store.objects.filter(slug__in=_named(rows, "store")).values_list("slug", "pk"))

    def __init__(self, rows: Sequence[Mapping[str, str]]) -> None:
        self.stores = {row.slug: row for row in Store.objects.filter(slug__in=_named(rows, "store"), archived_at=None)}
        self.categories = {row.slug: row for row in Category.objects.filter(slug__in=_named(rows, "category"))}
        self.brands: dict[str, UUID] = dict(
            Brand.objects.filter(slug__in=_named(rows, "brand")).values_list("slug", "pk")
        )
        stores = [store.pk for store in self.stores.values()]
        products = Product.objects.filter(store__in=stores, slug__in=_named(rows, "product")).values(*_PRODUCT_FIELDS)
        self.products = {(row["store_id"], row["slug"]): row for row in products}
        variants = records_of(Variant.objects.filter(store__in=stores, sku__in=_named(rows, "sku")))
        self.variants = {place_of(row): row for row in variants}


def _named(rows: Sequence[Mapping[str, str]], column: str) -> set[str]:
    return {row[column] for row in rows if row.get(column)}


def compare(lines: Sequence[tuple[int, Mapping[str, str]]], writer: Writer) -> list[Plan]:
    """A plan for each line. What is not within the writer's reach is not found."""
    shelves = Shelves([row for _line, row in lines])
    plans = [Plan(line, row) for line, row in lines]
    for plan in plans:
        _read(plan, shelves)
    readable = [plan for plan in plans if plan.store is not None and {"product", "sku"} <= plan.values.keys()]
    for plan in readable:
        _compare(plan, shelves, writer)
    _refuse_taken_barcodes(readable)
    return plans


def _read(plan: Plan, shelves: Shelves) -> None:
    """Cells to canonical texts; a cell that is empty and cannot be emptied is as good as absent."""
    plan.store = shelves.stores.get(plan.raw.get("store", ""))
    currency = plan.store.currency if plan.store else ""
    for name, cell in plan.raw.items():
        column = BY_NAME[name]
        if not cell:
            if name in CLEARABLE:
                plan.values[name] = ""
            elif column.is_required:
                plan.refuse(name, "required")
            continue
        if not currency and column.part in {Part.VARIANT, Part.STOCK}:
            continue  # without its store an amount means nothing
        try:
            plan.values[name] = column.read(cell, currency)
        except ValueRefusedError as error:
            plan.refuse(name, error.code, **error.params)
    if plan.store is None and plan.raw.get("store"):
        plan.refuse("store", "not_found")


def _compare(plan: Plan, shelves: Shelves, writer: Writer) -> None:
    product = shelves.products.get(plan.product_place)
    variant = shelves.variants.get(plan.variant_place)
    plan.category = shelves.categories.get(plan.values.get("category", ""))
    if not _may_write(plan, product, writer.catalog):
        plan.errors = [{"field": "product", "code": "not_found", "params": {}}]
        return
    _find_names(plan, shelves)
    if variant is not None and variant["product__slug"] != plan.values["product"]:
        plan.refuse("sku", "sku_taken")
        return
    if (product is not None and product["archived_at"]) or (variant is not None and variant["archived_at"]):
        plan.refuse("product" if product is not None and product["archived_at"] else "sku", "deleted")
        return
    if variant is not None:
        plan.product_id, plan.variant_id = variant["product_id"], variant["pk"]
        _note_changes(plan, texts_of(variant))
        return
    if product is not None:
        plan.product_id = product["pk"]
        _note_changes(plan, product_texts(product))
    for name in _NEEDED if product is None else ("price",):
        if not plan.raw.get(name):
            plan.refuse(name, "required")
    _refuse_stock(plan, product, writer.stock)


def _refuse_stock(plan: Plan, product: Mapping[str, Any] | None, reach: access.Reach) -> None:
    """Goods on a shelf are the inventory's: its key is needed for them here too."""
    assert plan.store is not None
    given = [name for name in _STOCK if plan.values.get(name)]
    department: UUID | None = None if product is None else product["category__department_id"]
    if plan.category is not None:
        department = plan.category.department_id
    if given and not reach.covers(department_id=department, store_id=plan.store.pk):
        plan.refuse(given[0], "stock_key")


def _may_write(plan: Plan, product: Mapping[str, Any] | None, reach: access.Reach) -> bool:
    """Where the product is, and where the row would put it."""
    assert plan.store is not None
    departments = [] if product is None else [product["category__department_id"]]
    if plan.category is not None:
        departments.append(plan.category.department_id)
    store_id = plan.store.pk
    if not departments:
        return reach.everywhere or store_id in reach.stores or bool(reach.departments and plan.raw.get("category"))
    return all(reach.covers(department_id=department, store_id=store_id) for department in departments)


def _find_names(plan: Plan, shelves: Shelves) -> None:
    if plan.values.get("category") and plan.category is None:
        plan.refuse("category", "not_found")
    brand = plan.values.get("brand", "")
    if brand and brand not in shelves.brands and not plan.values.get("brand_name"):
        plan.refuse("brand", "not_found")


def _note_changes(plan: Plan, now: Mapping[str, str]) -> None:
    plan.changes = {
        name: [now[name], value]
        for name, value in plan.values.items()
        if name in now and name not in SILENT and now[name] != value
    }


def _refuse_taken_barcodes(plans: Sequence[Plan]) -> None:
    claimed = {
        (plan.store.pk, plan.values["barcode"]): plan
        for plan in plans
        if plan.store is not None
        and plan.values.get("barcode")
        and (plan.variant_id is None or "barcode" in plan.changes)
    }
    if not claimed:
        return
    for place, sku in barcodes_in_use(claimed).items():
        plan = claimed.get(place)
        if plan is not None and sku != plan.values["sku"]:
            plan.refuse("barcode", "barcode_taken")
