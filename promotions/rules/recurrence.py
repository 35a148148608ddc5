"""On which days a rule happens, by the platform's calendar; days are kept as bits of one number.

Bit 0 is Monday or the 1st. A rule with weekdays and days of the month happens where both say so (Friday the 13th);
a day that a month does not have is left out that month.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

from marketplace.core.clock import platform_day
from promotions.contracts import PriceRule

ALL_WEEKDAYS: Final = 2**7 - 1
ALL_MONTH_DAYS: Final = 2**31 - 1


def to_bits(days: Iterable[int]) -> int:
    """Days counted from one, as bits."""
    return sum(1 << (day - 1) for day in set(days))


def from_bits(bits: int) -> list[int]:
    """The days of the bits, ascending."""
    return [position + 1 for position in range(bits.bit_length()) if bits >> position & 1]


def local_day(at: datetime) -> date:
    """The platform's day at that moment: convert once a quote, hand it to `refusals`."""
    return platform_day(at)


def happens_on(rule: PriceRule, day: date) -> bool:
    """Whether the rule happens on that day of the platform; its first and last moment aside."""
    if rule.weekdays and day.isoweekday() not in rule.weekdays:
        return False
    return not rule.month_days or day.day in rule.month_days
