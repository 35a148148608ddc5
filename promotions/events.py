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
