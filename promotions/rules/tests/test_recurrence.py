"""Days of a rule: bits that say what was put in, and the platform's calendar."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core.ids import uuid7
from promotions.contracts import PriceRule
from promotions.rules.recurrence import (
    ALL_MONTH_DAYS,
    ALL_WEEKDAYS,
    DAYS_AHEAD,
    from_bits,
    happens_on,
    local_day,
    next_change,
    to_bits,
)

pytestmark = pytest.mark.once

WEEKDAYS = st.frozensets(st.integers(1, 7))
MONTH_DAYS = st.frozensets(st.integers(1, 31))


def rule(weekdays=frozenset(), month_days=frozenset()) -> PriceRule:
    return PriceRule(
        rule_id=uuid7(), kind="discount", version=1, name="R", benefits=(), weekdays=weekdays, month_days=month_days
    )


@given(MONTH_DAYS)
def test_bits_hold_exactly_the_days(days):
    assert from_bits(to_bits(days)) == sorted(days)
    assert 0 <= to_bits(days) <= ALL_MONTH_DAYS


@given(WEEKDAYS)
def test_weekdays_fit_in_seven_bits(days):
    assert 0 <= to_bits(days) <= ALL_WEEKDAYS


@given(WEEKDAYS, MONTH_DAYS, st.dates(date(2020, 1, 1), date(2032, 12, 31)))
def test_a_rule_happens_where_each_list_that_is_not_empty_says_so(weekdays, month_days, day):
    expected = (not weekdays or day.isoweekday() in weekdays) and (not month_days or day.day in month_days)

    assert happens_on(rule(weekdays, month_days), day) is expected


@given(WEEKDAYS.filter(bool), st.dates(date(2020, 1, 1), date(2032, 1, 1)))
def test_in_any_week_it_happens_once_for_each_of_its_weekdays(weekdays, monday):
    week = [monday + timedelta(days=number) for number in range(7)]

    assert sum(happens_on(rule(weekdays), day) for day in week) == len(weekdays)


@given(MONTH_DAYS.filter(bool), st.integers(2020, 2032), st.integers(1, 12))
def test_in_a_month_it_happens_on_the_days_the_month_has(month_days, year, month):
    first = date(year, month, 1)
    days = [first + timedelta(days=number) for number in range(31)]
    days = [day for day in days if day.month == month]

    assert [day.day for day in days if happens_on(rule(month_days=month_days), day)] == [
        number for number in sorted(month_days) if number <= len(days)
    ]


@pytest.mark.parametrize(
    ("zone", "day"),
    [("America/Mexico_City", date(2026, 1, 31)), ("Asia/Tokyo", date(2026, 2, 1)), ("UTC", date(2026, 2, 1))],
)
def test_the_day_is_the_platforms(settings, zone, day):
    settings.PLATFORM_TIME_ZONE = zone

    assert local_day(datetime(2026, 2, 1, 3, 30, tzinfo=UTC)) == day


@given(WEEKDAYS, MONTH_DAYS, st.integers(0, 2 * 365 * 24 * 60))
def test_between_now_and_the_next_change_nothing_changes_and_a_change_is_one(weekdays, month_days, minutes):
    at, those = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes), rule(weekdays, month_days)

    change = next_change(those, at)

    if change is None:
        assert (weekdays, month_days) == (frozenset(), frozenset())
        return
    today, then = local_day(at), local_day(change)
    assert at < change <= at + timedelta(days=DAYS_AHEAD + 1)
    assert local_day(change - timedelta(microseconds=1)) < then
    between = (today + timedelta(days=number) for number in range((then - today).days))
    assert {happens_on(those, day) for day in between} == {happens_on(those, today)}
    assert happens_on(those, then) != happens_on(those, today) or (then - today).days == DAYS_AHEAD


def test_the_next_change_of_a_rule_without_days_is_its_beginning_then_its_end():
    now = datetime(2026, 3, 13, 18, tzinfo=UTC)
    begins, ends = now + timedelta(hours=1), now + timedelta(hours=2)
    those = replace(rule(), starts_at=begins, ends_at=ends)

    assert [next_change(those, at) for at in (now, begins, ends)] == [begins, ends, None]
    assert next_change(replace(those, ends_at=None), begins) is None


def test_all_days_have_seven_and_thirty_one_bits():
    assert (to_bits(range(1, 8)), to_bits(range(1, 32))) == (ALL_WEEKDAYS, ALL_MONTH_DAYS)


@pytest.mark.parametrize(
    ("today", "missing", "change"),
    [
        # From the 16th to the 15th of a month of thirty days.
        (date(2026, 4, 16), 15, date(2026, 5, 15)),
        (date(2026, 3, 15), 14, date(2026, 4, 14)),
        # One day more than is looked ahead: look again then.
        (date(2026, 4, 29), 31, date(2026, 5, 30)),
    ],
)
def test_a_change_is_found_on_the_last_day_that_is_looked_at(today, missing, change):
    of_month = rule(month_days=frozenset(range(1, 32)) - {missing})
    noon = datetime.combine(today, datetime.min.time(), UTC) + timedelta(hours=18)

    found = next_change(of_month, noon)

    assert found is not None
    assert local_day(found) == change
