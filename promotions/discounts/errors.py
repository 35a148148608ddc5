"""Refusals of discounts."""

from marketplace.core.errors import NotFoundError


class DiscountNotFoundError(NotFoundError):
    """No such discount, or it is out of reach."""
