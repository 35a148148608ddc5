"""Days of schedules in the platform's time zone: month ends, and days on which the clocks change."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core.clock import platform_day
from purchases.autobuy.moments import following_moment, moment_of


@pytest.mark.parametrize(
    ("zone", "day", "moment"),
    [
        ("America/Mexico_City", date(2026, 12, 24), "2026-12-24T06:00:00+00:00"),
        ("America/New_York", date(2026, 3, 8), "2026-03-08T05:00:00+00:00"),
        ("America/New_York", date(2026, 3, 9), "2026-03-09T04:00:00+00:00"),
        ("America/New_York", date(2026, 11, 2), "2026-11-02T05:00:00+00:00"),
        # Midnight does not exist: the day begins at one.
        ("America/Santiago", date(2026, 9, 6), "2026-09-06T04:00:00+00:00"),
        # Midnight comes twice: the day begins at the first.
        ("America/Havana", date(2026, 11, 1), "2026-11-01T04:00:00+00:00"),
    ],
)
def test_a_day_begins_at_its_first_moment(settings, zone, day, moment):
    settings.PLATFORM_TIME_ZONE = zone

    assert moment_of(day).astimezone(UTC).isoformat() == moment
    assert platform_day(moment_of(day)) == day


@pytest.mark.parametrize(
    ("starts_on", "every", "after", "following"),
    [
        (date(2026, 1, 31), 1, "2026-01-31T12:00:00+00:00", date(2026, 2, 1)),
        (date(2026, 1, 31), 30, "2026-01-31T12:00:00+00:00", date(2026, 3, 2)),
        (date(2028, 2, 28), 1, "2028-02-28T12:00:00+00:00", date(2028, 2, 29)),
        (date(2026, 12, 31), 1, "2026-12-31T12:00:00+00:00", date(2027, 1, 1)),
        # Three turns were missed: they are not made up for.
        (date(2026, 1, 1), 7, "2026-01-24T12:00:00+00:00", date(2026, 1, 29)),
        # Bought on a turn's day: the next one is a whole interval away.
        (date(2026, 1, 1), 7, "2026-01-08T23:00:00+00:00", date(2026, 1, 15)),
        # In UTC it is the next day already, in Mexico it is not.
        (date(2026, 1, 1), 7, "2026-01-08T05:59:00+00:00", date(2026, 1, 8)),
        (date(2026, 5, 1), 7, "2026-01-08T05:59:00+00:00", date(2026, 5, 1)),
    ],
)
def test_the_turn_after_a_moment(settings, starts_on, every, after, following):
    settings.PLATFORM_TIME_ZONE = "America/Mexico_City"

    moment = following_moment(starts_on=starts_on, every_days=every, after=datetime.fromisoformat(after))

    assert moment == moment_of(following)


@given(
    starts_on=st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    every=st.integers(1, 366),
    hours=st.integers(0, 100_000),
)
def test_a_turn_is_a_whole_number_of_intervals_away_and_the_first_on_a_later_day(starts_on, every, hours):
    after = datetime(2020, 1, 1, 12, 30, tzinfo=UTC) + timedelta(hours=hours)

    turn = platform_day(following_moment(starts_on=starts_on, every_days=every, after=after))

    assert (turn - starts_on).days % every == 0
    assert turn >= starts_on
    assert turn > platform_day(after)
    assert turn == starts_on or turn - timedelta(days=every) <= platform_day(after)
