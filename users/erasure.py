"""The context's part in erasing a person."""

from uuid import UUID

from .accounts.services.administration import erase_account, require_erasable
from .customers.services.profiles import erase_customer
from .staff.services import erase_member


def guard(user_id: UUID) -> None:
    """Raises `LastAdministratorError`."""
    require_erasable(user_id)


def erase(user_id: UUID) -> None:
    """Forget address, name, place, segments and keys; the rows stay for the books."""
    erase_member(user_id)
    erase_account(user_id)
    erase_customer(user_id)
