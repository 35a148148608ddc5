"""On which days a rule happens, by the platform's calendar; days are kept as bits of one number.

Bit 0 is Monday or the 1st. A rule with weekdays and days of the month happens where both say so (Friday the 13th);
a day that a month does not have is left out that month.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings

from marketplace.core.clock import platform_day
from promotions.contracts import PriceRule

ALL_WEEKDAYS: Final = 2**7 - 1
ALL_MONTH_DAYS: Final = 2**31 - 1
DAYS_AHEAD: Final = 31
"""So far `next_change` looks for a day on which a rule begins or ceases to happen."""


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


def next_change(rule: PriceRule, at: datetime) -> datetime | None:
    """The first moment after `at` at which the rule may begin or cease to apply by the calendar; None for never.

    A rule that does not change within `DAYS_AHEAD` days answers the midnight after them: look again then. In between
    nothing changes: whoever has asked `refusals` at `at` knows the answer until then.
    """
    if rule.ends_at is not None and rule.ends_at <= at:
        return None
    if rule.starts_at is not None and at < rule.starts_at:
        return rule.starts_at
    if not rule.weekdays and not rule.month_days:
        return rule.ends_at
    midnight = _next_turn(rule, local_day(at))
    return midnight if rule.ends_at is None else min(midnight, rule.ends_at)


def _next_turn(rule: PriceRule, today: date) -> datetime:
    happens = happens_on(rule, today)
    ahead = (today + timedelta(days=days) for days in range(1, DAYS_AHEAD + 1))
    day = next((each for each in ahead if happens_on(rule, each) != happens), today + timedelta(days=DAYS_AHEAD))
    return datetime.combine(day, time.min, ZoneInfo(settings.PLATFORM_TIME_ZONE))
