"""When schedules are due: days in the platform's time zone. Pure but for the zone's name, which is a setting."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from marketplace.core.clock import platform_day


def moment_of(day: date) -> datetime:
    """The first moment of the day. Where the clocks go forward at midnight that is the first one there is."""
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(settings.PLATFORM_TIME_ZONE))


def following_moment(*, starts_on: date, every_days: int, after: datetime) -> datetime:
    """The first turn of the interval on a day after that moment's. Turns that were missed are not made up for."""
    gone = (platform_day(after) - starts_on).days
    turns = gone // every_days + 1 if gone >= 0 else 0
    return moment_of(starts_on + timedelta(days=turns * every_days))
