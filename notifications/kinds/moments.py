"""Moments in the words of a message."""

import re
from datetime import date, datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings

from marketplace.core.formatting import shown_day, shown_moment
from users import facade as users

_WRITTEN: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?: ([0-9]{2}:[0-9]{2}) (\S+))?", re.ASCII)


def zone_named(name: str) -> ZoneInfo:
    """The customer's zone; the platform's where the name leads nowhere (any more)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(settings.PLATFORM_TIME_ZONE)


def on_the_wall(at: datetime, customer_id: UUID) -> str:
    """A moment by the clock on the customer's wall, as a message keeps it: `2026-01-31 18:00 CST`."""
    person = users.contacts([customer_id]).get(customer_id)
    zone = zone_named("" if person is None else person.time_zone)
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")


def shown_on_the_wall(text: str) -> str:
    """What `on_the_wall` wrote, or a day, in the language that is switched on; any other text as it is."""
    match = _WRITTEN.fullmatch(text)
    if match is None:
        return text
    day, clock, zone = match.groups()
    try:
        if clock is None:
            return shown_day(date.fromisoformat(day))
        return f"{shown_moment(datetime.fromisoformat(f'{day} {clock}'))} {zone}"
    except ValueError:
        return text
