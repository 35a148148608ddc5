"""Writes of price lists."""

from typing import Any
from uuid import UUID

from django.db import transaction

from marketplace.core import audit
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import CurrencyMismatchError, Money
from stores.procurement.errors import OutOfSupplyError, SupplierArchivedError
from stores.procurement.models import Supplier, SupplierPrice
from stores.procurement.selectors import variants_supplied


@transaction.atomic
def set_supplier_price(
    *, supplier: Supplier, variant_id: UUID, cost: Money, actor_id: UUID | None, **columns: Any
) -> SupplierPrice:
    """Put a variant on the price list, or change its line: what a unit costs there. Drafts keep their costs.

    `columns`: `pack_size`, `least_qty`, `supplier_sku`, `is_preferred`. Raises `CurrencyMismatchError`,
    `OutOfSupplyError` for what the supplier does not deliver, `SupplierArchivedError`.
    """
    if cost.currency != supplier.currency:
        raise CurrencyMismatchError(left=cost.currency, right=supplier.currency)
    for row in lock(LockRank.PURCHASE_ORDER, Supplier.objects.filter(pk=supplier.pk)):
        if row.archived_at is not None:
            raise SupplierArchivedError
    if not variants_supplied(supplier).filter(pk=variant_id).exists():
        raise OutOfSupplyError
    values = {"cost_minor": cost.minor, **columns}
    price, _is_new = SupplierPrice.objects.update_or_create(supplier=supplier, variant_id=variant_id, defaults=values)
    audit.record(
        actor_id=actor_id,
        action="stores.set_supplier_price",
        subject=price,
        after={"supplier_id": supplier.pk, "variant_id": variant_id, **values},
    )
    return price


@transaction.atomic
def remove_supplier_price(*, price: SupplierPrice, actor_id: UUID | None) -> None:
    """Take a variant off the price list; orders that name it stay."""
    audit.record(
        actor_id=actor_id,
        action="stores.remove_supplier_price",
        subject=price,
        before={"supplier_id": price.supplier_id, "variant_id": price.variant_id, "cost_minor": price.cost_minor},
    )
    price.delete()
