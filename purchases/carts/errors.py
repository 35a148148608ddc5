"""Refusals of the carts slice."""

from marketplace.core.errors import DomainError, NotFoundError, gettext_noop


class CartNotFoundError(NotFoundError):
    """No cart has this token: it is forged, or its cart was merged or has expired."""

    code = "cart_not_found"
    message = gettext_noop("There is no such cart.")


class CartLineNotFoundError(NotFoundError):
    """The cart has no such line."""

    code = "cart_line_not_found"
    message = gettext_noop("The cart has no such line.")


class VariantNotFoundError(NotFoundError):
    """No such variant."""

    code = "variant_not_found"
    message = gettext_noop("There is no such variant.")


class NotSellableError(DomainError):
    """The store is not open, the product is not published, or the variant is switched off."""

    code = "not_sellable"
    message = gettext_noop("This product is not for sale now.")


class LineLimitError(DomainError):
    """More of one variant than a line holds."""

    code = "line_limit"
    message = gettext_noop("A line holds at most %(limit)s units.")


class CartFullError(DomainError):
    """More lines than a cart holds."""

    code = "cart_full"
    message = gettext_noop("A cart holds at most %(limit)s lines.")


class ReservedLineError(DomainError):
    """A reserved unit is one unit."""

    code = "reserved_line"
    message = gettext_noop("This line is one reserved unit; its quantity does not change.")


class CouponNotFoundError(NotFoundError):
    """Nothing is to be had with this code now, or the cart does not have it."""

    code = "coupon_not_found"
    message = gettext_noop("There is no such coupon.")


class TooManyCouponsError(DomainError):
    """More codes than a cart takes."""

    code = "too_many_coupons"
    message = gettext_noop("A cart takes at most %(limit)s coupons.")
