"""Values that cross the border of the context."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.core.money import Money


@dataclass(frozen=True, slots=True)
class WantedGift:
    """A gift as whoever buys it needs to know it. Exactly one of `variant_id` and `page_id` is there."""

    gift_id: UUID
    gift_list_id: UUID
    owner_id: UUID
    list_currency: str
    # 1 low, 2 medium, 3 high.
    priority: int
    added_at: datetime
    title: str
    # The list's and the gift's own switch, an open list, a wish that is still one, and nobody's claim.
    is_list_on: bool
    is_on: bool
    is_wanted: bool
    is_claimed: bool
    variant_id: UUID | None
    page_id: UUID | None
    url: str
    # Of a page: what it last said, and whether a purchase may rest on it.
    price: Money | None
    availability: str
    may_be_bought: bool
    why_not_priced: str
    read_at: datetime | None
    # What it cost when the person last saw it; a jump from there asks first.
    seen_price: Money | None
    # Whether the owner put it there: what an editor added, the owner may never have looked at.
    is_owners: bool
    # What is in the gift's own pot and in its list's.
    gift_pot: Money
    list_pot: Money


@dataclass(frozen=True, slots=True)
class PotShare:
    """What a purchase took from pots into the owner's wallet."""

    key: str
    amount: Money


@dataclass(frozen=True, slots=True)
class GiftCard:
    """A gift for messages: what it is, whose list, who may be told."""

    gift_id: UUID
    gift_list_id: UUID
    owner_id: UUID
    list_name: str
    title: str
    keeps_surprise: bool


@dataclass(frozen=True, slots=True)
class ContributionCard:
    """A contribution for messages. `contributor_name` is empty when it is anonymous; no list: into a wallet."""

    contribution_id: UUID
    contributor_id: UUID
    contributor_name: str
    owner_id: UUID
    gift_list_id: UUID | None
    list_name: str
    gift_title: str
    amount: Money
    message: str


@dataclass(frozen=True, slots=True)
class AlertCard:
    """A price alert for messages: what it watches, and where that is. The address is empty for a variant."""

    alert_id: UUID
    title: str
    url: str
    link_id: UUID | None
    variant_id: UUID | None


@dataclass(frozen=True, slots=True)
class PricePointCard:
    """One step of a price's history."""

    at: datetime
    price: Money | None
    availability: str


@dataclass(frozen=True, slots=True)
class PageCard:
    """A page in another shop, for messages, alerts and tickets."""

    page_id: UUID
    title: str
    url: str
    host: str
    image: str
    variant: str
    price: Money | None
    availability: str
    # `state` and `reason` are the page's own words: `read`, `unpriced`, `failed` …, and why.
    state: str
    reason: str
    method: str
    confidence: int
    may_be_bought: bool
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wish:
    """Something wanted, what it costs, and what it cost at the beginning of the time that is told of."""

    title: str
    price: Money | None
    before: Money | None


@dataclass(frozen=True, slots=True)
class WishesOfOwner:
    """A person's open lists in a summary: what is wanted most comes first; `wish_count` counts what is left out too.

    `pots`: by list that has any, what is in its pots.
    """

    owner_id: UUID
    wishes: tuple[Wish, ...]
    wish_count: int
    pots: tuple[tuple[str, Money], ...]


@dataclass(frozen=True, slots=True)
class WaitingList:
    """A list nobody has touched for long: how much is wanted on it, and what is wanted most."""

    gift_list_id: UUID
    owner_id: UUID
    name: str
    wish_count: int
    first: str
