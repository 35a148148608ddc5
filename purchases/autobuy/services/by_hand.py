"""Buying something of a list now."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from links import facade as links
from purchases.autobuy import outcomes
from purchases.autobuy.deciding import obstacle
from purchases.autobuy.errors import (
    GiftNotFoundError,
    NotBuyableError,
    PurchaseUnderWayError,
)
from purchases.autobuy.models import AutoPurchase, Run
from purchases.autobuy.scene import house_terms, wishes_of
from purchases.autobuy.values import Verdict, Wish

from .buying import Deal, make, new_purchase
from .plans import locked_plan
from .recording import entry


@transaction.atomic
def buy_now(*, customer_id: UUID, gift_id: UUID, at: datetime) -> AutoPurchase:
    """Buy a gift of one's own list, whatever the switches and schedules say. The weekly limit does not bind it.

    Raises `GiftNotFoundError`, `PurchaseUnderWayError`, `NotBuyableError` for what has no price to rely on or is not to
    be had, and whatever the checkout or the wallet refuses.
    """
    if not links.gifts_owned_by(customer_id=customer_id, gift_ids=[gift_id]):
        raise GiftNotFoundError
    plan = locked_plan(customer_id)
    wish = buyable(fresh_wish(gift_id, at), at)
    assert wish.price is not None
    purchase = new_purchase(customer_id=customer_id, gift=wish.gift, price=wish.price, schedule_id=None)
    links.note_seen_price(gift_id=gift_id, price=wish.price)
    made = make(Deal(plan=plan, wish=wish, price=wish.price, purchase=purchase, is_automatic=False), at=at)
    verdict = Verdict(wish=wish, outcome=outcomes.BOUGHT, params={"cost": made.held}, purchase_id=made.pk)
    Run.objects.create(plan=plan, cause="hand", at=at, considered=[entry(verdict)], bought=1)
    return made


def fresh_wish(gift_id: UUID, at: datetime) -> Wish:
    """The gift with its price and its tries, under its lock. Raises `GiftNotFoundError` for what is not wanted."""
    found = wishes_of([links.locked_gift(gift_id)], at=at)
    if not found:
        raise GiftNotFoundError
    return found[0]


def buyable(wish: Wish, at: datetime) -> Wish:
    """Raises `PurchaseUnderWayError`, `NotBuyableError`."""
    against = obstacle(wish, house_terms(), at, by_hand=True)
    if against is None:
        return wish
    if against.outcome in {outcomes.UNDER_WAY, outcomes.WAITING}:
        raise PurchaseUnderWayError
    raise NotBuyableError(reason=against.outcome, why=outcomes.sentence(against.outcome, against.params))
