"""What orders earn, and what returns take back."""

from datetime import timedelta
from typing import Any

import pytest

from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.core.outbox.models import OutboxEvent
from promotions.loyalty.models import LevelChange, PointsEntry, PointsLot
from promotions.loyalty.services.earning import award_points, reverse_points
from promotions.loyalty.services.expiring import expire_points
from promotions.loyalty.services.levels import recompute_levels
from promotions.loyalty.services.redeeming import redeem_reward

from .factories import (
    AT,
    DAY,
    earn,
    give,
    level_of,
    make_customer,
    make_levels,
    make_policy,
    make_reward,
    member_of,
    mxn,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana():
    make_policy()
    return make_customer()


def lines_of(customer_id) -> list[tuple[str, int, int]]:
    entries = PointsEntry.objects.filter(member__customer_id=customer_id).order_by("pk")
    return list(entries.values_list("kind", "points", "balance_after"))


def told(name: str) -> list[dict[str, Any]]:
    rows = OutboxEvent.objects.filter(wire_name=f"promotions.{name}").order_by("pk")
    return [row.payload for row in rows]


def test_a_point_for_each_so_much_and_the_rest_is_dropped(ana):
    assert award_points(order_id=uuid7(), customer_id=ana, goods=Money(12_999, "MXN"), at=AT) == 12

    lot = PointsLot.objects.get()
    assert (lot.points, lot.left, lot.expires_at) == (12, 12, AT + 100 * DAY)
    assert lines_of(ana) == [("earned", 12, 12)]
    assert member_of(ana).earned_in_window == 12


def test_without_a_policy_the_defaults_hold():
    award_points(order_id=uuid7(), customer_id=make_customer(), goods=mxn(100), at=AT)

    assert (PointsLot.objects.get().points, PointsLot.objects.get().expires_at) == (10, AT + 365 * DAY)


def test_the_same_order_earns_once(ana):
    order_id = uuid7()

    first = award_points(order_id=order_id, customer_id=ana, goods=mxn(100), at=AT)
    second = award_points(order_id=order_id, customer_id=ana, goods=mxn(100), at=AT + DAY)

    assert (first, second, member_of(ana).points) == (10, 0, 10)


@pytest.mark.parametrize("goods", [Money(999, "MXN"), Money(0, "MXN"), Money(100_000, "USD")])
def test_too_little_or_another_currency_earns_nothing(ana, goods):
    assert award_points(order_id=uuid7(), customer_id=ana, goods=goods, at=AT) == 0

    assert not PointsLot.objects.exists()


def test_the_level_and_the_order_multiply_and_a_level_is_reached_at_once(ana):
    _bronze, silver, _gold = make_levels()
    earn(ana, 100)

    points = award_points(order_id=uuid7(), customer_id=ana, goods=mxn(1_010), points_bp=20_000, at=AT + DAY)

    member = member_of(ana)
    # 101 x 1.5 x 2 by the level before these points; 403 are not yet gold.
    assert points == 303
    assert (member.level, member.earned_in_window, member.level_since) == (silver, 403, AT)
    assert [(event["from_level"], event["to_level"]) for event in told("loyalty_upgraded")] == [("", "silver")]


def test_levels_are_skipped_and_staffs_points_decide_none(ana):
    make_levels()
    give(ana, 10_000)
    assert member_of(ana).level is None

    earn(ana, 500)

    assert level_of(ana) == "gold"
    assert list(LevelChange.objects.values_list("from_level", "to_level", "is_upgrade")) == [("", "gold", True)]


def test_the_window_moves_and_the_days_look_lowers_the_level(ana):
    make_levels()
    earn(ana, 500)
    luis = make_customer()
    earn(luis, 120, AT + 59 * DAY)

    assert recompute_levels(at=AT + 59 * DAY) == 0
    assert recompute_levels(at=AT + 60 * DAY) == 1
    assert recompute_levels(at=AT + 60 * DAY) == 0

    member = member_of(ana)
    assert (level_of(ana), member.earned_in_window, member.points) == ("bronze", 0, 500)
    assert level_of(luis) == "silver"
    assert [(event["from_level"], event["to_level"]) for event in told("loyalty_downgraded")] == [("gold", "bronze")]


def test_a_return_takes_its_share_and_rounds_for_the_house(ana):
    order_id = uuid7()
    award_points(order_id=order_id, customer_id=ana, goods=mxn(100), at=AT)

    taken = reverse_points(order_id=order_id, goods_left=mxn(67), at=AT + DAY)
    again = reverse_points(order_id=order_id, goods_left=mxn(67), at=AT + DAY)

    assert (taken, again) == (4, 0)
    assert lines_of(ana) == [("earned", 10, 10), ("reversed", -4, 6)]
    assert member_of(ana).earned_in_window == 6


def test_returns_one_by_one_bring_the_whole(ana):
    order_id = uuid7()
    award_points(order_id=order_id, customer_id=ana, goods=mxn(100), at=AT)

    for left in (90, 55, 31, 0):
        reverse_points(order_id=order_id, goods_left=mxn(left), at=AT + DAY)

    lot = PointsLot.objects.get()
    assert (lot.left, lot.reversed, member_of(ana).points) == (0, 10, 0)


def test_what_was_spent_already_is_owed_and_paid_by_what_is_earned_next(ana):
    order_id = earn(ana, 100)
    redeem_reward(customer_id=ana, reward_id=make_reward().pk, at=AT)

    reverse_points(order_id=order_id, goods_left=mxn(0), at=AT + DAY)
    owing = member_of(ana)
    earn(ana, 130, AT + 2 * DAY)

    assert (owing.points, owing.owed) == (0, 100)
    assert (member_of(ana).points, member_of(ana).owed) == (30, 0)
    assert lines_of(ana) == [("earned", 100, 100), ("redeemed", -100, 0), ("reversed", -100, 0), ("earned", 130, 30)]


def test_what_was_spent_is_taken_from_other_points_before_it_is_owed(ana):
    earn(ana, 30)
    order_id = earn(ana, 100, AT + DAY)
    redeem_reward(customer_id=ana, reward_id=make_reward().pk, at=AT + DAY)
    earn(ana, 50, AT + 2 * DAY)

    reverse_points(order_id=order_id, goods_left=mxn(0), at=AT + 3 * DAY)

    # 30 of the order's own were left, 50 were earned later; 20 are missing.
    assert (member_of(ana).points, member_of(ana).owed) == (0, 20)


def test_points_that_expired_are_not_owed(ana):
    order_id = earn(ana, 100)
    expire_points(at=AT + 100 * DAY)

    taken = reverse_points(order_id=order_id, goods_left=mxn(0), at=AT + 101 * DAY)

    lot = PointsLot.objects.get()
    assert (taken, lot.lapsed, lot.reversed) == (100, 0, 100)
    assert (member_of(ana).points, member_of(ana).owed) == (0, 0)
    assert lines_of(ana) == [("earned", 100, 100), ("expired", -100, 0)]


def test_an_order_that_earned_nothing_loses_nothing(ana):
    give(ana, 10)

    assert reverse_points(order_id=uuid7(), goods_left=mxn(0), at=AT) == 0

    assert member_of(ana).points == 10


def test_a_return_keeps_the_level_until_the_days_look(ana):
    make_levels()
    order_id = earn(ana, 120)

    reverse_points(order_id=order_id, goods_left=mxn(0), at=AT + DAY)
    kept = level_of(ana)
    recompute_levels(at=AT + DAY + timedelta(hours=1))

    assert (kept, level_of(ana)) == ("silver", "bronze")
