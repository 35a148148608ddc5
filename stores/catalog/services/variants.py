"""Writes of variants: SKU, barcode, price and cost in the store's currency, and the history of prices."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from marketplace.core import audit
from marketplace.core.money import CurrencyMismatchError, Money
from stores.catalog import listings
from stores.catalog.barcodes import require_barcode
from stores.catalog.errors import BarcodeTakenError, SkuTakenError
from stores.catalog.models import PriceChange, Product, Variant
from stores.catalog.repriced import tell_repriced
from stores.revisions import is_about, revise

EDIT = "edit"
_SEARCHED = {"sku", "barcode"}
_LISTED = {"price_minor", "is_active"} | _SEARCHED


@transaction.atomic
def create_variant(
    *,
    product: Product,
    sku: str,
    price: Money,
    actor_id: UUID | None,
    cost: Money | None = None,
    barcode: str = "",
    options: dict[str, str] | None = None,
    is_active: bool = True,
    cause: str = EDIT,
) -> Variant:
    """Add a variant at a price with tax included; `cause` goes into the history of its price.

    Raises `CurrencyMismatchError`, `SkuTakenError`, `BarcodeTakenError`, `InvalidInputError` for a wrong barcode.
    """
    _refuse_other_currency(product.store.currency, price, cost)
    variant = Variant(
        product=product,
        store_id=product.store_id,
        sku=sku,
        barcode=require_barcode(barcode),
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
        if is_about(error, "barcode"):
            raise BarcodeTakenError(barcode=barcode) from error
        if not is_about(error, "sku"):
            raise
        raise SkuTakenError(sku=sku) from error
    note_prices([variant], cause=cause, actor_id=actor_id)
    audit.record(
        actor_id=actor_id,
        action="stores.create_variant",
        subject=variant,
        after={"sku": sku, "price_minor": price.minor, "currency": price.currency},
    )
    listings.refresh([product.pk])
    tell_repriced([product.pk])
    return variant


@transaction.atomic
def change_variant(
    *,
    variant: Variant,
    expected_version: int | None,
    changes: dict[str, Any],
    actor_id: UUID | None,
    cause: str = EDIT,
) -> Variant:
    """Set the given values; `price` and `cost` are money, a cost of None is unknown. A new price makes history.

    Raises `StaleError`, `CurrencyMismatchError`, `SkuTakenError`, `BarcodeTakenError`, `InvalidInputError` for a
    wrong barcode.
    """
    columns = dict(changes)
    price, cost = columns.pop("price", None), columns.pop("cost", None)
    _refuse_other_currency(variant.currency, price, cost)
    if "barcode" in columns:
        require_barcode(columns["barcode"])
    if price is not None:
        columns["price_minor"] = price.minor
    if "cost" in changes:
        columns["cost_minor"] = None if cost is None else cost.minor
    before = revise(
        variant,
        expected_version=expected_version,
        changes=columns,
        actor_id=actor_id,
        action="stores.change_variant",
        clash={
            "barcode": BarcodeTakenError(barcode=columns.get("barcode", variant.barcode)),
            "sku": SkuTakenError(sku=columns.get("sku", variant.sku)),
        },
    )
    changed = {name for name, value in before.items() if value != columns[name]}
    if changed & {"price_minor", "cost_minor"}:
        note_prices([variant], cause=cause, actor_id=actor_id)
    if "price_minor" in changed:
        tell_repriced([variant.product_id])
    if changed & _LISTED:
        listings.refresh([variant.product_id], words=bool(changed & _SEARCHED))
    return variant


@transaction.atomic
def archive_variant(*, variant: Variant, expected_version: int | None, at: datetime, actor_id: UUID | None) -> None:
    """Stop selling the variant for good; orders and stock that name it stay, its barcode is free again.

    Raises `StaleError`.
    """
    revise(
        variant,
        expected_version=expected_version,
        changes={"archived_at": at, "is_active": False},
        actor_id=actor_id,
        action="stores.archive_variant",
    )
    listings.refresh([variant.product_id])


def note_prices(variants: Iterable[Variant], *, cause: str, actor_id: UUID | None) -> None:
    """Write down what the variants cost from now on, in the caller's transaction."""
    PriceChange.objects.bulk_create(
        (
            PriceChange(
                variant=variant,
                price_minor=variant.price_minor,
                cost_minor=variant.cost_minor,
                currency=variant.currency,
                cause=cause,
                actor_id=actor_id,
            )
            for variant in variants
        ),
        batch_size=1_000,
    )


def _refuse_other_currency(currency: str, *amounts: Money | None) -> None:
    for amount in amounts:
        if amount is not None and amount.currency != currency:
            raise CurrencyMismatchError(left=amount.currency, right=currency)
