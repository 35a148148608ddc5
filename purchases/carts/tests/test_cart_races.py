"""Several devices at once: one line with the sum, one winner of a merge, no cart dropped under somebody's hands."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from promotions.flash.tests.factories import make_customer, make_variant
from purchases.carts.models import Cart, CartLine
from purchases.carts.services import add_item, clear, drop_abandoned, lines_of, lock_cart, merge_carts
from purchases.carts.values import Holder
from stores.facade import InsufficientStockError

from .factories import filled_cart

pytestmark = pytest.mark.django_db(transaction=True)


def add(holder: Holder, variant: Any, quantity: int = 1) -> Any:
    return add_item(holder=holder, variant_id=variant.pk, quantity=quantity, at=timezone.now())


@pytest.mark.parametrize("has_cart", [True, False])
def test_two_devices_adding_the_same_variant_make_one_line_with_the_sum(together, has_cart):
    customer, variant = make_customer(), make_variant()
    if has_cart:
        filled_cart(customer=customer)

    answers = together(lambda number: add(Holder(customer_id=customer.pk), variant, number + 1), 4)

    assert all(isinstance(answer, Cart) for answer in answers), answers
    assert Cart.objects.count() == 1
    assert CartLine.objects.get(variant=variant).quantity == 1 + 2 + 3 + 4


def test_a_strangers_two_tabs_make_one_line_too(together):
    cart, variant = filled_cart(), make_variant()

    together(lambda _number: add(Holder(cart_id=cart.pk), variant), 4)

    assert CartLine.objects.get(variant=variant).quantity == 4


def test_tabs_together_do_not_go_beyond_what_there_is(together):
    customer, variant = make_customer(), make_variant(on_hand=3)

    answers = together(lambda _number: add(Holder(customer_id=customer.pk), variant), 6)

    assert CartLine.objects.get().quantity == 3
    assert sum(isinstance(answer, InsufficientStockError) for answer in answers) == 3, answers


@pytest.mark.parametrize("has_cart", [True, False])
def test_of_two_merges_at_once_one_wins(together, has_cart):
    customer, guest = make_customer(), filled_cart(quantity=3)
    if has_cart:
        filled_cart(customer=customer)

    answers = together(lambda _number: merge_carts(customer_id=customer.pk, cart_id=guest.pk, at=timezone.now()), 4)

    assert sorted(len(answer.outcomes) for answer in answers) == [0, 0, 0, 1], answers
    assert CartLine.objects.get(quantity=3).cart.customer == customer
    assert Cart.objects.count() == 1


def test_two_people_with_one_token_do_not_both_get_what_is_in_it(together):
    customers, guest = [make_customer(), make_customer()], filled_cart(quantity=3)

    answers = together(
        lambda number: merge_carts(customer_id=customers[number].pk, cart_id=guest.pk, at=timezone.now()), 2
    )

    assert sorted(len(answer.outcomes) for answer in answers) == [0, 1], answers
    assert CartLine.objects.get().quantity == 3


def test_adding_while_the_cart_is_merged_loses_nothing_that_was_promised(together):
    customer, guest, variant = make_customer(), filled_cart(), make_variant()

    def work(number: int) -> Any:
        if number:
            return add(Holder(cart_id=guest.pk), variant)
        return merge_carts(customer_id=customer.pk, cart_id=guest.pk, at=timezone.now())

    answers = together(work, 2)

    was_added = any(isinstance(answer, Cart) for answer in answers)
    assert CartLine.objects.filter(variant=variant, cart__customer=customer).exists() == was_added, answers
    assert not Cart.objects.filter(customer__isnull=True).exists()


@pytest.mark.postgres
def test_a_cart_that_is_used_while_it_is_dropped_stays(together):
    old = timezone.now() - timedelta(days=40)
    carts = [filled_cart() for _ in range(4)]
    Cart.objects.update(touched_at=old)
    variant = make_variant()

    def work(number: int) -> Any:
        if number == 4:
            return drop_abandoned(at=timezone.now())
        return add(Holder(cart_id=carts[number].pk), variant)

    answers = together(work, 5)

    used = [answer.pk for answer in answers if isinstance(answer, Cart)]
    assert set(Cart.objects.values_list("pk", flat=True)) == set(used), answers


def test_what_is_added_while_the_rest_is_bought_is_bought_too_or_stays(together):
    customer, variant = make_customer(), make_variant()
    filled_cart(customer=customer, quantity=2)
    bought: list[Any] = []

    def work(number: int) -> Any:
        if number:
            return add(Holder(customer_id=customer.pk), variant)
        with transaction.atomic():
            cart = lock_cart(customer.pk)
            assert cart is not None
            bought.extend(line.variant_id for line in lines_of(cart))
            clear(cart, timezone.now())
        return None

    together(work, 2)

    left = [line.variant_id for line in Cart.objects.get().lines.all()]
    assert [*bought, *left].count(variant.pk) == 1
    assert len(bought) + len(left) == 2
