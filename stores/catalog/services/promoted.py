"""Promoted prices, pushed down by whoever promotes; lists show them, checkout decides."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from marketplace.core.errors import NotFoundError
from marketplace.core.money import CurrencyMismatchError
from stores.catalog import listings
from stores.catalog.models import PublicPrice, Variant
from stores.contracts import PromotedPrice


@transaction.atomic
def publish_prices(*, source: str, prices: Iterable[PromotedPrice]) -> None:
    """Let lists show exactly these prices of `source` (`flash:<id>`) between their moments, and no others.

    Raises `NotFoundError` for an unknown variant, `CurrencyMismatchError` for a price that is not in its currency.
    """
    wanted = {price.variant_id: price for price in prices}
    products = _products_of(wanted.values())
    dropped = PublicPrice.objects.filter(source=source).exclude(variant__in=wanted)
    touched = set(dropped.values_list("variant__product_id", flat=True))
    dropped.delete()
    _write((source, price) for price in wanted.values())
    listings.refresh(touched | set(products.values()), words=False)


@transaction.atomic
def replace_prices(*, variant_ids: Collection[UUID], prices: Mapping[str, Iterable[PromotedPrice]]) -> int:
    """Let lists show exactly these prices, by source, of these variants; prices of the sources elsewhere stay.

    What is shown already, to the same price and end, stays as it is, whenever it began; how many rows were written or
    removed. The same few statements for any number of variants. Raises what `publish_prices` raises, and
    `NotFoundError` for a price of a variant that is not among them.
    """
    wanted = {(price.variant_id, source): price for source, those in prices.items() for price in those}
    if not {variant_id for variant_id, _source in wanted} <= set(variant_ids):
        raise NotFoundError
    rows = PublicPrice.objects.filter(variant__in=variant_ids, source__in=prices).select_related("variant")
    there = {(row.variant_id, row.source): row for row in rows}
    fresh = {place: price for place, price in wanted.items() if place not in there or _is_other(there[place], price)}
    gone = [row for place, row in there.items() if place not in wanted]
    products = _products_of(fresh.values())
    if gone:
        PublicPrice.objects.filter(pk__in=[row.pk for row in gone]).delete()
    _write((source, price) for (_variant_id, source), price in fresh.items())
    listings.refresh({row.variant.product_id for row in gone} | set(products.values()), words=False)
    return len(fresh) + len(gone)


@transaction.atomic
def withdraw_prices(*, source: str) -> None:
    """Let lists show none of this source any more."""
    rows = PublicPrice.objects.filter(source=source)
    touched = set(rows.values_list("variant__product_id", flat=True))
    if touched:
        rows.delete()
        listings.refresh(touched, words=False)


def _products_of(prices: Collection[PromotedPrice]) -> dict[UUID, UUID]:
    """The product of each variant. Raises `NotFoundError`, `CurrencyMismatchError`."""
    if not prices:
        return {}
    rows = Variant.objects.filter(pk__in={price.variant_id for price in prices})
    variants = {
        pk: (product_id, currency) for pk, product_id, currency in rows.values_list("pk", "product", "currency")
    }
    for price in prices:
        if price.variant_id not in variants:
            raise NotFoundError
        currency = variants[price.variant_id][1]
        if price.price.currency != currency:
            raise CurrencyMismatchError(left=price.price.currency, right=currency)
    return {pk: product_id for pk, (product_id, _currency) in variants.items()}


def _is_other(row: PublicPrice, price: PromotedPrice) -> bool:
    said: tuple[Any, ...] = (price.price.minor, price.price.currency, price.is_conditional, price.ends_at)
    return (row.price_minor, row.currency, row.is_conditional, row.ends_at) != said or row.starts_at > price.starts_at


def _write(prices: Iterable[tuple[str, PromotedPrice]]) -> None:
    PublicPrice.objects.bulk_create(
        (
            PublicPrice(
                variant_id=price.variant_id,
                source=source,
                price_minor=price.price.minor,
                currency=price.price.currency,
                is_conditional=price.is_conditional,
                starts_at=price.starts_at,
                ends_at=price.ends_at,
            )
            for source, price in prices
        ),
        update_conflicts=True,
        unique_fields=["variant", "source"],
        update_fields=["price_minor", "currency", "is_conditional", "starts_at", "ends_at"],
    )
