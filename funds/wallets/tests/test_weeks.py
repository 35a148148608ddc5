"""What moved in many wallets, by the platform's weeks."""

from datetime import UTC, date, datetime

import pytest

from funds.facade import pay_order, week_sums_of
from funds.ledger.tests.factories import customer_with
from marketplace.core.ids import uuid7
from marketplace.core.money import Money

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 1, 26)


def buy(customer, minor: int, at: datetime) -> None:
    pay_order(order_id=uuid7(), customer_id=customer, total=Money(minor, "MXN"), at=at)


def test_weeks_begin_on_the_platforms_monday(django_assert_num_queries):
    customer, other, idle = customer_with(100_00), customer_with(100_00), customer_with(100_00)
    # Sunday half past eleven at night in Mexico City, then half past midnight: Monday already in UTC, both.
    buy(customer, 30_00, datetime(2026, 1, 26, 5, 30, tzinfo=UTC))
    buy(customer, 20_00, datetime(2026, 1, 26, 6, 30, tzinfo=UTC))
    buy(customer, 10_00, datetime(2026, 2, 2, 6, 0, tzinfo=UTC))
    buy(other, 5_00, datetime(2026, 1, 27, 6, 0, tzinfo=UTC))

    with django_assert_num_queries(3):
        found = week_sums_of([customer, other, idle], since=date(2026, 1, 19), until=date(2026, 2, 2))

    shown = {
        owner: [(row.starts_on, row.incoming.minor, row.outgoing.minor) for row in rows]
        for owner, rows in found.items()
    }
    assert shown == {
        customer: [(date(2026, 1, 19), 0, 30_00), (MONDAY, 0, 20_00)],
        other: [(MONDAY, 0, 5_00)],
    }
