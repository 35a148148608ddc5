"""Answers to a purchase that asked first, and the lack of one."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from links import facade as links
from marketplace.core.clock import db_now, read_db_now
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money
from purchases.autobuy.errors import NotWaitingError, PriceRoseError, PurchaseNotFoundError
from purchases.autobuy.models import AutoPurchase, Plan
from purchases.autobuy.scene import wishes_of
from purchases.autobuy.values import Wish

from .buying import Deal, make
from .by_hand import buyable
from .plans import locked_plan
from .waking import wake_customers

COSTS_MORE = "costs_more"
"""Why a purchase asks whose price staff have seen in the shop: no page says it."""

State = AutoPurchase.State


@transaction.atomic
def approve(*, purchase_id: UUID, customer_id: UUID, at: datetime, price: Money | None = None) -> AutoPurchase:
    """Yes: it is bought now. `price`: what the customer agrees to, where that is more than was asked about.

    Raises `PurchaseNotFoundError` (also for another's), `NotWaitingError`, `PriceRoseError`, `NotBuyableError`, and
    whatever the checkout or the wallet refuses; the question then stays.
    """
    plan = locked_plan(customer_id)
    purchase = _waiting(purchase_id, customer_id)
    wish = _wish(purchase, at)
    agreed = purchase.price if price is None else price
    assert wish.price is not None
    if wish.price > agreed:
        raise PriceRoseError(amount=f"{wish.price.decimal:f}", currency=wish.price.currency)
    links.note_seen_price(gift_id=purchase.gift_id, price=wish.price)
    deal = Deal(
        plan=plan, wish=wish, price=wish.price, purchase=purchase, is_automatic=purchase.schedule_id is not None
    )
    return make(deal, at=at)


@transaction.atomic
def decline(*, purchase_id: UUID, customer_id: UUID, at: datetime) -> AutoPurchase:
    """No: at this price it is left alone for some days. Raises `PurchaseNotFoundError`, `NotWaitingError`."""
    locked_plan(customer_id)
    purchase = _waiting(purchase_id, customer_id)
    purchase.state, purchase.ended_at = State.DECLINED, at
    purchase.save(update_fields=["state", "ended_at", "updated_at"])
    wake_customers([customer_id], cause="approval", at=at)
    return purchase


def lapse_unanswered(*, at: datetime) -> int:
    """End questions whose time is over by the database's clock; how many. Harmless twice, also at the same time."""
    due = AutoPurchase.objects.filter(state=State.ASKED, answer_by__lte=db_now())
    return sum(_lapse(customer_id, at) for customer_id in set(due.values_list("customer_id", flat=True)[:1_000]))


@transaction.atomic
def _lapse(customer_id: UUID, at: datetime) -> int:
    lock(LockRank.PLAN, Plan.objects.filter(customer=customer_id))
    due = AutoPurchase.objects.filter(customer=customer_id, state=State.ASKED, answer_by__lte=db_now())
    ended = due.update(state=State.LAPSED, ended_at=at, updated_at=db_now())
    if ended:
        wake_customers([customer_id], cause="approval", at=at)
    return ended


def _waiting(purchase_id: UUID, customer_id: UUID) -> AutoPurchase:
    """Its row changes under the plan's lock, which the caller holds."""
    purchase = AutoPurchase.objects.filter(pk=purchase_id, customer=customer_id).first()
    if purchase is None:
        raise PurchaseNotFoundError
    if purchase.state != State.ASKED or purchase.answer_by is None or purchase.answer_by <= read_db_now():
        raise NotWaitingError
    return purchase


def _wish(purchase: AutoPurchase, at: datetime) -> Wish:
    gift = links.locked_gift(purchase.gift_id)
    if purchase.reason == COSTS_MORE:
        gift = replace(gift, price=purchase.price, may_be_bought=True, availability="in_stock", read_at=at)
    found = wishes_of([gift], at=at, with_tries=False)
    if not found:
        raise NotWaitingError
    return buyable(found[0], at)
