"""What the engine sees of a plan, and what it makes of it. Amounts are `Money`; moments are passed in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from funds.contracts import AutomaticRoom
from links.contracts import WantedGift
from marketplace.core.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The house's rules: percent on top for another shop, what change asks first, how old a price may be."""

    margin_percent: int
    jump_percent: int
    price_age: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A schedule that is switched on, as a value. `is_list`: it is about every gift of the list `subject`."""

    schedule_id: UUID
    kind: str
    subject: UUID
    next_at: datetime | None = None
    starts_on: date | None = None
    every_days: int | None = None
    target: Money | None = None
    keep: Money | None = None

    def covers(self, gift: WantedGift) -> bool:
        """Whether it is about this gift."""
        return self.subject in (gift.gift_id, gift.gift_list_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """An earlier or living try to buy a gift."""

    state: str
    price: Money
    answer_by: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A gift with what is known of its price and of its tries. `price` is what one costs now, if that is known.

    `stock`: how many of a catalogue's variant are there; None for another shop's.
    """

    gift: WantedGift
    price: Money | None
    is_sellable: bool = True
    stock: int | None = None
    live: Try | None = None
    ended: Try | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """All that decides one run over one plan. `rooms` by currency; a currency that is not there has nothing."""

    at: datetime
    wishes: tuple[Wish, ...]
    rules: tuple[Rule, ...]
    rooms: Mapping[str, AutomaticRoom]
    terms: Terms
    asks_first: bool = False
    # When the weekly limit begins anew.
    week_ends_at: datetime | None = None
    # Pots helped to pay an order that is on its way: should it be over, they come before the next purchase.
    is_helped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of one gift in a run. `buys` or `asks`: the engine has something to do, by that rule."""

    wish: Wish
    outcome: str
    params: Mapping[str, Any] = field(default_factory=dict)
    rule: Rule | None = None
    # What is set aside for it.
    cost: Money | None = None
    missing: Money | None = None
    # When it is worth another look, if nothing tells before.
    look_at: datetime | None = None
    purchase_id: UUID | None = None

    @property
    def gift_id(self) -> UUID:
        """Of the wish."""
        return self.wish.gift.gift_id


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict for every gift, in the order in which the engine buys."""

    verdicts: tuple[Verdict, ...]

    def next_action(self, done: Mapping[UUID, Verdict]) -> Verdict | None:
        """The first thing to do that has not been tried."""
        return next((each for each in self.verdicts if each.outcome in ACTIONS and each.gift_id not in done), None)


ACTIONS = frozenset({"bought", "asked", "jump_asks"})
