"""Buying one gift: through the checkout, or by setting money aside and asking staff. Under the plan's lock, always.

In house order: the plan, the list and the gift, goods, pots and wallet. What is refused has written nothing.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from funds import facade as funds
from links import facade as links
from links.contracts import WantedGift
from marketplace.core.clock import db_now, read_db_now
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish, published_together
from purchases.autobuy.deciding import cost_of, obstacle, question
from purchases.autobuy.errors import (
    ChangedMeanwhileError,
    DeliveryAddressNeededError,
    NotWaitingError,
    PurchaseUnderWayError,
)
from purchases.autobuy.models import AutoPurchase, Plan, PurchaseTicket, Schedule
from purchases.autobuy.moments import following_moment
from purchases.autobuy.scene import house_terms
from purchases.autobuy.selectors import owes_pots
from purchases.autobuy.values import Rule, Verdict, Wish
from purchases.checkout.services import buy_for
from purchases.checkout.values import Wish as CheckoutWish
from purchases.events import AutoPurchaseAsked, AutoPurchaseMade
from purchases.orders.models import Order
from users import facade as users

from .plans import take_as_read

ASK_HOURS: Final = 48
"""To answer, where the plan does not say how long."""
GIVING_UP: Final = timedelta(hours=1)
"""The money of a ticket is on hold for so much longer than the ticket: given up in time, pots come before the owner."""
PAYING: Final = timedelta(minutes=5)
"""What the hold of an order says that is paid with it in the same statement."""

State = AutoPurchase.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """What is bought of whom at which price. `purchase` is new, or waits for the answer that came just now."""

    plan: Plan
    wish: Wish
    price: Money
    purchase: AutoPurchase
    keep: Money | None = None
    is_automatic: bool = True


@dataclass(frozen=True, slots=True)
class _SetAside:
    hold: "funds.PurchaseHold | None"
    from_pots: Money


@transaction.atomic
def buy(*, plan: Plan, verdict: Verdict, at: datetime, may_owe: bool = True) -> AutoPurchase:
    """Do what the engine decided, once everything is looked at again under the locks.

    `may_owe`: whether pots helped to pay something of the customer's before, as the plan was read.
    Raises `ChangedMeanwhileError`, `PurchaseUnderWayError`, and whatever the checkout or the wallet refuses. `plan` is
    as the engine read it; afterwards it has the version that the purchase left.
    """
    take_as_read(plan)
    wish = _as_decided(verdict, at)
    assert verdict.rule is not None
    assert wish.price is not None
    purchase = _new(plan, wish, wish.price, verdict.rule)
    made = make(Deal(plan=plan, wish=wish, price=wish.price, purchase=purchase, keep=verdict.rule.keep), at=at)
    # Asked with the wallet locked: a refund that it has seen is of an order that is seen to be over.
    if may_owe and owes_pots(plan.customer_id):
        raise ChangedMeanwhileError
    _use_turn(verdict.rule, at)
    plan.version += 1
    return made


@transaction.atomic
def ask(*, plan: Plan, verdict: Verdict, at: datetime) -> AutoPurchase:
    """Ask the customer first; the schedule's turn is used. Raises as `buy` does before it buys."""
    take_as_read(plan)
    wish = _as_decided(verdict, at)
    assert verdict.rule is not None
    assert wish.price is not None
    purchase = _new(plan, wish, wish.price, verdict.rule)
    put_question(purchase, reason=str(verdict.params["why"]), hours=plan.ask_hours or ASK_HOURS)
    _use_turn(verdict.rule, at)
    plan.version += 1
    return purchase


def put_question(purchase: AutoPurchase, *, reason: str, hours: int) -> None:
    """Write a new purchase down as a question. Raises `PurchaseUnderWayError`."""
    purchase.state, purchase.reason = State.ASKED, reason
    purchase.answer_by = read_db_now() + timedelta(hours=hours)
    _insert(purchase)
    publish(
        AutoPurchaseAsked(
            purchase_id=purchase.pk,
            customer_id=purchase.customer_id,
            gift_id=purchase.gift_id,
            price=purchase.price,
            reason=reason,
            answer_by=purchase.answer_by,
        )
    )


def make(deal: Deal, *, at: datetime) -> AutoPurchase:
    """Buy, with the plan and the gift locked: an order that is paid, or money on hold and a ticket for staff.

    Raises `PurchaseUnderWayError`, `NotWaitingError`, `DeliveryAddressNeededError`, `InsufficientFundsError`,
    `WeeklyLimitError`, and what `buy_for` raises.
    """
    purchase = deal.purchase
    with published_together():
        links.mark_gift_ordered(gift=deal.wish.gift)  # lists and gifts are locked before goods and money
        made = _order(deal, at) if deal.wish.gift.variant_id is not None else _queue(deal, at)
        publish(
            AutoPurchaseMade(
                purchase_id=purchase.pk,
                customer_id=purchase.customer_id,
                gift_id=purchase.gift_id,
                order_id=made.order_id,
                held=made.held,
            )
        )
    return made


def new_purchase(*, customer_id: UUID, gift: WantedGift, price: Money, schedule_id: UUID | None) -> AutoPurchase:
    """A try that is not written yet."""
    return AutoPurchase(
        customer_id=customer_id,
        gift_id=gift.gift_id,
        schedule_id=schedule_id,
        title=gift.title[:300],
        price_minor=price.minor,
        currency=price.currency,
    )


def _new(plan: Plan, wish: Wish, price: Money, rule: Rule) -> AutoPurchase:
    return new_purchase(customer_id=plan.customer_id, gift=wish.gift, price=price, schedule_id=rule.schedule_id)


def _as_decided(verdict: Verdict, at: datetime) -> Wish:
    """The wish as it is under the gift's lock. A catalogue's price and stock are looked at again by the checkout."""
    gift = links.locked_gift(verdict.gift_id)
    price = verdict.wish.price if gift.variant_id is not None else gift.price
    wish = replace(verdict.wish, gift=gift, price=price)
    terms = house_terms()
    assert verdict.rule is not None
    if price is None or price != verdict.wish.price or obstacle(wish, terms, at) is not None:
        raise ChangedMeanwhileError
    if verdict.outcome == "bought" and question(wish, price, verdict.rule, terms):
        raise ChangedMeanwhileError
    return wish


def _order(deal: Deal, at: datetime) -> AutoPurchase:
    purchase, plan, gift = deal.purchase, deal.plan, deal.wish.gift
    set_aside: list[_SetAside] = []

    def pay(order: Order) -> None:
        set_aside.append(_set_aside(deal, order.total, PAYING, at, order_id=order.pk))

    assert gift.variant_id is not None
    order = buy_for(
        wish=CheckoutWish(
            customer_id=plan.customer_id,
            variant_id=gift.variant_id,
            currency=deal.price.currency,
            source=Order.Source.AUTOBUY,
            source_key=str(purchase.pk),
            most=deal.price,
            address_id=plan.address_id,
        ),
        pay=pay,
        at=at,
    )
    return _write(deal, State.ORDERED, order.total, set_aside[0], order_id=order.pk)


def _queue(deal: Deal, at: datetime) -> AutoPurchase:
    purchase, plan, gift = deal.purchase, deal.plan, deal.wish.gift
    ship_to = users.address_snapshot(plan.customer_id, plan.address_id)
    if ship_to is None:
        raise DeliveryAddressNeededError
    cost = cost_of(deal.wish, deal.price, house_terms())
    lasts = timedelta(days=settings.AUTOBUY_HOLD_DAYS) + GIVING_UP
    set_aside = _set_aside(deal, cost, lasts, at)
    made = _write(deal, State.QUEUED, cost, set_aside)
    PurchaseTicket.objects.create(
        purchase=purchase,
        url=gift.url,
        snapshot_id=None if gift.page_id is None else links.latest_snapshot_id(gift.page_id),
        ship_to=ship_to,
        opened_at=at,
        due_at=at + timedelta(hours=settings.AUTOBUY_TICKET_HOURS),
        held_until=None if set_aside.hold is None else set_aside.hold.expires_at - GIVING_UP,
    )
    return made


def _set_aside(deal: Deal, amount: Money, lasts: timedelta, at: datetime, *, order_id: UUID | None = None) -> _SetAside:
    """Pots first, then the wallet; what is to stay there stays. An order that costs nothing needs nothing.

    With an order it is paid at once; without one the money waits for what staff buy in another shop.
    """
    nothing = Money.zero(amount.currency)
    if not amount:
        return _SetAside(None, nothing)
    purchase, gift = deal.purchase, deal.wish.gift
    from_pots = nothing
    if gift.gift_pot or gift.list_pot:
        from_pots = links.take_from_pots(gift_id=gift.gift_id, amount=amount, key=str(purchase.pk)).amount
    terms: dict[str, Any] = {"key": str(purchase.pk), "lasts": lasts, "at": at, "is_automatic": deal.is_automatic}
    if order_id is None:
        hold = funds.hold_for_purchase(
            customer_id=purchase.customer_id, payee=funds.outside_purchases(amount.currency), amount=amount, **terms
        )
    else:
        hold = funds.pay_order_automatically(order_id=order_id, customer_id=purchase.customer_id, total=amount, **terms)
    if deal.keep:
        _expect_left(purchase.customer_id, deal.keep)
    return _SetAside(hold, from_pots)


def _expect_left(customer_id: UUID, keep: Money) -> None:
    balances = {each.currency: each.available for each in funds.wallets_of(customer_id)}
    left = balances.get(keep.currency, Money.zero(keep.currency))
    if left < keep:
        raise funds.InsufficientFundsError(missing=f"{(keep - left).decimal:f}", currency=keep.currency)


def _write(deal: Deal, state: str, held: Money, set_aside: _SetAside, *, order_id: UUID | None = None) -> AutoPurchase:
    purchase = deal.purchase
    was_asked = purchase.state == State.ASKED
    purchase.state, purchase.order_id, purchase.price_minor = state, order_id, deal.price.minor
    purchase.held_minor, purchase.from_pots_minor = held.minor, set_aside.from_pots.minor
    purchase.hold_id = None if set_aside.hold is None else set_aside.hold.hold_id
    if not was_asked:
        _insert(purchase)
        return purchase
    names = ("state", "order_id", "price_minor", "held_minor", "from_pots_minor", "hold_id")
    in_time = AutoPurchase.objects.filter(pk=purchase.pk, state=State.ASKED, answer_by__gt=db_now())
    if not in_time.update(**{name: getattr(purchase, name) for name in names}, updated_at=db_now()):
        raise NotWaitingError
    return purchase


def _insert(purchase: AutoPurchase) -> None:
    """The constraint is what is left when every look has missed another engine's purchase."""
    try:
        purchase.save(force_insert=True)
    except IntegrityError as error:
        raise PurchaseUnderWayError from error


def _use_turn(rule: Rule, at: datetime) -> None:
    """Of a schedule with days. Whoever has read it before finds another version of the plan, and reads again."""
    if rule.kind not in {Schedule.Kind.ON_DATE, Schedule.Kind.INTERVAL}:
        return
    next_at = None
    if rule.kind == Schedule.Kind.INTERVAL and rule.starts_on is not None and rule.every_days:
        next_at = following_moment(starts_on=rule.starts_on, every_days=rule.every_days, after=at)
    Schedule.objects.filter(pk=rule.schedule_id).update(next_at=next_at, updated_at=db_now())
