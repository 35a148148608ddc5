"""Writes of variants: SKU, price and cost in the store's currency."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from marketplace.core import audit
from marketplace.core.money import CurrencyMismatchError, Money
from stores.catalog.errors import SkuTakenError
from stores.catalog.models import Product, Variant
from stores.revisions import revise


@transaction.atomic
def create_variant(
    *,
    product: Product,
    sku: str,
    price: Money,
    actor_id: UUID | None,
    cost: Money | None = None,
    options: dict[str, str] | None = None,
    is_active: bool = True,
) -> Variant:
    """Add a variant at a price with tax included. Raises `CurrencyMismatchError`, `SkuTakenError`."""
    _refuse_other_currency(product.store.currency, price, cost)
    variant = Variant(
        product=product,
        store_id=product.store_id,
        sku=sku,
        options=options or {},
        price_minor=price.minor,
        cost_minor=None if cost is None else cost.minor,
        currency=price.currency,
        is_active=is_active,
    )
    try:
        with transaction.atomic():
            variant.save(force_insert=True)
    except IntegrityError as error:
        if not Variant.objects.filter(store_id=product.store_id, sku=sku).exists():
            raise
        raise SkuTakenError(sku=sku) from error
    audit.record(
        actor_id=actor_id,
        action="stores.create_variant",
        subject=variant,
        after={"sku": sku, "price_minor": price.minor, "currency": price.currency},
    )
    return variant


@transaction.atomic
def change_variant(
    *,
    variant: Variant,
    expected_version: int | None,
    changes: dict[str, Any],
    actor_id: UUID | None,
    cause: str = "edit",
) -> Variant:
    """Set the given values; `price` and `cost` are money, a cost of None is unknown. `cause`: as in `PriceChange`.

    Raises `StaleError`, `CurrencyMismatchError`, `SkuTakenError`.
    """
    columns = dict(changes)
    price, cost = columns.pop("price", None), columns.pop("cost", None)
    _refuse_other_currency(variant.currency, price, cost)
    if price is not None:
        columns["price_minor"] = price.minor
    if "cost" in changes:
        columns["cost_minor"] = None if cost is None else cost.minor
    revise(
        variant,
        expected_version=expected_version,
        changes=columns,
        actor_id=actor_id,
        action="stores.change_variant",
        clash=SkuTakenError(sku=columns.get("sku", variant.sku)),
    )
    return variant


@transaction.atomic
def archive_variant(*, variant: Variant, expected_version: int | None, at: datetime, actor_id: UUID | None) -> None:
    """Stop selling the variant for good; orders and stock that name it stay. Raises `StaleError`."""
    revise(
        variant,
        expected_version=expected_version,
        changes={"archived_at": at, "is_active": False},
        actor_id=actor_id,
        action="stores.archive_variant",
    )


def _refuse_other_currency(currency: str, *amounts: Money | None) -> None:
    for amount in amounts:
        if amount is not None and amount.currency != currency:
            raise CurrencyMismatchError(left=amount.currency, right=currency)
