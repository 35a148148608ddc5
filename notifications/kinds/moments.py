"""Moments in the words of a message."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings

from users import facade as users


def zone_named(name: str) -> ZoneInfo:
    """The customer's zone; the platform's where the name leads nowhere (any more)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(settings.PLATFORM_TIME_ZONE)


def on_the_wall(at: datetime, customer_id: UUID) -> str:
    """A moment by the clock on the customer's wall, the same in every language: `2026-01-31 18:00 CST`."""
    person = users.contacts([customer_id]).get(customer_id)
    zone = zone_named("" if person is None else person.time_zone)
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")
