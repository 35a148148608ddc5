"""Procurement rows for tests; orders come from the services."""

from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from marketplace.core.money import Money
from stores.catalog.models import Variant
from stores.catalog.tests.factories import VariantFactory
from stores.inventory.models import StockItem
from stores.procurement import services
from stores.procurement.models import GoodsReceipt, PurchaseOrder, ReplenishmentSuggestion, Supplier, SupplierPrice
from stores.procurement.services.orders import LineWanted
from stores.procurement.services.receipts import LineReceived
from users.staff.tests.factories import DepartmentFactory


class SupplierFactory(DjangoModelFactory):
    """A supplier of a department of its own, or of `department` or `store`."""

    class Meta:
        model = Supplier

    name = factory.Sequence(lambda n: f"Proveedora {n}")
    store = None
    department = factory.Maybe("store", None, factory.SubFactory(DepartmentFactory))
    currency = "MXN"


class SupplierPriceFactory(DjangoModelFactory):
    """A unit at 120.00 of a supplier of the variant's department."""

    class Meta:
        model = SupplierPrice

    variant = factory.SubFactory(VariantFactory)
    supplier = factory.SubFactory(
        SupplierFactory, department=factory.SelfAttribute("..variant.product.category.department")
    )
    cost_minor = 12_000


def supplier_of(variant: Variant, cost_minor: int = 12_000, *, price: Any = None, **columns: Any) -> Supplier:
    """A supplier of the variant's department, with the variant on its price list."""
    columns = {"department": variant.product.category.department, "currency": variant.currency} | columns
    supplier: Supplier = SupplierFactory(**columns)
    SupplierPriceFactory(supplier=supplier, variant=variant, cost_minor=cost_minor, **(price or {}))
    return supplier


def drafted(variant: Variant, quantity: int = 10, *, supplier: Supplier | None = None) -> PurchaseOrder:
    """A draft of so many of the variant."""
    return services.draft_order(
        supplier=supplier or supplier_of(variant),
        store=variant.store,
        lines=[LineWanted(variant.pk, quantity, None if supplier is None else Money(12_000, variant.currency))],
        actor_id=None,
    )


def placed(variant: Variant, quantity: int = 10, *, supplier: Supplier | None = None) -> PurchaseOrder:
    """The same, sent out."""
    order = drafted(variant, quantity, supplier=supplier)
    return services.place_order(order_id=order.pk, expected_version=None, at=timezone.now(), actor_id=None)


def received(variant: Variant, quantity: int = 2, *, supplier: Supplier | None = None) -> GoodsReceipt:
    """All of an order came in at once."""
    order = placed(variant, quantity, supplier=supplier)
    lines = [LineReceived(order.lines.get().pk, quantity)]
    services.receive_goods(
        order_id=order.pk, lines=lines, idem_key=f"receipt:{order.number}", at=timezone.now(), actor_id=None
    )
    receipt: GoodsReceipt = order.receipts.get()
    return receipt


def suggested(item: StockItem, quantity: int = 20, *, supplier: Supplier | None = None) -> ReplenishmentSuggestion:
    """So many ought to be ordered of the supplier."""
    return ReplenishmentSuggestion.objects.create(
        stock_item=item,
        supplier=supplier,
        quantity=quantity,
        unit_cost_minor=12_000 if supplier else None,
        currency=item.variant.currency,
        available=item.available,
        incoming=0,
        sold_per_day_milli=500,
        lead_time_days=7,
        computed_at=timezone.now(),
    )
