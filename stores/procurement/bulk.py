"""Suppliers with their price lists in bulk (demo data, importers), and an order in one call."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from stores.contracts import Added, SupplierRow
from stores.merchants.models import Store

from .models import Supplier, SupplierPrice
from .services import create_supplier, draft_order, place_order
from .services.orders import LineWanted


@transaction.atomic
def add_suppliers(rows: Iterable[SupplierRow]) -> Added:
    """Add suppliers that are not there yet, by department and name, each with its price list; what is there stays."""
    ids: dict[str, UUID] = {}
    new_count = 0
    for row in rows:
        known = Supplier.objects.filter(department=row.department_id, name=row.name).first()
        if known is None:
            limit = row.auto_order_limit
            known = create_supplier(
                name=row.name,
                currency=row.currency,
                department_id=row.department_id,
                lead_time_days=row.lead_time_days,
                auto_order_limit_minor=None if limit is None else limit.minor,
                actor_id=None,
            )
            new_count += 1
            SupplierPrice.objects.bulk_create(
                SupplierPrice(supplier=known, variant_id=variant_id, cost_minor=cost.minor)
                for variant_id, cost in row.costs.items()
            )
        ids[row.name] = known.pk
    return Added(ids, new_count)


@transaction.atomic
def order_from_supplier(
    *, supplier_id: UUID, store_id: UUID, quantities: Mapping[UUID, int], at: datetime, actor_id: UUID | None = None
) -> UUID:
    """Draft an order at the price list's costs and place it; its id. Raises what `draft_order` and `place_order` do."""
    order = draft_order(
        supplier=Supplier.objects.get(pk=supplier_id),
        store=Store.objects.get(pk=store_id),
        lines=[LineWanted(variant_id, quantity) for variant_id, quantity in quantities.items()],
        actor_id=actor_id,
    )
    place_order(order_id=order.pk, expected_version=None, at=at, actor_id=actor_id)
    return order.pk
