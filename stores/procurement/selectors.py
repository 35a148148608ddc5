"""Reads of procurement."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import F, Prefetch, QuerySet, Sum

from marketplace.core import access
from marketplace.core.errors import NotFoundError
from stores.catalog.models import Variant
from stores.contracts import OrderName

from .models import PurchaseOrder, PurchaseOrderLine, ReplenishmentSuggestion, Supplier, SupplierPrice

# A department's supplier belongs to the department, a store's to the store. An order is also the store's it goes to:
# its people take the goods in.
ORDER_DEPARTMENT = "supplier__department"
ITEM_DEPARTMENT = "stock_item__variant__product__category__department"


def suppliers_within(user: access.Person, key: str) -> QuerySet[Supplier]:
    """Suppliers in use that `key` reaches."""
    rows = Supplier.objects.filter(archived_at__isnull=True)
    return access.within(rows, access.reach(user, key), department_path="department", store_path="store")


def prices_of(supplier: Supplier) -> QuerySet[SupplierPrice]:
    """The supplier's price list."""
    return SupplierPrice.objects.filter(supplier=supplier).select_related("variant__product", "supplier")


def orders_within(user: access.Person, key: str) -> QuerySet[PurchaseOrder]:
    """Orders that `key` reaches, by the supplier's department or the store, with their lines."""
    rows = PurchaseOrder.objects.select_related("supplier", "store").prefetch_related(
        Prefetch("lines", PurchaseOrderLine.objects.order_by("sku", "pk"))
    )
    return access.within(rows, access.reach(user, key), department_path=ORDER_DEPARTMENT, store_path="store")


def suggestions_within(user: access.Person, key: str) -> QuerySet[ReplenishmentSuggestion]:
    """What ought to be ordered of stock items that `key` reaches, with the names a list shows."""
    rows = ReplenishmentSuggestion.objects.select_related(
        "supplier", "stock_item__store", "stock_item__variant__product"
    )
    where = access.reach(user, key)
    return access.within(rows, where, department_path=ITEM_DEPARTMENT, store_path="stock_item__store")


def orderable_within(user: access.Person, key: str) -> QuerySet[ReplenishmentSuggestion]:
    """Those of them whose supplier `key` reaches too."""
    return suggestions_within(user, key).filter(supplier__in=suppliers_within(user, key).values("pk"))


def variants_supplied(supplier: Supplier, *, store_id: UUID | None = None) -> QuerySet[Variant]:
    """What the supplier may deliver (to that store): its department's variants, or its store's."""
    rows = Variant.objects.filter(archived_at__isnull=True, currency=supplier.currency)
    if store_id is not None:
        rows = rows.filter(store=store_id)
    if supplier.store_id is not None:
        return rows.filter(store=supplier.store_id)
    return rows.filter(product__category__department=supplier.department_id)


def listed_prices(supplier: Supplier, variant_ids: Iterable[UUID]) -> dict[UUID, SupplierPrice]:
    """The price-list lines of these variants."""
    rows = SupplierPrice.objects.filter(supplier=supplier, variant__in=set(variant_ids))
    return {price.variant_id: price for price in rows}


def total_minor(orders: QuerySet[PurchaseOrder]) -> int:
    """What the orders' lines cost together."""
    lines = PurchaseOrderLine.objects.filter(order__in=orders.values("pk"))
    total: int | None = lines.aggregate(total=Sum(F("quantity") * F("unit_cost_minor")))["total"]
    return total or 0


def order_name(order_id: UUID) -> OrderName:
    """Which order that is, for people. Raises `NotFoundError`."""
    order = PurchaseOrder.objects.select_related("supplier", "store").filter(pk=order_id).first()
    if order is None:
        raise NotFoundError
    return OrderName(
        number=order.number,
        supplier_name=order.supplier.name,
        store_id=order.store_id,
        store_name=order.store.name,
        department_id=order.supplier.department_id,
        total=order.total,
    )
