"""Promoted prices, pushed down by whoever promotes; lists show them, checkout decides."""

from collections.abc import Iterable

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
    variants = Variant.objects.in_bulk(wanted)
    if len(variants) != len(wanted):
        raise NotFoundError
    for variant in variants.values():
        currency = wanted[variant.pk].price.currency
        if currency != variant.currency:
            raise CurrencyMismatchError(left=currency, right=variant.currency)
    dropped = PublicPrice.objects.filter(source=source).exclude(variant__in=wanted)
    touched = set(dropped.values_list("variant__product_id", flat=True))
    dropped.delete()
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
            for price in wanted.values()
        ),
        update_conflicts=True,
        unique_fields=["variant", "source"],
        update_fields=["price_minor", "currency", "is_conditional", "starts_at", "ends_at"],
    )
    listings.refresh(touched | {variant.product_id for variant in variants.values()}, words=False)


@transaction.atomic
def withdraw_prices(*, source: str) -> None:
    """Let lists show none of this source any more."""
    rows = PublicPrice.objects.filter(source=source)
    touched = set(rows.values_list("variant__product_id", flat=True))
    if touched:
        rows.delete()
        listings.refresh(touched, words=False)
