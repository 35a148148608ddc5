"""Orders that waited for their money."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from funds import facade as funds
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish
from promotions import facade as promotions
from purchases.events import OrderPaid
from purchases.orders.models import Order
from purchases.orders.values import payment_time
from stores import facade as stores

from .goods import sale_key, stock_lines
from .moving import step, store_ids
from .refunding import refund_all

LATE = "late payment"


@transaction.atomic
def mark_paid(*, order_id: UUID, at: datetime) -> Order | None:
    """All money of a waiting order is in escrow: what was set aside for it is sold. Harmless twice.

    Money for an order that is over goes back at once. None where the id is no order of ours.
    """
    order = _found(order_id)
    if order is None:
        return None
    if order.state in {Order.State.CANCELLED, Order.State.EXPIRED}:
        refund_all(order, key="over", reason="paid when it was over", at=at)
    if order.state != Order.State.PLACED:
        return order
    step(order, Order.State.PAID, actor_id=None, at=at)
    stores.sell_stock(
        lines=stock_lines(order), idem_key=sale_key(order.pk), was_reserved=True, cause=f"order:{order.pk}"
    )
    _tell_paid(order, at)
    return order


@transaction.atomic
def revive_order(*, order_id: UUID, at: datetime) -> bool:
    """The money for an expired order came in late and is in the wallet: sell it after all where everything is there.

    At the prices and with the benefits it was placed with. Where goods, a promotion's uses or money are missing nothing
    happens: the money is the customer's already. Whether it was sold.
    """
    order = _found(order_id)
    if order is None or order.state != Order.State.EXPIRED:
        return False
    try:
        with transaction.atomic():
            _sell_late(order, at)
    except (
        funds.InsufficientFundsError,
        funds.OrderPaymentExistsError,
        promotions.CampaignUsedUpError,
        stores.InsufficientStockError,
    ):
        return False
    return True


def _found(order_id: UUID) -> Order | None:
    """Funds hold payments for whoever asks: not every id is an order's."""
    return next(iter(lock(LockRank.ORDER, Order.objects.filter(pk=order_id))), None)


def _sell_late(order: Order, at: datetime) -> None:
    step(order, Order.State.PAID, actor_id=None, at=at, note=LATE)
    promotions.take_uses(
        order_id=order.pk, customer_id=order.customer_id, rule_ids=rules_of(order), coupon_codes=order.coupons
    )
    stores.sell_stock(lines=stock_lines(order), idem_key=sale_key(order.pk), cause=f"order:{order.pk}")
    funds.pay_new_order(
        order_id=order.pk,
        customer_id=order.customer_id,
        total=order.total,
        from_wallet=order.total,
        lasts=payment_time(),
    )
    _tell_paid(order, at)


def rules_of(order: Order) -> set[UUID]:
    """Discounts and campaigns that the order used."""
    benefits = [*order.applied_benefits, *(one for line in order.lines.all() for one in line.applied_benefits)]
    return {UUID(benefit["rule"]) for benefit in benefits if benefit["kind"] != "flash"}


def _tell_paid(order: Order, at: datetime) -> None:
    publish(
        OrderPaid(
            order_id=order.pk,
            customer_id=order.customer_id,
            store_ids=store_ids(order),
            total=Money(order.total_minor, order.currency),
            paid_at=at,
        )
    )
