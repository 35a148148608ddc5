"""Values that cross the context's border."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.core.money import Money


@dataclass(frozen=True, slots=True)
class AudienceRule:
    """Who may take a promotion. No radius means everywhere, no segments means everyone."""

    latitude: float
    longitude: float
    radius_km: float | None
    segment_ids: frozenset[UUID]
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class PromoCard:
    """What a message about a promotion says. `price` is the promotional one, `list_price` the usual one."""

    promo_id: UUID
    store_id: UUID
    store_name: str
    variant_id: UUID
    product_id: UUID
    product_name: str
    price: Money
    list_price: Money
    units: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class RunningPromo:
    """A promotion that can be taken between `starts_at` and `ends_at`, as of the last look at the database."""

    promo_id: UUID
    store_id: UUID
    store_name: str
    variant_id: UUID
    product_id: UUID
    product_name: str
    price: Money
    list_price: Money
    units: int
    starts_at: datetime
    ends_at: datetime
    latitude: float
    longitude: float
    radius_km: float | None
    segment_ids: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class ReservationCard:
    """A customer's minute with a unit. States: held, completed, cancelled, lapsed."""

    reservation_id: UUID
    promo_id: UUID
    customer_id: UUID
    state: str
    expires_at: datetime
    seconds_left: int
    order_id: UUID | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ClaimedSale:
    """A unit that became the customer's, for one order. `existing_order_id`: it already was, nothing changed."""

    reservation_id: UUID
    promo_id: UUID
    promo_version: int
    unit_id: int
    variant_id: UUID
    store_id: UUID
    price: Money
    existing_order_id: UUID | None
