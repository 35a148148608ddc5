"""What a change of many prices comes to, before anything is written. Pure."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from marketplace.core.money import MAX_MINOR, Money, exponent

from .models import Variant

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class PriceRule:
    """By so many percent, or by an amount in major units of each currency; then to a multiple of `step` major units."""

    percent: Decimal | None = None
    amount: Decimal | None = None
    step: Decimal | None = None

    def price_of(self, price: Money) -> Money | None:
        """The new price, halves rounded up; none where it would not be one."""
        unit = ONE.scaleb(exponent(price.currency))  # minor units of one major unit
        minor = Decimal(price.minor)
        if self.percent is not None:
            minor += minor * self.percent / 100
        if self.amount is not None:
            minor += self.amount * unit
        grain = max(ONE, (self.step or 0) * unit)
        whole = int((minor / grain).quantize(ONE, rounding=ROUND_HALF_UP) * grain)
        return Money(whole, price.currency) if 0 < whole < MAX_MINOR else None


@dataclass(frozen=True, slots=True)
class PlannedPrice:
    """One variant's price before and after. `after` is none where the change is refused."""

    variant_id: UUID
    version: int
    label: str
    before: Money
    after: Money | None

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to write."""
        return self.after is not None and self.after != self.before

    def packed(self) -> list[Any]:
        """For the page that confirms it."""
        assert self.after is not None
        return [
            str(self.variant_id),
            self.version,
            self.label,
            self.before.minor,
            self.after.minor,
            self.before.currency,
        ]

    @classmethod
    def unpacked(cls, row: list[Any]) -> "PlannedPrice":
        """What `packed` made."""
        variant_id, version, label, before, after, currency = row
        return cls(UUID(variant_id), version, label, Money(before, currency), Money(after, currency))


def planned(variant: Variant, rule: PriceRule) -> PlannedPrice:
    """What the rule makes of a variant (read with its product)."""
    label = f"{variant.product.name} · {variant.sku}"
    return PlannedPrice(variant.pk, variant.version, label, variant.price, rule.price_of(variant.price))
