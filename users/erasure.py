"""The context's part in erasing a person."""

from uuid import UUID

from .accounts.services.administration import erase_account, require_erasable
from .addresses.services import erase_addresses
from .customers.services.profiles import erase_customer
from .personal_exports.services import forget_exports_of
from .staff.services import erase_member


def guard(user_id: UUID) -> None:
    """Raises `LastAdministratorError`."""
    require_erasable(user_id)


def erase(user_id: UUID) -> None:
    """Forget addresses, name, place, segments and keys; the account's row stays for the books."""
    erase_member(user_id)
    forget_exports_of(user_id)
    erase_account(user_id)
    # Nobody adds one any more: the account is archived, and was locked by whoever did.
    erase_addresses(user_id)
    erase_customer(user_id)
