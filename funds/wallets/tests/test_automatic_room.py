"""What wallets and weekly limits leave to automatic purchases, of many at once; what is bought by hand is not bound."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from funds import facade as funds
from funds.contracts import AutomaticRoom
from funds.ledger.models import Hold
from funds.ledger.tests.factories import posted_and_held
from funds.payments.services import fund_wallets
from funds.wallets.services import change_settings
from marketplace.core.money import Money
from users.accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def mxn(minor: int) -> Money:
    return Money(minor, "MXN")


def person(minor: int = 100_000, *, limit: int | None = None):
    one = UserFactory.create().pk
    fund_wallets(rows=[(one, mxn(minor), uuid4().hex)])
    if limit is not None:
        change_settings(customer_id=one, currency="MXN", changes={"weekly_limit": mxn(limit)})
    return one


def hold(customer, minor: int, **values):
    return funds.hold_for_purchase(
        customer_id=customer,
        payee=funds.outside_purchases("MXN"),
        amount=mxn(minor),
        key=uuid4().hex,
        lasts=DAY,
        at=timezone.now(),
        **values,
    )


def room(*customers):
    return funds.automatic_room(customers, "MXN", timezone.now())


def test_the_look_agrees_with_what_the_hold_would_say_for_any_number(django_assert_max_num_queries):
    free, bound, spent, nobody = person(), person(limit=50_000), person(limit=50_000), uuid4()
    hold(free, 30_000)
    hold(spent, 45_000)

    with django_assert_max_num_queries(3):
        found = room(free, bound, spent, nobody)

    assert found == {
        free: AutomaticRoom(mxn(70_000), None),
        bound: AutomaticRoom(mxn(100_000), mxn(50_000)),
        spent: AutomaticRoom(mxn(55_000), mxn(5_000)),
    }
    with pytest.raises(funds.WeeklyLimitError):
        hold(spent, 5_001)
    hold(spent, 5_000)
    assert room(spent)[spent].weekly_left == mxn(0)


def test_what_was_released_or_is_of_last_week_leaves_its_room():
    customer = person(limit=50_000)
    first, second = hold(customer, 20_000), hold(customer, 20_000)
    funds.release_hold(hold_id=first.hold_id)
    Hold.objects.filter(pk=second.hold_id).update(created_at=timezone.now() - timedelta(days=8))

    assert room(customer)[customer] == AutomaticRoom(mxn(80_000), mxn(50_000))


def test_by_hand_the_limit_neither_binds_nor_counts():
    customer = person(limit=10_000)

    hold(customer, 60_000, is_automatic=False)

    assert posted_and_held(customer) == (100_000, 60_000)
    assert room(customer)[customer].weekly_left == mxn(10_000)
    with pytest.raises(funds.InsufficientFundsError):
        hold(customer, 40_001, is_automatic=False)


def test_a_week_begins_on_monday_in_the_platforms_zone(settings):
    settings.PLATFORM_TIME_ZONE = "America/New_York"
    starts_at, ends_at = funds.week_of(timezone.now())

    assert (starts_at.weekday(), ends_at.weekday(), starts_at.hour) == (0, 0, 0)
    assert starts_at <= timezone.now() < ends_at
