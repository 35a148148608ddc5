"""The context's part in erasing a person."""

from uuid import UUID

from .merchants.services import forget_member, refuse_last_owner
from .questions.services import forget_asker


def guard(user_id: UUID) -> None:
    """Raises `LastOwnerError`."""
    refuse_last_owner(user_id)


def erase(user_id: UUID) -> None:
    """The person runs no store; what they asked and answered stays without them."""
    forget_asker(user_id)
    forget_member(user_id)
