"""Points exchanged for rewards."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from funds import facade as funds
from marketplace.core.ids import uuid7
from marketplace.core.outbox.publishing import publish
from promotions.events import LoyaltyRedeemed
from promotions.loyalty.errors import (
    InsufficientPointsError,
    LevelTooLowError,
    MemberNotFoundError,
    RewardNotFoundError,
    RewardNotOfferedError,
    RewardUsedUpError,
)
from promotions.loyalty.models import LoyaltyMember, Redemption, Reward
from promotions.loyalty.selectors import points_of

from .lots import Kind, lock_member, minus, note, spend


@transaction.atomic
def redeem_reward(*, customer_id: UUID, reward_id: UUID, at: datetime) -> Redemption:
    """Exchange points for a reward: a voucher that waits for an order, or money that is in the wallet at once.

    The oldest points go first. Of many at once on one balance just so many get through as its lots allow. Money moves
    before points are looked at, because accounts are locked before them: a look without a lock keeps who cannot pay
    away from the books, and a refusal behind it takes the money back with it. Raises `RewardNotFoundError`,
    `RewardNotOfferedError`, `RewardUsedUpError`, `LevelTooLowError`, `InsufficientPointsError`.
    """
    reward = Reward.objects.select_related("level").filter(pk=reward_id).first()
    if reward is None:
        raise RewardNotFoundError
    if not reward.is_active:
        raise RewardNotOfferedError
    missing = reward.cost - points_of(customer_id, at)
    if missing > 0:
        raise InsufficientPointsError(missing=missing)
    redemption_id = uuid7()
    journal_id = _credit(redemption_id, customer_id, reward)
    try:
        member = lock_member(customer_id)
    except MemberNotFoundError as error:
        raise InsufficientPointsError(missing=reward.cost) from error
    _expect_level(member, reward)
    taken = spend(member, reward.cost, at)
    _take_one(reward)
    redemption = _write(redemption_id, member, reward, journal_id, at)
    note(
        member,
        Kind.REDEEMED,
        -reward.cost,
        key=f"{Kind.REDEEMED}:{redemption.pk}",
        lots=minus(taken),
        at=at,
        reason=reward.name,
    )
    publish(LoyaltyRedeemed(customer_id=customer_id, redemption_id=redemption.pk, points=reward.cost))
    return redemption


def _credit(redemption_id: UUID, customer_id: UUID, reward: Reward) -> int | None:
    if reward.kind != Reward.Kind.WALLET_CREDIT or reward.amount is None:
        return None
    return funds.credit_reward(customer_id=customer_id, amount=reward.amount, key=str(redemption_id))


def _expect_level(member: LoyaltyMember, reward: Reward) -> None:
    if reward.level is None:
        return
    held = member.level
    if held is None or held.threshold < reward.level.threshold:
        raise LevelTooLowError(level=reward.level.name)


def _take_one(reward: Reward) -> None:
    """One fewer of a reward that is counted; whoever edits it meanwhile reads it again."""
    if reward.left_count is None:
        return
    there = Reward.objects.filter(pk=reward.pk, left_count__gte=1)
    if not there.update(left_count=F("left_count") - 1, version=F("version") + 1):
        raise RewardUsedUpError


def _write(
    redemption_id: UUID, member: LoyaltyMember, reward: Reward, journal_id: int | None, at: datetime
) -> Redemption:
    is_money = reward.kind == Reward.Kind.WALLET_CREDIT
    return Redemption.objects.create(
        id=redemption_id,
        member=member,
        reward=reward,
        kind=reward.kind,
        name=reward.name,
        cost=reward.cost,
        amount_minor=reward.amount_minor,
        currency=reward.currency,
        min_ticket_minor=reward.min_ticket_minor,
        state=Redemption.State.USED if is_money else Redemption.State.ISSUED,
        journal_id=journal_id,
        used_at=at if is_money else None,
        expires_at=None if is_money else at + timedelta(days=reward.valid_days),
    )
