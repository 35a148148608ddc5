"""Quiet hours and digests on the customer's clock, over midnight and where the clock changes."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from notifications.kinds.moments import zone_named
from notifications.preferences.models import QuietHours
from notifications.preferences.moments import next_digest, quiet_until

NEW_YORK = ZoneInfo("America/New_York")  # forward on 8 March 2026 at 2:00, back on 1 November 2026 at 2:00
MEXICO = ZoneInfo("America/Mexico_City")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def quiet(begins: str, ends: str, digest: str = "off") -> QuietHours:
    return QuietHours(quiet_from=time.fromisoformat(begins), quiet_until=time.fromisoformat(ends), digest=digest)


@pytest.mark.parametrize(
    ("hours", "at", "until"),
    [
        (quiet("22:00", "08:00"), "2026-01-10T03:59", None),  # 21:59
        (quiet("22:00", "08:00"), "2026-01-10T04:00", "2026-01-10T14:00"),  # 22:00
        (quiet("22:00", "08:00"), "2026-01-10T13:59", "2026-01-10T14:00"),  # 7:59
        (quiet("22:00", "08:00"), "2026-01-10T14:00", None),  # 8:00
        (quiet("13:00", "15:00"), "2026-01-10T20:00", "2026-01-10T21:00"),
        (quiet("13:00", "15:00"), "2026-01-10T21:00", None),
        (quiet("00:00", "23:59"), "2026-01-10T06:00", "2026-01-11T05:59"),
        (QuietHours(), "2026-01-10T06:00", None),
    ],
)
def test_quiet_hours_end_when_the_customers_clock_says_so(hours, at, until):
    assert quiet_until(hours, MEXICO, utc(at)) == (utc(until) if until else None)


@pytest.mark.parametrize(
    ("hours", "at", "until"),
    [
        # An hour is missing: 22:00 to 8:00 are nine hours. 2:30 does not exist and is taken as 3:30.
        (quiet("22:00", "08:00"), "2026-03-08T03:00", "2026-03-08T12:00"),
        (quiet("22:00", "02:30"), "2026-03-08T03:00", "2026-03-08T07:30"),
        # An hour comes twice: eleven hours; in the second 1:30 the first 1:45 is over.
        (quiet("22:00", "08:00"), "2026-11-01T02:00", "2026-11-01T13:00"),
        (quiet("22:00", "01:45"), "2026-11-01T02:00", "2026-11-01T05:45"),
        (quiet("22:00", "01:45"), "2026-11-01T06:30", "2026-11-01T06:45"),
    ],
)
def test_quiet_hours_where_the_clock_changes(hours, at, until):
    assert quiet_until(hours, NEW_YORK, utc(at)) == utc(until)


@pytest.mark.parametrize(
    ("digest", "at", "due"),
    [
        ("daily", "2026-03-07T12:59", "2026-03-07T13:00"),  # the last one in winter time
        ("daily", "2026-03-07T13:00", "2026-03-08T12:00"),  # the next day is 23 hours long
        ("daily", "2026-10-31T12:00", "2026-11-01T13:00"),  # and this one 25
        ("weekly", "2026-03-02T13:00", "2026-03-09T12:00"),  # Monday to Monday over the change
        ("weekly", "2026-03-06T00:00", "2026-03-09T12:00"),
    ],
)
def test_digest_goes_out_at_eight_on_the_wall(digest, at, due):
    assert next_digest(QuietHours(digest=digest), NEW_YORK, utc(at)) == utc(due)


def test_digest_waits_for_the_end_of_quiet_hours():
    due = next_digest(quiet("22:00", "09:15", "daily"), MEXICO, utc("2026-01-10T18:00"))

    assert due == utc("2026-01-11T15:15")


@pytest.mark.parametrize("name", ["Nowhere/Land", "", "../etc", "x" * 64])
def test_zone_that_leads_nowhere_is_the_platforms(name, settings):
    assert zone_named(name) == ZoneInfo(settings.PLATFORM_TIME_ZONE)
