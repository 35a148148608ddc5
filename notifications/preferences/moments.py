"""Quiet hours and digests on a customer's own clock. Pure: the moment is given, the answer is in UTC.

A wall-clock time that a change of the clock skips is taken an hour later, one that comes twice the first time that is
not over yet.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from .models import QuietHours

DIGEST_AT: Final = time(8)
"""Local time of the one mail a day, or a week: before work, and outside of most people's nights."""
DIGEST_WEEKDAY: Final = 0
"""Monday."""


def quiet_until(hours: QuietHours, zone: ZoneInfo, at: datetime) -> datetime | None:
    """When the customer may be disturbed again; None when they may be now."""
    if hours.quiet_from is None or hours.quiet_until is None:
        return None
    local = at.astimezone(zone)
    clock = local.time().replace(tzinfo=None)
    if hours.quiet_from < hours.quiet_until:
        is_quiet, days = hours.quiet_from <= clock < hours.quiet_until, 0
    else:  # over midnight
        is_quiet, days = clock >= hours.quiet_from or clock < hours.quiet_until, int(clock >= hours.quiet_from)
    if not is_quiet:
        return None
    return _on_the_wall(local.date() + timedelta(days=days), hours.quiet_until, zone, after=at)


def next_digest(hours: QuietHours, zone: ZoneInfo, at: datetime) -> datetime:
    """When the customer's next collected mail goes out: at eight, of a weekly one on Monday, and not in quiet hours."""
    day = at.astimezone(zone).date()
    moment = _on_the_wall(day, DIGEST_AT, zone)
    while moment <= at or (hours.digest == QuietHours.Digest.WEEKLY and day.weekday() != DIGEST_WEEKDAY):
        day += timedelta(days=1)
        moment = _on_the_wall(day, DIGEST_AT, zone)
    return quiet_until(hours, zone, moment) or moment


def _on_the_wall(day: date, clock: time, zone: ZoneInfo, after: datetime | None = None) -> datetime:
    first = datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)
    if after is not None and first <= after:
        return datetime.combine(day, clock.replace(fold=1), tzinfo=zone).astimezone(UTC)
    return first
