"""Each promotion that does not apply is explained once, however many lines it is about, and the answer stays small."""

import json
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from promotions.campaigns.tests.factories import make_campaign
from promotions.discounts.tests.factories import make_discount
from promotions.flash.tests.factories import make_variant
from purchases.carts.models import Cart
from purchases.carts.selectors import shown_cart
from purchases.checkout.tests.factories import buy, fill, mxn, shopper
from purchases.orders.api.serializers import RejectedSerializer
from purchases.pricing.presenting import rejections
from purchases.pricing.values import Refused
from stores.models import StockItem

CART = "/api/v1/cart/"
LINES, DISCOUNTS, MOST_BYTES = 10, 60, 20_000


def crowded(lines: int, discounts: int) -> tuple[Any, list[Any]]:
    """A cart of so many lines of one category, and so many discounts that are all meant for each of them."""
    customer = shopper(100_000_000)
    first = make_variant()
    category = first.product.category
    variants = [first, *(make_variant(product__category=category) for _ in range(lines - 1))]
    for number in range(discounts):
        make_discount(category, percent_bp=500 + number, name=f"Discount {number}")
    fill(customer, *([1] * lines), variants=variants)
    return customer, variants


@pytest.mark.django_db
def test_ten_lines_and_sixty_discounts_are_explained_whole_in_twenty_kilobytes(api):
    customer, _variants = crowded(LINES, DISCOUNTS)
    api.force_authenticate(customer)

    answer = api.get(CART)

    told = answer.json()["rejected_promotions"]
    assert len(told) == len({each["rule"] for each in told}) == DISCOUNTS - 1
    assert all(each["lines"] == [] and each["detail"] for each in told)
    assert {each["code"] for each in told} == {"outranked"}
    assert len(answer.content) <= MOST_BYTES, len(answer.content)


@pytest.mark.django_db
def test_an_order_keeps_the_whole_explanation_as_small(api):
    customer, _variants = crowded(LINES, DISCOUNTS)
    order = buy(customer).order
    api.force_authenticate(customer)

    answer = api.get(f"/api/v1/orders/{order.pk}/")

    told = answer.json()["rejected_promotions"]
    assert len(told) == len({each["rule"] for each in told}) == DISCOUNTS - 1
    assert all((each["lines"], each["code"]) == ([], "outranked") for each in told)
    assert len(answer.content) <= MOST_BYTES, len(answer.content)


@pytest.mark.django_db
def test_a_refusal_names_the_lines_it_is_about_as_the_cart_and_the_order_show_them(api):
    customer = shopper(100_000_000)
    variants = [make_variant() for _ in range(3)]
    small = make_discount(variants[1].product.category, percent_bp=500)
    make_discount(variants[1].product.category, percent_bp=900)
    far = make_campaign(min_ticket=mxn(90_000_000), currency="MXN")
    fill(customer, 1, 1, 1, variants=variants)
    api.force_authenticate(customer)

    cart = api.get(CART).json()
    order = api.get(f"/api/v1/orders/{buy(customer).order.pk}/").json()

    for shown in (cart, order):
        told = {each["rule"]: each for each in shown["rejected_promotions"]}
        (place,) = told[str(small.pk)]["lines"]
        assert shown["lines"][place]["variant"] == str(variants[1].pk)
        assert (told[str(far.pk)]["code"], told[str(far.pk)]["lines"]) == ("min_ticket", [])
        assert len(told) == len(shown["rejected_promotions"]) == 2


@pytest.mark.django_db
def test_a_line_that_cannot_be_bought_keeps_its_place_and_is_not_explained():
    customer, variants = crowded(3, 2)
    StockItem.objects.filter(variant=variants[0]).update(on_hand=0)
    cart = Cart.objects.get(customer=customer.pk)

    shown = shown_cart(cart, at=timezone.now())

    (gone,) = (place for place, line in enumerate(shown.lines) if line.lack)
    assert [each.places for each in shown.rejected_promotions] == [()]
    assert not shown.lines[gone].priced


def test_orders_of_before_lines_were_named_show_none():
    serializer = RejectedSerializer()
    old = {"rule": "r", "kind": "campaign", "version": 1, "name": "n", "code": "min_ticket", "params": {}}

    assert json.loads(json.dumps(serializer.to_representation(old)))["lines"] == []


def test_a_rule_with_two_reasons_is_told_twice_and_a_line_named_once():
    late, outranked = (Refused(UUID(int=1), "discount", 1, "Spring", code) for code in ("weekday", "outranked"))
    whole = Refused(UUID(int=2), "campaign", 1, "All", "min_ticket")

    told = rejections([whole], [(0, [late, outranked]), (1, [outranked, outranked]), (2, [])])

    assert [(each.refused, each.places) for each in told] == [(whole, ()), (late, (0,)), (outranked, (0, 1))]


def test_what_is_about_every_line_is_about_the_whole():
    refused = Refused(UUID(int=1), "discount", 1, "Spring", "outranked")

    (told,) = rejections([], [(0, [refused]), (2, [refused])])

    assert told.places == ()
