"""Coupon codes of a cart."""

from datetime import datetime

from django.db import transaction

from promotions.facade import coupon_rules
from purchases.carts.errors import CouponNotFoundError, TooManyCouponsError
from purchases.carts.models import Cart
from purchases.carts.values import MOST_COUPONS, Holder

from .holding import locked, locked_or_new, settle


@transaction.atomic
def add_coupon(*, holder: Holder, code: str, at: datetime) -> Cart:
    """Enter a code; again is the same as once. What it gives, and to whom, is the price's affair.

    Raises `CouponNotFoundError` for a code that no promotion has now, `TooManyCouponsError`, `CartNotFoundError`.
    """
    if not coupon_rules([code], at):
        raise CouponNotFoundError
    cart = locked_or_new(holder, at)
    if not _same(cart, code):
        if len(cart.coupons) >= MOST_COUPONS:
            raise TooManyCouponsError(limit=MOST_COUPONS)
        cart.coupons = [*cart.coupons, code]
    settle(cart, at)
    return cart


@transaction.atomic
def remove_coupon(*, holder: Holder, code: str, at: datetime) -> Cart:
    """Take a code out again. Raises `CouponNotFoundError` when it is not there, `CartNotFoundError`."""
    cart = locked(holder)
    gone = [] if cart is None else _same(cart, code)
    if cart is None or not gone:
        raise CouponNotFoundError
    cart.coupons = [each for each in cart.coupons if each not in gone]
    settle(cart, at)
    return cart


def _same(cart: Cart, code: str) -> list[str]:
    """The cart's codes that are this one; upper and lower case are the same."""
    return [each for each in cart.coupons if each.casefold() == code.casefold()]
