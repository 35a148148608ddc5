"""Refusals of pins and selections."""

from marketplace.core.errors import DomainError, NotFoundError, gettext_noop


class PinNotFoundError(NotFoundError):
    """No such pin."""


class PinOverlapsError(DomainError):
    """Another pin has that place, or that product, in the same place of the shop at some moment of the period."""

    code = "pin_overlaps"
    message = gettext_noop("Another pin has this place, or this product, at the same time: %(other)s.")
