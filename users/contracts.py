"""Values that cross the border of the context."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CustomerCard:
    """A customer at one moment: what decides whether a promotion is theirs to take."""

    customer_id: UUID
    is_active: bool
    is_verified: bool
    latitude: float | None
    longitude: float | None
    segment_ids: frozenset[UUID]
    tier: str
    language: str
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Whom to tell: in the circle, in any of the segments, of any of the tiers, with an order since then.

    What is empty or none does not narrow. A circle is all three of its values, or none; without one, customers who
    have no place belong to it too.
    """

    latitude: float | None = None
    longitude: float | None = None
    radius_km: float | None = None
    segment_ids: frozenset[UUID] = frozenset()
    tiers: frozenset[str] = frozenset()
    ordered_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """Where somebody is reached, in which language, and whose clock hangs on their wall.

    `is_verified`: whether the address is proven; nobody writes to one that is not.
    """

    user_id: UUID
    email: str
    name: str
    language: str
    time_zone: str
    is_verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    """A customer as demo data and importers bring one. The address is the identity; it counts as verified.

    Both coordinates or none; `segments` are ids of segments that staff fill.
    """

    email: str
    name: str = ""
    latitude: float | None = None
    longitude: float | None = None
    language: str = "es"
    time_zone: str = "America/Mexico_City"
    segments: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderOutcome:
    """An order that succeeded (`change` +1) or was wholly returned (-1), and when it succeeded."""

    customer_id: UUID
    at: datetime
    change: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStaff:
    """A person of the house as demo data brings one. `keys` by department, as `core.access.KEYS`."""

    email: str
    name: str = ""
    is_administrator: bool = False
    keys: dict[UUID, frozenset[str]] = field(default_factory=dict)
