"""Reading the address book."""

from uuid import UUID

from django.db.models import QuerySet

from .errors import AddressNotFoundError
from .models import Address


def addresses_of(customer_id: UUID) -> QuerySet[Address]:
    """The customer's addresses."""
    return Address.objects.filter(customer=customer_id)


def address_of(customer_id: UUID, address_id: UUID) -> Address:
    """One of them. Raises `AddressNotFoundError`."""
    address = addresses_of(customer_id).filter(pk=address_id).first()
    if address is None:
        raise AddressNotFoundError
    return address


def address_snapshot(customer_id: UUID, address_id: UUID | None = None) -> dict[str, str] | None:
    """What an order keeps of the address, or of the default one; None when the customer has none such."""
    chosen = addresses_of(customer_id)
    chosen = chosen.filter(is_default=True) if address_id is None else chosen.filter(pk=address_id)
    snapshot: dict[str, str] | None = chosen.values(*Address.COPIED).first()
    return snapshot
