"""Points for rewards: what is taken, what is refused, what the books say."""

import pytest

from funds import facade as funds
from funds.models import Journal
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.core.outbox.models import OutboxEvent
from promotions.loyalty.errors import (
    InsufficientPointsError,
    LevelTooLowError,
    RedemptionStateError,
    RewardNotFoundError,
    RewardNotOfferedError,
    RewardUsedUpError,
    VoucherGoneError,
)
from promotions.loyalty.models import PointsEntry, PointsLot, Redemption
from promotions.loyalty.selectors import vouchers_of
from promotions.loyalty.services.offering import change_reward
from promotions.loyalty.services.redeeming import redeem_reward
from promotions.loyalty.services.vouchers import expire_vouchers, give_vouchers_back, take_vouchers, withdraw_voucher

from .factories import AT, DAY, earn, give, make_customer, make_levels, make_policy, make_reward, member_of, mxn

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana():
    make_policy()
    return make_customer()


def wallet(customer_id) -> list[Money]:
    return [balance.available for balance in funds.wallets_of(customer_id)]


def everything() -> tuple[object, ...]:
    """What a refusal leaves as it was."""
    return (
        list(PointsLot.objects.order_by("pk").values_list("pk", "left")),
        PointsEntry.objects.count(),
        Redemption.objects.count(),
        Journal.objects.count(),
        OutboxEvent.objects.count(),
    )


def test_the_oldest_points_go_first(ana):
    earn(ana, 60)
    earn(ana, 70, AT + DAY)

    redemption = redeem_reward(customer_id=ana, reward_id=make_reward().pk, at=AT + 2 * DAY)

    entry = PointsEntry.objects.latest("pk")
    assert [lot.left for lot in PointsLot.objects.order_by("earned_at")] == [0, 30]
    assert (entry.kind, entry.points, entry.balance_after, entry.reason) == ("redeemed", -100, 30, "Fifty off")
    assert [points for _lot, points in entry.lots] == [-60, -40]
    assert (redemption.state, redemption.expires_at) == ("issued", AT + 92 * DAY)
    assert (redemption.amount, redemption.min_ticket) == (mxn(50), mxn(200))
    event = OutboxEvent.objects.get(wire_name="promotions.loyalty_redeemed").payload
    assert (event["redemption_id"], event["points"]) == (str(redemption.pk), 100)


def test_money_is_in_the_wallet_at_once(ana):
    earn(ana, 100)

    redemption = redeem_reward(customer_id=ana, reward_id=make_reward("wallet_credit").pk, at=AT)

    assert wallet(ana) == [mxn(50)]
    assert (redemption.state, redemption.journal_id) == ("used", Journal.objects.get(kind="reward").pk)
    assert vouchers_of(ana, AT) == ()
    assert funds.verify_books(at=AT, is_full=True) == []


def test_points_past_their_time_buy_nothing_even_before_they_are_swept(ana):
    earn(ana, 60)
    earn(ana, 60, AT + 50 * DAY)
    reward = make_reward()
    before = everything()

    with pytest.raises(InsufficientPointsError) as refused:
        redeem_reward(customer_id=ana, reward_id=reward.pk, at=AT + 100 * DAY)

    assert refused.value.params == {"missing": 40}
    assert everything() == before


def test_a_redemption_sweeps_what_has_expired(ana):
    earn(ana, 60)
    earn(ana, 130, AT + 50 * DAY)

    redeem_reward(customer_id=ana, reward_id=make_reward().pk, at=AT + 100 * DAY)

    kinds = list(PointsEntry.objects.order_by("pk").values_list("kind", "points", "balance_after"))
    assert kinds[2:] == [("expired", -60, 130), ("redeemed", -100, 30)]
    assert member_of(ana).points == 30


@pytest.mark.parametrize("kind", ["voucher", "wallet_credit"])
def test_too_few_points_change_nothing(ana, kind):
    earn(ana, 99)
    reward = make_reward(kind)
    before = everything()

    with pytest.raises(InsufficientPointsError) as refused:
        redeem_reward(customer_id=ana, reward_id=reward.pk, at=AT)

    assert refused.value.params == {"missing": 1}
    assert everything() == before


def test_who_never_had_points_has_none(ana):
    with pytest.raises(InsufficientPointsError):
        redeem_reward(customer_id=ana, reward_id=make_reward().pk, at=AT)


def test_a_reward_that_is_not_there_or_not_offered(ana):
    earn(ana, 100)
    reward = make_reward(is_active=False)
    before = everything()

    with pytest.raises(RewardNotFoundError):
        redeem_reward(customer_id=ana, reward_id=uuid7(), at=AT)
    with pytest.raises(RewardNotOfferedError):
        redeem_reward(customer_id=ana, reward_id=reward.pk, at=AT)

    assert everything() == before


def test_a_reward_of_a_level(ana):
    _bronze, silver, gold = make_levels()
    reward = make_reward("wallet_credit", level_id=silver.pk)
    give(ana, 100)
    before = everything()

    with pytest.raises(LevelTooLowError) as refused:
        redeem_reward(customer_id=ana, reward_id=reward.pk, at=AT)
    unchanged = everything()
    earn(ana, gold.threshold)
    redeem_reward(customer_id=ana, reward_id=reward.pk, at=AT)

    assert refused.value.params == {"level": "Silver"}
    assert (unchanged, wallet(ana)) == (before, [mxn(50)])


def test_a_reward_that_is_counted_ends(ana):
    earn(ana, 300)
    reward = make_reward("wallet_credit", left_count=1)
    redeem_reward(customer_id=ana, reward_id=reward.pk, at=AT)
    before = everything()

    with pytest.raises(RewardUsedUpError):
        redeem_reward(customer_id=ana, reward_id=reward.pk, at=AT)

    reward.refresh_from_db()
    assert (reward.left_count, reward.version, everything()) == (0, 2, before)


def test_what_was_promised_stays_promised(ana):
    earn(ana, 100)
    reward = make_reward()
    redeem_reward(customer_id=ana, reward_id=reward.pk, at=AT)

    change_reward(reward_id=reward.pk, changes={"amount": mxn(10), "cost": 5, "name": "Ten off"}, actor_id=None)

    [rule] = vouchers_of(ana, AT)
    assert (rule.name, rule.benefits[0].minor, rule.min_ticket_minor) == ("Fifty off", 5_000, 20_000)
    assert (rule.kind, rule.currency, rule.ends_at) == ("loyalty", "MXN", AT + 90 * DAY)


def voucher(customer_id) -> Redemption:
    earn(customer_id, 100)
    return redeem_reward(customer_id=customer_id, reward_id=make_reward().pk, at=AT)


def test_a_voucher_is_one_orders_until_it_is_given_back(ana):
    mine, order_id, other = voucher(ana), uuid7(), uuid7()
    owner = {"customer_id": ana, "voucher_ids": {mine.pk}, "at": AT}

    for _ in range(2):
        take_vouchers(order_id=order_id, **owner)
    with pytest.raises(VoucherGoneError):
        take_vouchers(order_id=other, **owner)
    mine.refresh_from_db()
    assert (mine.state, mine.order_id, vouchers_of(ana, AT)) == ("used", order_id, ())

    for _ in range(2):
        give_vouchers_back(order_id=order_id)
    take_vouchers(order_id=other, **owner)

    mine.refresh_from_db()
    assert (mine.state, mine.order_id) == ("used", other)


def test_of_two_vouchers_both_are_taken_or_none(ana):
    mine, gone, order_id = voucher(ana), voucher(ana), uuid7()
    take_vouchers(order_id=uuid7(), customer_id=ana, voucher_ids={gone.pk}, at=AT)

    with pytest.raises(VoucherGoneError):
        take_vouchers(order_id=order_id, customer_id=ana, voucher_ids={mine.pk, gone.pk}, at=AT)

    mine.refresh_from_db()
    assert (mine.state, mine.order_id) == ("issued", None)


def test_nobody_takes_anothers_voucher(ana):
    theirs = voucher(make_customer())

    with pytest.raises(VoucherGoneError):
        take_vouchers(order_id=uuid7(), customer_id=ana, voucher_ids={theirs.pk}, at=AT)


def test_a_voucher_expires(ana):
    mine = voucher(ana)
    over = AT + 90 * DAY

    with pytest.raises(VoucherGoneError):
        take_vouchers(order_id=uuid7(), customer_id=ana, voucher_ids={mine.pk}, at=over)
    assert (vouchers_of(ana, over), len(vouchers_of(ana, over - DAY))) == ((), 1)

    assert (expire_vouchers(at=over), expire_vouchers(at=over)) == (1, 0)
    mine.refresh_from_db()
    assert mine.state == "expired"


def test_staff_take_a_voucher_back_and_its_points_return_once(ana):
    mine = voucher(ana)

    withdraw_voucher(redemption_id=mine.pk, reason="wrong one", actor_id=None, at=AT + DAY)
    with pytest.raises(RedemptionStateError):
        withdraw_voucher(redemption_id=mine.pk, reason="again", actor_id=None, at=AT + DAY)

    assert (member_of(ana).points, vouchers_of(ana, AT + DAY)) == (100, ())
    assert PointsEntry.objects.latest("pk").kind == "returned"
