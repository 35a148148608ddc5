"""Values of the loyalty programme."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from .models import LoyaltyLevel


@dataclass(frozen=True, slots=True)
class Expiring:
    """Points that expire together."""

    points: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Profile:
    """Where a customer stands. `missing`: points to earn for the next level; none on the highest."""

    customer_id: UUID
    points: int
    owed: int
    level: LoyaltyLevel | None
    level_since: datetime | None
    earned_in_window: int
    window_days: int
    next_level: LoyaltyLevel | None
    missing: int | None
    expiring: Sequence[Expiring]
