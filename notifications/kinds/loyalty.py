"""The table's rows about the loyalty programme."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from marketplace.core.events import json_ready
from promotions import facade as promotions
from promotions.events import LoyaltyDowngraded, LoyaltyRedeemed, LoyaltyUpgraded, PointsExpiring

from .moments import on_the_wall
from .values import IN_INBOX, Cause, Kind, Params

WALLET_CREDIT: Final = "wallet_credit"


def _level_params(event: LoyaltyUpgraded | LoyaltyDowngraded) -> Params:
    return {
        "level": promotions.level_name(event.to_level) or "—",
        "before": promotions.level_name(event.from_level) or "—",
    }


def _level_subject(event: LoyaltyUpgraded | LoyaltyDowngraded) -> str:
    # Each time a level is reached is a message of its own.
    return f"{event.customer_id}:{event.at.isoformat()}"


def _expiring_params(event: PointsExpiring) -> Params:
    return {"points": event.points, "until": on_the_wall(event.expires_at, event.customer_id)}


def _redeemed_params(event: LoyaltyRedeemed) -> Params:
    card = promotions.redemption_card(event.redemption_id)
    until = None if card.expires_at is None else on_the_wall(card.expires_at, event.customer_id)
    return {
        "redemption": str(card.redemption_id),
        "name": card.name,
        "points": event.points,
        "amount": json_ready(card.amount),
        "until": until or "—",
    }


def _is_money(event: LoyaltyRedeemed) -> bool:
    return promotions.redemption_card(event.redemption_id).kind == WALLET_CREDIT


LOYALTY: Final = (
    Kind(
        code="loyalty_upgraded",
        name=_("A higher level of yours"),
        title=_("You are %(level)s now"),
        body=_("What you earned has brought you to the level %(level)s. Its perks are in your profile."),
        by_mail=True,
        by_push=True,
        may_wait=True,
        cause=Cause(
            event=LoyaltyUpgraded,
            customer=lambda event: event.customer_id,
            subject=_level_subject,
            params=_level_params,
        ),
    ),
    Kind(
        code="loyalty_downgraded",
        name=_("A lower level of yours"),
        title=_("Your level is %(level)s now"),
        body=_("What you earned lately is not enough for %(before)s any more; your level is %(level)s from now on."),
        may_wait=True,
        cause=Cause(
            event=LoyaltyDowngraded,
            customer=lambda event: event.customer_id,
            subject=_level_subject,
            params=_level_params,
        ),
    ),
    Kind(
        code="points_expiring",
        name=_("Points of yours that expire soon"),
        title=_("%(points)s of your points expire soon"),
        body=_("%(points)s of your points expire, the first of them on %(until)s. Rewards are waiting for them."),
        by_mail=True,
        by_push=True,
        may_wait=True,
        cause=Cause(
            event=PointsExpiring,
            customer=lambda event: event.customer_id,
            subject=lambda event: f"{event.customer_id}:{event.expires_at.isoformat()}:{event.points}",
            params=_expiring_params,
        ),
    ),
    Kind(
        code="voucher_ready",
        name=_("Vouchers that you took"),
        title=_("Your reward: %(name)s"),
        body=_(
            "You exchanged %(points)s points for %(name)s. It applies by itself in your cart and waits until %(until)s."
        ),
        required=IN_INBOX,
        cause=Cause(
            event=LoyaltyRedeemed,
            customer=lambda event: None if _is_money(event) else event.customer_id,
            subject=lambda event: event.redemption_id,
            params=_redeemed_params,
        ),
    ),
    Kind(
        code="reward_credited",
        name=_("Rewards that went into your wallet"),
        title=_("%(amount)s for your points"),
        body=_("You exchanged %(points)s points, and %(amount)s is in your wallet."),
        required=IN_INBOX,
        cause=Cause(
            event=LoyaltyRedeemed,
            customer=lambda event: event.customer_id if _is_money(event) else None,
            subject=lambda event: event.redemption_id,
            params=_redeemed_params,
        ),
    ),
)
