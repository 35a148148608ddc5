"""Refusals of the delivery queue."""

from typing import ClassVar

from marketplace.core.errors import DomainError, gettext_noop


class DeliveryNotParkedError(DomainError):
    """Only a parked batch can be given another try."""

    code: ClassVar[str] = "delivery_not_parked"
    message: ClassVar[str] = gettext_noop("Only a parked delivery can be tried again.")
