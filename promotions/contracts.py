"""Values that cross the context's border."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
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
class PromotionRun:
    """A promotion as reports know it: when it was under way, and what it was about.

    A flash promotion is about a variant; a campaign about what lies in each of the sets that are not empty, or, with
    none, about everything. `ends_at` is when it really ended, none while nothing ends it.
    """

    kind: str
    promotion_id: UUID
    name: str
    starts_at: datetime
    ends_at: datetime | None
    variant_id: UUID | None = None
    product_ids: frozenset[UUID] = frozenset()
    category_ids: frozenset[UUID] = frozenset()
    store_ids: frozenset[UUID] = frozenset()


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


@dataclass(frozen=True, slots=True)
class SlotDayRow:
    """What became of a place of selections on a platform day, for a reason: viewable impressions, and clicks."""

    day: date
    context: str
    position: int
    reason: str
    impressions: int
    clicks: int


@dataclass(frozen=True, slots=True)
class SlotSums:
    """What became of a place for one reason in some days: viewable impressions and clicks on them."""

    context: str
    position: int
    reason: str
    impressions: int
    clicks: int


@dataclass(frozen=True, slots=True)
class ShownProduct:
    """A product in its place of a selection. `exposure_id` goes back with what the viewer does with it."""

    product_id: UUID
    position: int
    reason: str
    badges: tuple[str, ...]
    exposure_id: UUID
    name: str
    store_name: str
    category_name: str
    price_from: Money
    thumbnail: str
    alternative_text: str


@dataclass(frozen=True, slots=True)
class ExposureMix:
    """A selection as one viewer sees it. `tier` says where it came from; `variant` names the experiments' ways."""

    context: str
    category_id: UUID | None
    products: tuple[ShownProduct, ...]
    scores_version: int | None
    variant: str | None
    relaxed: tuple[str, ...]
    tier: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PurchasedLine:
    """A line of an order that was sold: so many units of a product for so much (minor units)."""

    line_id: UUID
    product_id: UUID
    quantity: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class SignalRow:
    """What a product's events weigh as of a moment."""

    product_id: UUID
    weight: float
    impressions: float
    clicks: float
    moment: datetime


@dataclass(frozen=True, slots=True)
class InterestRow:
    """What a customer's events weigh in a category as of a moment."""

    customer_id: UUID
    category_id: UUID
    weight: float
    moment: datetime


@dataclass(frozen=True, slots=True)
class DayFunnelRow:
    """What people did on a platform day. `…_actors` are different people, or sessions of people not signed in."""

    day: date
    impressions: int
    views: int
    clicks: int
    carts: int
    purchases: int
    view_actors: int
    click_actors: int
    cart_actors: int
    purchase_actors: int
    suspects: int


@dataclass(frozen=True, slots=True)
class RedemptionCard:
    """What a message about a reward that somebody took says. Kinds: voucher, wallet_credit, free_shipping."""

    redemption_id: UUID
    kind: str
    name: str
    cost: int
    amount: Money | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class MonthOfPoints:
    """Points that expire in a month of the platform's calendar, and what they are worth in the books."""

    month: date
    points: int
    value: Money


@dataclass(frozen=True, slots=True)
class LoyaltyFigures:
    """The programme over some platform days, both ends included; what stands (members, liability) as of now.

    Points are positive in each of the sums. `upgrade_rate`: upgrades for each member, in hundredths of a percent.
    """

    members: int
    members_by_level: Mapping[str, int]
    upgrades: int
    downgrades: int
    upgrade_rate_bp: int
    earned: int
    reversed: int
    redeemed: int
    returned: int
    expired: int
    adjusted: int
    outstanding: int
    liability: Money
    by_month: tuple[MonthOfPoints, ...]
