"""Many devices on one balance: row locks on PostgreSQL, and the same race without the guard.

`REDEEM_CLIENTS` says how many clients there are.
"""

import os
import threading
from typing import Any

import pytest

from funds.facade import wallets_of
from marketplace.core.errors import DomainError
from marketplace.core.ids import uuid7
from marketplace.core.locking import LockRank
from promotions.loyalty.models import LoyaltyMember, PointsEntry, PointsLot, Redemption
from promotions.loyalty.services import lots
from promotions.loyalty.services.earning import award_points
from promotions.loyalty.services.expiring import expire_points
from promotions.loyalty.services.redeeming import redeem_reward
from promotions.loyalty.services.vouchers import take_vouchers

from .factories import AT, DAY, earn, give, make_customer, make_policy, make_reward, member_of, mxn

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
CLIENTS = int(os.environ.get("REDEEM_CLIENTS", "64"))
FEW = 8


@pytest.fixture
def ana():
    make_policy()
    return make_customer()


def outcomes(answers: list[Any]) -> dict[str, int]:
    names = [type(answer).__name__ for answer in answers]
    return {name: names.count(name) for name in sorted(set(names))}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["voucher", "wallet_credit"])
def test_of_sixty_four_clients_just_so_many_get_through_as_the_lots_allow(together, ana, kind):
    """1,250 points in five lots, of which one has expired: ten rewards of 100, and 50 are left."""
    earn(ana, 100, AT - 100 * DAY)
    for number, points in enumerate((330, 170, 50, 500)):
        earn(ana, points, AT + number * DAY)
    reward = make_reward(kind)

    answers = together(lambda _number: redeem_reward(customer_id=ana, reward_id=reward.pk, at=AT + 5 * DAY), CLIENTS)

    assert outcomes(answers) == {"InsufficientPointsError": CLIENTS - 10, "Redemption": 10}
    assert (member_of(ana).points, member_of(ana).owed) == (50, 0)
    assert [lot.left for lot in PointsLot.objects.order_by("expires_at")] == [0, 0, 0, 0, 50]
    assert PointsEntry.objects.filter(kind="redeemed").count() == Redemption.objects.count() == 10
    expected = [mxn(500)] if kind == "wallet_credit" else []
    assert [balance.available for balance in wallets_of(ana)] == expected


def test_without_lock_and_guard_the_same_race_gives_too_many(together, ana, monkeypatch):
    """The harness sees too many when nothing guards them, so its silence above means something."""
    give(ana, 200, AT)
    reward = make_reward()
    looked = threading.Barrier(FEW)

    def look_without_locking(_rank: LockRank, rows: Any) -> Any:
        found = list(rows.order_by("pk"))
        looked.wait(timeout=10)
        return found

    def take_without_looking(member: LoyaltyMember, taken: Any) -> Any:
        for lot_id, points in taken:
            left = PointsLot.objects.get(pk=lot_id).points - points
            PointsLot.objects.filter(pk=lot_id).update(left=left)
        return taken

    monkeypatch.setattr(lots, "lock", look_without_locking)
    monkeypatch.setattr(lots, "take", take_without_looking)

    answers = together(lambda _number: redeem_reward(customer_id=ana, reward_id=reward.pk, at=AT), FEW)

    assert outcomes(answers) == {"Redemption": FEW}
    assert Redemption.objects.count() * 100 > 200


def test_without_the_lock_the_condition_in_the_statement_still_holds(together, ana, monkeypatch):
    give(ana, 200, AT)
    reward = make_reward()
    looked = threading.Barrier(FEW)

    def look_without_locking(_rank: LockRank, rows: Any) -> Any:
        found = list(rows.order_by("pk"))
        looked.wait(timeout=10)
        return found

    monkeypatch.setattr(lots, "lock", look_without_locking)

    answers = together(lambda _number: redeem_reward(customer_id=ana, reward_id=reward.pk, at=AT), FEW)

    assert outcomes(answers) == {"InsufficientPointsError": FEW - 2, "Redemption": 2}
    assert PointsLot.objects.get().left == 0


def test_a_reward_that_is_counted_goes_to_just_so_many(together):
    make_policy()
    customers = [make_customer() for _ in range(FEW)]
    for customer in customers:
        give(customer, 100, AT)
    reward = make_reward(left_count=3)

    answers = together(lambda number: redeem_reward(customer_id=customers[number], reward_id=reward.pk, at=AT), FEW)

    reward.refresh_from_db()
    assert outcomes(answers) == {"Redemption": 3, "RewardUsedUpError": FEW - 3}
    assert reward.left_count == 0
    assert sum(PointsLot.objects.values_list("left", flat=True)) == (FEW - 3) * 100


def test_one_voucher_is_one_orders(together, ana):
    give(ana, 100, AT)
    mine = redeem_reward(customer_id=ana, reward_id=make_reward().pk, at=AT)

    def use(_number: int) -> str:
        order_id = uuid7()
        take_vouchers(order_id=order_id, customer_id=ana, voucher_ids={mine.pk}, at=AT)
        return str(order_id)

    answers = together(use, FEW)

    mine.refresh_from_db()
    assert outcomes(answers) == {"VoucherGoneError": FEW - 1, "str": 1}
    assert str(mine.order_id) in answers


def test_the_first_points_of_a_customer_from_many_orders_at_once(together, ana):
    orders = [uuid7() for _ in range(FEW // 2)]

    def deliver(number: int) -> int:
        return award_points(order_id=orders[number // 2], customer_id=ana, goods=mxn(100), at=AT)

    answers = together(deliver, FEW)

    assert sorted(answers) == [0] * (FEW // 2) + [10] * (FEW // 2)
    assert member_of(ana).points == 10 * FEW // 2


def test_points_expire_once_while_they_are_spent(together, ana):
    for number in range(5):
        earn(ana, 100, AT + number * DAY)
    reward = make_reward()
    at = AT + 102 * DAY

    def move(number: int) -> object:
        if number % 2:
            return redeem_reward(customer_id=ana, reward_id=reward.pk, at=at)
        return expire_points(at=at)

    answers = together(move, FEW)

    refused = [answer for answer in answers if isinstance(answer, DomainError)]
    assert not [answer for answer in answers if isinstance(answer, Exception) and answer not in refused]
    assert (Redemption.objects.count(), len(refused)) == (2, FEW // 2 - 2)
    assert member_of(ana).points == sum(PointsLot.objects.values_list("left", flat=True)) == 0
    assert sum(PointsEntry.objects.filter(kind="expired").values_list("points", flat=True)) == -300
