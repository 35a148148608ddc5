"""Values that cross the context's border."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
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
    latitude: float
    longitude: float


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
class LiveState:
    """A promotion at `at`, a moment of the database's clock. States as the API has them.

    `units_left` are neither sold nor given back; of these `units_free` can be taken now, the others are in somebody's
    minute. `lapses_at`: when the next hold lapses; none while nothing is held.
    """

    promo_id: UUID
    state: str
    units_left: int
    units_free: int
    lapses_at: datetime | None
    starts_at: datetime
    ends_at: datetime
    at: datetime

    @property
    def next_lapse_in(self) -> int | None:
        """Whole seconds from `at`, rounded up."""
        return None if self.lapses_at is None else max(1, math.ceil((self.lapses_at - self.at).total_seconds()))


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
class ReservedUnit:
    """What a reservation gives, and where it stands by the database's clock. States as a `ReservationCard` has them."""

    reservation_id: UUID
    promo_id: UUID
    promo_version: int
    customer_id: UUID
    variant_id: UUID
    store_id: UUID
    price: Money
    state: str
    expires_at: datetime
    seconds_left: int


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


class BenefitKind(StrEnum):
    """What a rule can give; `Benefit` says which numbers each needs."""

    PERCENTAGE = "percentage"
    AMOUNT = "amount"
    FIXED_PRICE = "fixed_price"
    FREE_SHIPPING = "free_shipping"
    BUY_X_GET_Y = "buy_x_get_y"
    POINTS_MULTIPLIER = "points_multiplier"


@dataclass(frozen=True, slots=True)
class Benefit:
    """What a rule gives.

    `percentage`: `basis_points` off. `amount`: `minor` off each unit, or off the order for a rule about orders.
    `fixed_price`: a unit costs `minor`, where that is less. `free_shipping`. `buy_x_get_y`: of each `buy` + `get` units
    of a variant, `get` are `basis_points` cheaper (10,000: free). `points_multiplier`: points count `basis_points`
    (10,000: once).
    """

    kind: BenefitKind
    basis_points: int = 0
    minor: int = 0
    buy: int = 0
    get: int = 0


@dataclass(frozen=True, slots=True)
class PriceRule:
    """A discount or a campaign as prices are computed with it. An empty set restricts nothing.

    About orders or about lines: a line is meant when it is in each of the sets that are not empty (`category_ids`
    covers what is below them). Amounts and the minimum ticket are in `currency`; a rule without a currency has none.
    """

    rule_id: UUID
    kind: str  # "discount", "campaign", "loyalty"
    version: int
    name: str
    benefits: tuple[Benefit, ...]
    is_about_orders: bool = False
    currency: str = ""
    # Higher goes first. Alone: an exclusive rule has no other beside it. A group: its rules apply together.
    priority: int = 0
    is_exclusive: bool = False
    stack_group: str = ""
    category_ids: frozenset[UUID] = frozenset()
    product_ids: frozenset[UUID] = frozenset()
    store_ids: frozenset[UUID] = frozenset()
    tiers: frozenset[str] = frozenset()
    segment_ids: frozenset[UUID] = frozenset()
    min_ticket_minor: int = 0
    needs_coupon: bool = False
    is_limited: bool = False  # uses are counted: ask `rule_limits`
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    # Platform days: ISO weekdays 1-7, days of the month 1-31. Both empty: every day.
    weekdays: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules that are switched on, whatever their moment, as of `version`."""

    version: int
    rules: tuple[PriceRule, ...]


@dataclass(frozen=True, slots=True)
class RuleLimit:
    """How often a rule can still be used; None is without end."""

    left: int | None
    left_of_customer: int | None


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who would pay the price. Nobody signed in: no tier, no segments."""

    customer_id: UUID | None = None
    tier: str = ""
    segment_ids: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class RefusedRule:
    """Why a rule does not apply: `code` is stable, `params` fill its sentence."""

    rule_id: UUID
    code: str
    params: Mapping[str, str] = field(default_factory=dict)
