"""Values of the carts slice."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from marketplace.core.money import Money
from purchases.pricing.presenting import rejections
from purchases.pricing.values import Applied, FlashOffer, PricedItem, Quote, Rejected
from stores.contracts import VariantCard

from .models import Cart, CartLine

MOST_LINES = 100
MOST_COUPONS = 5
COUPON_LENGTH = 40


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose cart: a customer's, or that of a stranger whose token names it. Neither: a stranger without a cart."""

    customer_id: UUID | None = None
    cart_id: UUID | None = None


class Lack(StrEnum):
    """Why a line cannot be bought now."""

    NOT_SELLABLE = "not_sellable"
    INSUFFICIENT_STOCK = "insufficient_stock"
    CURRENCY_MISMATCH = "currency_mismatch"
    RESERVATION_LAPSED = "reservation_lapsed"
    RESERVATION_CANCELLED = "reservation_cancelled"
    RESERVATION_COMPLETED = "reservation_completed"


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line as it stands now. `priced` only while it can be bought; `lack` says why it cannot."""

    line: CartLine
    card: VariantCard
    # Of the cart: what the customer saw was in it.
    currency: str
    # How many could be bought now, at most as many as a line holds; of a reserved unit 1 while it is held.
    available: int
    unit_price: Money
    lack: Lack | None
    # Of a reserved unit: until when, and its price.
    expires_at: datetime | None = None
    flash: FlashOffer | None = None
    priced: PricedItem | None = None

    @property
    def price_was(self) -> Money | None:
        """What a unit cost when the customer chose it, if that is another price than now."""
        seen = self.line.seen_price(self.currency)
        return None if seen == self.unit_price else seen

    @property
    def applied_benefits(self) -> tuple[Applied, ...]:
        """Promotions that make it cheaper."""
        return self.priced.applied if self.priced else ()


@dataclass(frozen=True, slots=True)
class ShownCart:
    """A cart as it stands now. The quote is about the lines that can be bought."""

    cart: Cart | None
    quote: Quote
    lines: tuple[ShownLine, ...] = ()

    @property
    def unavailable(self) -> tuple[ShownLine, ...]:
        """What cannot be bought now."""
        return tuple(each for each in self.lines if each.lack is not None)

    @property
    def rejected_promotions(self) -> tuple[Rejected, ...]:
        """Promotions that make nothing cheaper, or not all of it; each once with each of its reasons."""
        by_line = ((place, line.priced.refused) for place, line in enumerate(self.lines) if line.priced)
        return rejections(self.quote.refused_here, by_line)


class MergeResult(StrEnum):
    """What became of a stranger's line: all of it came over, a part, or nothing."""

    MERGED = "merged"
    CAPPED = "capped"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class MergeLine:
    """A line of the stranger's cart, and what is known of its variant when the carts are merged.

    `held`: how many of the variant the account's cart has already. `available`: what can be promised now.
    """

    variant_id: UUID
    quantity: int
    held: int
    available: int
    is_sellable: bool
    currency: str


@dataclass(frozen=True, slots=True)
class MergeScene:
    """What a merge strategy decides on. The currency is the account's cart's; empty while it has no lines."""

    lines: tuple[MergeLine, ...]
    currency: str
    account_lines_count: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one line: `quantity` is what the account's cart has of it after the merge.

    `reason` is empty for a line that came over whole; else `insufficient_stock`, `line_limit`, `not_sellable`,
    `currency_mismatch`, `cart_full`, or a word of the strategy's own.
    """

    variant_id: UUID
    asked: int
    quantity: int
    result: MergeResult
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Merged:
    """The account's cart after a merge, and what became of each line of the stranger's."""

    cart: Cart | None
    outcomes: tuple[Outcome, ...] = ()
