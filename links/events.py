"""Facts this context publishes."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from marketplace.core.events import Event
from marketplace.core.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRead(Event):
    """A page was read and something a customer sees changed. No price: it is not known any more."""

    wire_name: ClassVar[str] = "links.page_read"
    page_id: UUID
    before: Money | None
    price: Money | None
    availability: str
    may_be_bought: bool
    read_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceAlertSet(Event):
    """A price alert was set, moved or switched on: its line may be crossed already."""

    wire_name: ClassVar[str] = "links.price_alert_set"
    alert_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceAlertRaised(Event):
    """A price crossed the line of a customer's alert. `direction` is `down` or `up`."""

    wire_name: ClassVar[str] = "links.price_alert_raised"
    alert_id: UUID
    customer_id: UUID
    direction: str
    price: Money
    reference: Money | None
    raised_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ContributionMade(Event):
    """Somebody gave money towards a list, a gift, or into a person's wallet; `owner_id` is who it is for."""

    wire_name: ClassVar[str] = "links.contribution_made"
    contribution_id: UUID
    contributor_id: UUID
    owner_id: UUID
    gift_list_id: UUID | None
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ContributionReturned(Event):
    """What was left of a contribution went back to who gave it."""

    wire_name: ClassVar[str] = "links.contribution_returned"
    contribution_id: UUID
    contributor_id: UUID
    gift_list_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftClaimed(Event):
    """Somebody promised to give it. Whether the owner may know is the list's rule, not this fact's."""

    wire_name: ClassVar[str] = "links.gift_claimed"
    gift_id: UUID
    gift_list_id: UUID
    claim_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftListClosed(Event):
    """A list takes nothing any more; `left` is what was in its pots, which went where the owner had chosen."""

    wire_name: ClassVar[str] = "links.gift_list_closed"
    gift_list_id: UUID
    owner_id: UUID
    left: Money
    closed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftChanged(Event):
    """A wish came, went, or moved in priority or state: whoever buys for the list looks again."""

    wire_name: ClassVar[str] = "links.gift_changed"
    gift_id: UUID
    gift_list_id: UUID
    owner_id: UUID
    state: str
