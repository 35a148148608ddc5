"""How a purchase ends: its order went its way, or it came to nothing and everything is as before."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from funds import facade as funds
from links import facade as links
from marketplace.core.clock import db_now
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money
from purchases.autobuy.models import AutoPurchase, Plan, Schedule
from purchases.autobuy.moments import moment_of

from .plans import touch

State = AutoPurchase.State
ORDER_OVER = "order_over"


@transaction.atomic
def follow_order(*, order_id: UUID, at: datetime) -> bool:
    """The order of an automatic purchase was called off: the gift is wanted again, the pots have their money again.

    Whether it was one. Harmless twice.
    """
    purchase = _of_order(order_id)
    if purchase is None:
        return False
    plan = lock_for(purchase)
    purchase.refresh_from_db()
    if purchase.state != State.ORDERED:
        return False
    release(purchase, plan, reason=ORDER_OVER, at=at)
    give_pots_back(purchase)
    return True


@transaction.atomic
def note_delivered(*, order_id: UUID, cost: Money, at: datetime) -> bool:
    """The order of an automatic purchase arrived: so did the gift. Whether it was one. Harmless twice."""
    purchase = _of_order(order_id)
    if purchase is None:
        return False
    lock_for(purchase)
    arrived = AutoPurchase.objects.filter(pk=purchase.pk, state=State.ORDERED)
    if not arrived.update(state=State.BOUGHT, cost_minor=cost.minor, ended_at=at, updated_at=db_now()):
        return False
    links.mark_gift_received(gift_id=purchase.gift_id, at=at)
    return True


def lock_for(purchase: AutoPurchase) -> Plan:
    """The plan, then the gift: whoever changes a purchase holds both."""
    (plan,) = lock(LockRank.PLAN, Plan.objects.filter(customer=purchase.customer_id))
    links.lock_gift(purchase.gift_id)
    return plan


def release(purchase: AutoPurchase, plan: Plan, *, reason: str, at: datetime, gives_turn_back: bool = True) -> None:
    """Under both locks: it came to nothing. The gift is wanted again, a day's schedule has its turn again.

    Not (`gives_turn_back`) where the customer is asked about it anew: a question is the day's turn too.
    """
    purchase.state, purchase.reason, purchase.ended_at = State.RELEASED, reason, at
    purchase.save(update_fields=["state", "reason", "ended_at", "updated_at"])
    links.mark_gift_wanted(gift_id=purchase.gift_id)
    day = purchase.schedule
    if gives_turn_back and day is not None and day.kind == Schedule.Kind.ON_DATE and day.starts_on is not None:
        day.next_at = moment_of(day.starts_on)
        day.save(update_fields=["next_at", "updated_at"])
    plan.due_at, plan.cause = at, "funds"
    touch(plan, "due_at", "cause")


def give_pots_back(purchase: AutoPurchase) -> None:
    """What pots gave is in the wallet again, and goes back to them; who has spent it meanwhile gives what there is."""
    back = purchase.from_pots
    if not back:
        return
    balances = {each.currency: each.available for each in funds.wallets_of(purchase.customer_id)}
    there = balances.get(back.currency, Money.zero(back.currency))
    back = min(back, there, key=lambda money: money.minor)
    if back.minor > 0:
        links.return_to_pots(key=str(purchase.pk), amount=back)


def _of_order(order_id: UUID) -> AutoPurchase | None:
    return AutoPurchase.objects.filter(order=order_id).first()
