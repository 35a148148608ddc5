"""Promoted prices of many variants, replaced at once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.core.errors import NotFoundError
from marketplace.core.ids import uuid7
from marketplace.core.money import CurrencyMismatchError, Money
from stores import facade
from stores.catalog import listings
from stores.catalog.models import Listing, PublicPrice, Variant
from stores.contracts import PromotedPrice

from .factories import VariantFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/market/products/"


def all_right() -> bool:
    return listings.count_adrift() == 0


def test_prices_of_some_variants_are_replaced_and_the_others_stay():
    first, second, third = (VariantFactory() for _ in range(3))
    now = timezone.now()

    def price(variant: Variant, minor: int) -> PromotedPrice:
        return PromotedPrice(variant.pk, Money(minor, "MXN"), False, now - timedelta(hours=1))

    facade.replace_prices(
        variant_ids=[first.pk, second.pk, third.pk],
        prices={"rules": [price(each, 9_900) for each in (first, second, third)], "some": [price(first, 8_900)]},
    )
    kept = PublicPrice.objects.get(variant=first, source="rules").starts_at

    changed = facade.replace_prices(
        variant_ids=[first.pk, second.pk],
        prices={"rules": [PromotedPrice(first.pk, Money(9_900, "MXN"), False, now)], "some": [price(first, 7_900)]},
    )

    assert changed == 2
    assert set(PublicPrice.objects.values_list("variant", "source", "price_minor")) == {
        (first.pk, "rules", 9_900),
        (first.pk, "some", 7_900),
        (third.pk, "rules", 9_900),
    }
    assert PublicPrice.objects.get(variant=first, source="rules").starts_at == kept
    assert all_right()


@pytest.mark.parametrize("wrong", ["unknown", "not among them", "currency"])
def test_wrong_prices_replace_nothing(wrong):
    variant, other = VariantFactory(), VariantFactory()
    now = timezone.now()
    good = PromotedPrice(variant.pk, Money(9_900, "MXN"), False, now)
    facade.replace_prices(variant_ids=[variant.pk], prices={"rules": [good]})
    unknown = uuid7()
    bad, among, refusal = {
        "unknown": (PromotedPrice(unknown, good.price, False, now), [unknown], NotFoundError),
        "not among them": (PromotedPrice(other.pk, good.price, False, now), [], NotFoundError),
        "currency": (PromotedPrice(other.pk, Money(1, "USD"), False, now), [other.pk], CurrencyMismatchError),
    }[wrong]

    with pytest.raises(refusal):
        facade.replace_prices(variant_ids=[variant.pk, *among], prices={"rules": [bad]})

    assert list(PublicPrice.objects.values_list("variant", "price_minor")) == [(variant.pk, 9_900)]


def test_a_list_keeps_no_price_that_another_stands_in_front_of(api):
    variant = VariantFactory()
    now = timezone.now()

    def price(minor: int, hours: int, *, is_conditional: bool = False) -> PromotedPrice:
        until = now + timedelta(hours=hours)
        return PromotedPrice(variant.pk, Money(minor, "MXN"), is_conditional, now - timedelta(hours=1), until)

    facade.publish_prices(source="a", prices=[price(8_000, 2, is_conditional=True)])
    facade.publish_prices(source="b", prices=[price(9_000, 3)])
    facade.publish_prices(source="c", prices=[price(9_500, 2)])
    facade.publish_prices(source="d", prices=[price(9_600, 4)])

    kept = Listing.objects.get(product=variant.product_id).promotions
    shown = api.get(f"{URL}{variant.product_id}/").json()

    assert [each["price_minor"] for each in kept] == [8_000, 9_000, 9_600]
    assert shown["promotion"]["price"]["amount"] == "80.00"
    assert shown["promotion_for_all"]["price"]["amount"] == "90.00"
    assert all_right()
