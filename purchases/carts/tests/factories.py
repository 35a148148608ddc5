"""Carts for tests, here and in other contexts: filled by the services, so that everything agrees."""

from typing import Any

from django.utils import timezone

from promotions.flash.tests.factories import make_variant
from purchases.carts.models import Cart
from purchases.carts.services import add_item
from purchases.carts.values import Holder


def filled_cart(*, customer: Any = None, cart: Cart | None = None, variant: Any = None, quantity: int = 1) -> Cart:
    """So many of a variant (349.00 MXN, 20 in stock) in the customer's cart, in that stranger's, or in a stranger's."""
    holder = Holder(customer_id=customer.pk if customer else None, cart_id=cart.pk if cart else None)
    variant = variant or make_variant()
    return add_item(holder=holder, variant_id=variant.pk, quantity=quantity, at=timezone.now())
