"""What the price pipeline takes and gives: values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from marketplace.core.money import Money
from stores.contracts import VariantCard

NOT_FOR_THESE: Final = "not_for_these"
"""Why a rule about none of the goods does not apply."""


@dataclass(frozen=True, slots=True)
class FlashOffer:
    """The price of a unit that the buyer holds."""

    promo_id: UUID
    version: int
    price: Money


@dataclass(frozen=True, slots=True)
class Item:
    """So many of a variant, to be priced. `category_ids`: its category and all above it. `key` is the caller's own."""

    key: str
    variant_id: UUID
    product_id: UUID
    store_id: UUID
    category_ids: frozenset[UUID]
    quantity: int
    list_price: Money
    flash: FlashOffer | None = None

    @property
    def list_total(self) -> Money:
        """Without any promotion."""
        return self.list_price * self.quantity


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many of a variant as a cart has it. `key` is the caller's own, such as the line's id."""

    key: str
    variant: VariantCard
    quantity: int
    flash: FlashOffer | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """A rule that applied, and what it saved: of a line, or of the order."""

    rule_id: UUID
    kind: str
    version: int
    name: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Refused:
    """A rule that did not apply, and why: `code` is stable, `params` fill its sentence."""

    rule_id: UUID
    kind: str
    version: int
    name: str
    code: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A refusal, and the lines it is about by their places, from 0; none where it is about the whole, or every line."""

    refused: Refused
    places: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PricedItem:
    """A line as it would be sold. `applied` adds up to `item.list_total - total`, order promotions' shares included."""

    item: Item
    total: Money
    applied: tuple[Applied, ...] = ()
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class Sending:
    """What a store asks for sending its part, and by which of its rates."""

    price: Money
    rate: str = ""


@dataclass(frozen=True, slots=True)
class PricedShipping:
    """What sending one store's part costs."""

    store_id: UUID
    list_price: Money
    price: Money
    rate: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """What everything costs, and why.

    `applied` are the rules about the whole order; what they took off goods is in the lines' shares too, never twice in
    the sums. `points_bp`: how points count (10,000: once).
    """

    currency: str
    items: tuple[PricedItem, ...]
    shipping: tuple[PricedShipping, ...] = ()
    applied: tuple[Applied, ...] = ()
    refused: tuple[Refused, ...] = ()
    points_bp: int = 10_000

    @property
    def refused_here(self) -> tuple[Refused, ...]:
        """Refusals that say something about these goods; a rule about other goods alone says nothing."""
        return tuple(each for each in self.refused if each.code != NOT_FOR_THESE)

    @property
    def list_total(self) -> Money:
        """All goods without promotions."""
        return sum((each.item.list_total for each in self.items), Money.zero(self.currency))

    @property
    def goods_total(self) -> Money:
        """All goods with promotions."""
        return sum((each.total for each in self.items), Money.zero(self.currency))

    @property
    def discount(self) -> Money:
        """What promotions take off the goods."""
        return self.list_total - self.goods_total

    @property
    def shipping_total(self) -> Money:
        """What sending costs."""
        return sum((each.price for each in self.shipping), Money.zero(self.currency))

    @property
    def total(self) -> Money:
        """What the customer pays."""
        return self.goods_total + self.shipping_total
