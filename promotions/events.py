"""Facts this context publishes."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class FlashPromoStarted(Event):
    """A promotion began; published once. `facade.promo_audience_rule` says who may take it."""

    wire_name: ClassVar[str] = "promotions.flash_promo_started"
    aliases: ClassVar[tuple[str, ...]] = ("promotion_start",)
    promo_id: UUID
    store_id: UUID
    variant_id: UUID
    units: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FlashPromoEnded(Event):
    """A promotion that had started is over; published once. `reason` is `time`, `sold_out` or `staff`."""

    wire_name: ClassVar[str] = "promotions.flash_promo_ended"
    aliases: ClassVar[tuple[str, ...]] = ("promotion_end",)
    promo_id: UUID
    store_id: UUID
    variant_id: UUID
    reason: str
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitReserved(Event):
    """A customer's minute with a unit began."""

    wire_name: ClassVar[str] = "promotions.unit_reserved"
    promo_id: UUID
    reservation_id: UUID
    customer_id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldReleased(Event):
    """A customer gave a unit back before the minute was over."""

    wire_name: ClassVar[str] = "promotions.hold_released"
    promo_id: UUID
    reservation_id: UUID
    customer_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSold(Event):
    """A held unit was bought."""

    wire_name: ClassVar[str] = "promotions.unit_sold"
    promo_id: UUID
    reservation_id: UUID
    customer_id: UUID
    order_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFreed(Event):
    """A unit is free, and it is this customer's turn to be told; nobody else is told of it before `until`."""

    wire_name: ClassVar[str] = "promotions.unit_freed"
    promo_id: UUID
    customer_id: UUID
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignStarted(Event):
    """A campaign's first moment has come; published once. What it gives is in the rule book."""

    wire_name: ClassVar[str] = "promotions.campaign_started"
    aliases: ClassVar[tuple[str, ...]] = ("promotion_start",)
    campaign_id: UUID
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignEnded(Event):
    """A campaign that had started is over; published once. `reason` is `time` or `staff`."""

    wire_name: ClassVar[str] = "promotions.campaign_ended"
    aliases: ClassVar[tuple[str, ...]] = ("promotion_end",)
    campaign_id: UUID
    reason: str
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRulesChanged(Event):
    """The rule book has another version, because of these discounts and campaigns."""

    wire_name: ClassVar[str] = "promotions.price_rules_changed"
    version: int
    rule_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoyaltyUpgraded(Event):
    """A customer reached a higher level. Keys of `loyalty/levels/`; `from_level` is empty below the first."""

    wire_name: ClassVar[str] = "promotions.loyalty_upgraded"
    aliases: ClassVar[tuple[str, ...]] = ("loyalty_upgrade",)
    customer_id: UUID
    from_level: str
    to_level: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LoyaltyDowngraded(Event):
    """A customer's points of the window are no longer enough for the level."""

    wire_name: ClassVar[str] = "promotions.loyalty_downgraded"
    customer_id: UUID
    from_level: str
    to_level: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LoyaltyRedeemed(Event):
    """Points were exchanged for a reward."""

    wire_name: ClassVar[str] = "promotions.loyalty_redeemed"
    aliases: ClassVar[tuple[str, ...]] = ("loyalty_redeem",)
    customer_id: UUID
    redemption_id: UUID
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsExpiring(Event):
    """So many of a customer's points expire within 30 days, the first of them at `expires_at`; said once of each."""

    wire_name: ClassVar[str] = "promotions.points_expiring"
    customer_id: UUID
    points: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoresPublished(Event):
    """A version of the scores is complete and serves from now on."""

    wire_name: ClassVar[str] = "promotions.scores_published"
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PinsChanged(Event):
    """What staff pinned in a place of the shop is different now."""

    wire_name: ClassVar[str] = "promotions.pins_changed"
    context: str
    category_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentChanged(Event):
    """An experiment was started or stopped, or its winner was picked."""

    wire_name: ClassVar[str] = "promotions.experiment_changed"
    experiment_id: UUID
    state: str
