"""Erasure of a person, as far as promotions go: each slice says what it forgets, here they come as locks are taken."""

from uuid import UUID

from marketplace.core.clock import read_db_now

from .engagement.privacy import forget_trail
from .experiments.privacy import forget_units
from .exposure.services.forgetting import forget_slates_of
from .flash.privacy import forget_holds
from .loyalty.services.forgetting import forget_member


def forget_person(customer_id: UUID) -> None:
    """In the caller's transaction. What is counted by the way takes no lock of the house order, and comes last."""
    forget_holds(customer_id)
    forget_member(customer_id, read_db_now())
    forget_slates_of(customer_id)
    forget_trail(customer_id)
    forget_units(customer_id)
