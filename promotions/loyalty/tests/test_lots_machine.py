"""Random histories of points beside a model of them: what is left of each lot, what is owed, that all of it adds up.

A failure names its seed, step and choice. LOYALTY_STEPS makes the walks longer, LOYALTY_SEED repeats one.
"""

import os
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.core.errors import DomainError
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.core.tests.histories import run_short_histories, walk
from promotions.loyalty.models import LoyaltyMember, PointsEntry, PointsLot, Redemption
from promotions.loyalty.services.adjusting import adjust_points
from promotions.loyalty.services.earning import award_points, reverse_points, source_of
from promotions.loyalty.services.expiring import expire_points
from promotions.loyalty.services.lots import _oldest_first
from promotions.loyalty.services.redeeming import redeem_reward
from promotions.loyalty.services.vouchers import give_vouchers_back, take_vouchers, withdraw_voucher

from .factories import AT, DAY, make_customer, make_policy, make_reward

STEPS = int(os.environ.get("LOYALTY_STEPS", "120"))
SEED = int(os.environ.get("LOYALTY_SEED", "1"))
LASTS = 100 * DAY


@dataclass(slots=True)
class Lot:
    """A lot as it should be."""

    expires_at: Any
    points: int
    left: int
    source: str
    goods: int = 0
    reversed: int = 0
    lapsed: int = 0


class Account:
    """One customer's points by the rules alone, without a database."""

    def __init__(self) -> None:
        self.lots: list[Lot] = []
        self.owed = 0
        self.entries = 0

    @property
    def points(self) -> int:
        return sum(lot.left for lot in self.lots)

    def add(self, points: int, at: Any, source: str, goods: int = 0) -> None:
        paid = min(points, self.owed)
        self.owed -= paid
        self.lots.append(Lot(at + LASTS, points, points - paid, source, goods))
        self.entries += 1

    def expire(self, at: Any) -> None:
        for lot in self.lots:
            if lot.expires_at <= at and lot.left:
                lot.left, lot.lapsed = 0, lot.lapsed + lot.left
                self.entries += 1

    def spend(self, points: int, at: Any) -> bool:
        if sum(lot.left for lot in self.lots if lot.expires_at > at) < points:
            return False
        self.expire(at)
        assert self.drain(points) == 0
        self.entries += 1
        return True

    def drain(self, points: int) -> int:
        for lot in self.lots:
            gone = min(points, lot.left)
            lot.left -= gone
            points -= gone
        return points

    def bring_back(self, source: str, goods_left: int, at: Any) -> None:
        lot = next((each for each in self.lots if each.source == source), None)
        if lot is None:
            return
        self.expire(at)
        back = lot.points - lot.points * goods_left // lot.goods - lot.reversed
        if back <= 0:
            return
        own = min(lot.left, back)
        unmissed = min(lot.lapsed, back - own)
        lot.left, lot.lapsed, lot.reversed = lot.left - own, lot.lapsed - unmissed, lot.reversed + back
        self.owed += self.drain(back - own - unmissed)
        self.entries += own + back - own - unmissed > 0


class History:
    """Two customers, a voucher and money as rewards, orders that come back, days that pass."""

    ACTIONS: ClassVar[tuple[str, ...]] = (
        *("earn", "earn", "earn", "bring_back", "bring_back", "redeem", "redeem", "redeem"),
        *("correct", "days", "sweep", "use", "unuse", "withdraw"),
    )

    def __init__(self) -> None:
        make_policy()
        self.at = AT
        self.steps = 0
        self.customers = [make_customer(), make_customer()]
        self.accounts = {customer: Account() for customer in self.customers}
        self.orders: list[tuple[UUID, UUID, int]] = []
        self.rewards = [make_reward(cost=60), make_reward("wallet_credit", cost=35)]

    def step(self, action: str, numbers: tuple[int, ...]) -> bool:
        self.at += timedelta(minutes=1)
        customer = self.customers[numbers[0] % 2]
        done: bool = getattr(self, f"do_{action}")(customer, self.accounts[customer], numbers)
        self.steps += done
        return done

    def do_earn(self, customer: UUID, account: Account, numbers: tuple[int, ...]) -> bool:
        goods, order_id = numbers[1] * 113, uuid7()
        points = award_points(order_id=order_id, customer_id=customer, goods=Money(goods, "MXN"), at=self.at)
        assert points == goods // 1_000
        if points:
            account.add(points, self.at, source_of(order_id), goods)
            self.orders.append((order_id, customer, goods))
        return True

    def do_bring_back(self, _customer: UUID, _account: Account, numbers: tuple[int, ...]) -> bool:
        if not self.orders:
            return False
        place = numbers[1] % len(self.orders)
        order_id, customer, goods = self.orders[place]
        left = goods * (numbers[2] % 5) // 4 if numbers[3] % 3 else 0
        self.orders[place] = order_id, customer, min(goods, left)
        account = self.accounts[customer]
        kept = self.orders[place][2]
        reverse_points(order_id=order_id, goods_left=Money(kept, "MXN"), at=self.at)
        account.bring_back(source_of(order_id), kept, self.at)
        return True

    def do_redeem(self, customer: UUID, account: Account, numbers: tuple[int, ...]) -> bool:
        reward = self.rewards[numbers[1] % 2]
        may = account.spend(reward.cost, self.at)
        assert _goes(lambda: redeem_reward(customer_id=customer, reward_id=reward.pk, at=self.at)) == may
        return may

    def do_correct(self, customer: UUID, account: Account, numbers: tuple[int, ...]) -> bool:
        points, key = numbers[1] % 90 - 40, str(uuid7())
        if not points:
            return False
        may = points > 0 or account.spend(-points, self.at)
        if points > 0:
            account.add(points, self.at, f"adjustment:{key}")
        assert may == _goes(
            lambda: adjust_points(customer_id=customer, points=points, reason="x", key=key, actor_id=None, at=self.at)
        )
        return may

    def do_days(self, _customer: UUID, _account: Account, numbers: tuple[int, ...]) -> bool:
        self.at += (numbers[1] % 40) * DAY
        return True

    def do_sweep(self, _customer: UUID, _account: Account, _numbers: tuple[int, ...]) -> bool:
        expire_points(at=self.at)
        for account in self.accounts.values():
            account.expire(self.at)
        return True

    def do_use(self, customer: UUID, _account: Account, _numbers: tuple[int, ...]) -> bool:
        row = self._voucher(customer, "issued")
        if row is None:
            return False
        may: bool = row.expires_at > self.at
        assert may == _goes(
            lambda: take_vouchers(order_id=uuid7(), customer_id=customer, voucher_ids={row.pk}, at=self.at)
        )
        return may

    def do_unuse(self, customer: UUID, _account: Account, _numbers: tuple[int, ...]) -> bool:
        row = self._voucher(customer, "used")
        if row is not None:
            give_vouchers_back(order_id=row.order_id)
        return row is not None

    def do_withdraw(self, customer: UUID, account: Account, numbers: tuple[int, ...]) -> bool:
        row = self._voucher(customer, "issued")
        if row is None or numbers[1] % 3:
            return False
        may: bool = row.expires_at > self.at
        assert may == _goes(lambda: withdraw_voucher(redemption_id=row.pk, reason="x", actor_id=None, at=self.at))
        if may:
            account.add(row.cost, self.at, f"redemption:{row.pk}")
        return may

    def examine(self) -> None:
        for customer, account in self.accounts.items():
            member = LoyaltyMember.objects.filter(customer_id=customer).first()
            if member is None:
                assert account.entries == 0
                continue
            lots = PointsLot.objects.filter(member=member).order_by("expires_at", "pk")
            seen = [(lot.source, lot.left, lot.reversed, lot.lapsed) for lot in lots]
            assert seen == [(lot.source, lot.left, lot.reversed, lot.lapsed) for lot in account.lots]
            assert (member.points, member.owed) == (account.points, account.owed)
            assert not (member.points and member.owed)
            entries = PointsEntry.objects.filter(member=member)
            assert entries.count() == account.entries
            assert entries.aggregate(sum=Sum("points", default=0))["sum"] == member.points - member.owed
            self._expect_chain(entries.order_by("pk"))

    def _expect_chain(self, entries: Any) -> None:
        """Each line's balance is the one before and its points, as far as nothing is owed."""
        net = 0
        for entry in entries:
            net += entry.points
            assert entry.balance_after == max(0, net)

    def _voucher(self, customer: UUID, state: str) -> Any:
        rows = Redemption.objects.filter(member__customer_id=customer, kind="voucher", state=state)
        return rows.order_by("pk").first()


def _goes(act: Any) -> bool:
    try:
        act()
    except DomainError:
        return False
    return True


@pytest.mark.django_db
def test_short_histories_are_as_the_model_says():
    run_short_histories(History, numbers=4)


@pytest.mark.django_db
@pytest.mark.once
@pytest.mark.parametrize("seed", [SEED, SEED + 1])
def test_long_histories_are_as_the_model_says(seed):
    history = History()

    walk(history, seed=seed, steps=STEPS, examined_every=10, numbers=4)

    assert history.steps == STEPS


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(lefts=st.lists(st.integers(1, 10**9), max_size=12), share=st.integers(0, 1_000))
def test_the_oldest_lots_are_emptied_before_the_next_is_touched(lefts, share):
    lots = [PointsLot(points=left, left=left) for left in lefts]
    points = sum(lefts) * share // 1_000

    taken = _oldest_first(lots, points)

    assert sum(gone for _lot, gone in taken) == points
    assert [lot_id for lot_id, _share in taken] == [lot.pk for lot in lots[: len(taken)]]
    assert all(gone == lot.left for (_id, gone), lot in zip(taken[:-1], lots, strict=False))
    assert all(1 <= gone <= lot.left for (_id, gone), lot in zip(taken, lots, strict=False))
