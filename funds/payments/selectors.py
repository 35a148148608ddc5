"""Reading deposits."""

from uuid import UUID

from django.db.models import QuerySet

from .errors import UnknownDepositError
from .models import Deposit


def deposits_of(customer_id: UUID) -> "QuerySet[Deposit]":
    """The customer's deposits."""
    return Deposit.objects.filter(customer_id=customer_id)


def deposit_of(customer_id: UUID, deposit_id: UUID) -> Deposit:
    """One of them; raises `UnknownDepositError`."""
    deposit = deposits_of(customer_id).filter(pk=deposit_id).first()
    if deposit is None:
        raise UnknownDepositError
    return deposit
