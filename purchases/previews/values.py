"""A campaign's preview: values only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from marketplace.core.money import Money


@dataclass(frozen=True, slots=True)
class DayPreview:
    """A platform day's orders in one currency: how many, those that the campaign would have touched, what they were
    paid then, and what it would have taken off them. Less than nothing where it would have displaced a better offer."""

    day: date
    orders: int
    touched: int
    revenue: Money
    discount: Money


@dataclass(frozen=True, slots=True)
class Preview:
    """Oldest day first, days without orders left out. `is_cut`: there were more orders, the newest were looked at."""

    campaign_id: UUID
    since: date
    until: date
    is_cut: bool
    days: tuple[DayPreview, ...]

    @property
    def orders(self) -> int:
        """Of all days."""
        return sum(day.orders for day in self.days)

    @property
    def touched(self) -> int:
        """Of all days."""
        return sum(day.touched for day in self.days)

    @property
    def revenue(self) -> list[Money]:
        """By currency."""
        return _sums(day.revenue for day in self.days)

    @property
    def discount(self) -> list[Money]:
        """By currency."""
        return _sums(day.discount for day in self.days)


def _sums(amounts: Iterable[Money]) -> list[Money]:
    sums: dict[str, Money] = {}
    for amount in amounts:
        sums[amount.currency] = sums.get(amount.currency, Money.zero(amount.currency)) + amount
    return [sums[currency] for currency in sorted(sums)]
