"""Orders that waited for their money."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from funds import facade as funds
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish
from promotions import facade as promotions
from purchases.events import OrderExpired, OrderPaid, ReservedUnitMissed
from purchases.orders.models import Order
from stores import facade as stores

from .counting import count_purchases, lines_with_products
from .goods import release_goods, reservation_of, sale_key, stock_lines
from .moving import step, store_ids
from .refunding import refund_all

LATE = "late payment"
UNIT_GONE = "the reserved unit went to somebody else"


@transaction.atomic
def mark_paid(*, order_id: UUID, at: datetime) -> Order | None:
    """All money of a waiting order is in escrow: what was set aside for it is sold. Harmless twice.

    Money for an order that is over goes back at once, and so does that for a flash promotion's unit which somebody else
    has by now: such an order ends here. None where the id is no order of ours.
    """
    order = _found(order_id)
    if order is None:
        return None
    if order.state in {Order.State.CANCELLED, Order.State.EXPIRED}:
        # The key of whatever ended it: if that has given the money back, this does nothing more.
        refund_all(order, key=order.state, reason="paid when it was over", at=at)
    elif order.state == Order.State.PLACED:
        sell_or_end(order, at)
    return order


def sell_or_end(order: Order, at: datetime) -> None:
    """A locked order that waited has its money: it is sold, or over where its reserved unit is somebody else's."""
    try:
        with transaction.atomic():
            sell_waiting(order, at)
    except promotions.ReservationLapsedError:
        promotions.excuse_lapse(reservation_id=reservation_of(order))
        step(order, Order.State.EXPIRED, actor_id=None, at=at, note=UNIT_GONE)
        # The money goes back by its own event: payments come before units in the house order.
        publish(order_expired(order, at), ReservedUnitMissed(order_id=order.pk))


def order_expired(order: Order, at: datetime) -> OrderExpired:
    """The fact."""
    return OrderExpired(
        order_id=order.pk, customer_id=order.customer_id, store_ids=store_ids(order), total=order.total, expired_at=at
    )


def sell_waiting(order: Order, at: datetime, *, note: str = "") -> None:
    """A locked order has its money: what was set aside for it is sold. Raises `ReservationLapsedError`."""
    if order.source == Order.Source.FLASH:
        promotions.claim_paid_unit(reservation_id=reservation_of(order), order_id=order.pk)
    step(order, Order.State.PAID, actor_id=None, at=at, note=note)
    stores.sell_stock(
        lines=stock_lines(order), idem_key=sale_key(order.pk), was_reserved=True, cause=f"order:{order.pk}"
    )
    _tell_paid(order, at)


@transaction.atomic
def revive_order(*, order_id: UUID, deposit_id: UUID, at: datetime) -> bool:
    """The deposit for an order came in too late: sell it after all where everything is there; whether it was sold.

    At the prices and with the benefits it was placed with, by the payment that the deposit was made for. Where goods, a
    promotion's uses, a voucher, a reserved unit or money are missing, or the payment was called off, nothing happens:
    the money is the customer's.
    """
    order = _found(order_id)
    if order is None or order.state not in {Order.State.PLACED, Order.State.EXPIRED}:
        return False
    payment = funds.late_payment(order_id=order_id, deposit_id=deposit_id)
    if payment is None:
        return False
    # A reserved unit is set aside by its promotion, for whoever has claimed it last.
    keeps_goods = order.state == Order.State.PLACED or order.source == Order.Source.FLASH
    sell = sell_waiting if keeps_goods else _sell_again
    try:
        with transaction.atomic():
            sell(order, at, note=LATE)
            funds.pay_late(payment_id=payment.payment_id)
    except promotions.ReservationLapsedError:
        promotions.excuse_lapse(reservation_id=reservation_of(order))
        return False
    except (
        funds.InsufficientFundsError,
        funds.OrderPaymentExistsError,
        promotions.CampaignUsedUpError,
        promotions.VoucherGoneError,
        stores.InsufficientStockError,
    ):
        return False
    return True


def _found(order_id: UUID) -> Order | None:
    """Funds hold payments for whoever asks: not every id is an order's."""
    return next(iter(lock(LockRank.ORDER, Order.objects.filter(pk=order_id))), None)


def _sell_again(order: Order, at: datetime, *, note: str) -> None:
    """An expired order: its goods and uses may be free again, or the event that frees them is still on its way."""
    step(order, Order.State.PAID, actor_id=None, at=at, note=note)
    owner = {"order_id": order.pk, "customer_id": order.customer_id}
    promotions.take_uses(rule_ids=rules_of(order), coupon_codes=order.coupons, **owner)
    promotions.take_vouchers(voucher_ids=vouchers_of(order), at=at, **owner)
    release_goods(order)
    stores.sell_stock(lines=stock_lines(order), idem_key=sale_key(order.pk), cause=f"order:{order.pk}")
    _tell_paid(order, at)


def rules_of(order: Order) -> set[UUID]:
    """Discounts and campaigns that the order used."""
    return {rule for kind, rule in _benefits_of(order) if kind not in {"flash", "loyalty"}}


def vouchers_of(order: Order) -> set[UUID]:
    """Loyalty vouchers that the order used."""
    return {rule for kind, rule in _benefits_of(order) if kind == "loyalty"}


def _benefits_of(order: Order) -> set[tuple[str, UUID]]:
    benefits = [*order.applied_benefits, *(one for line in order.lines.all() for one in line.applied_benefits)]
    return {(benefit["kind"], UUID(benefit["rule"])) for benefit in benefits}


def _tell_paid(order: Order, at: datetime) -> None:
    count_purchases(order, lines_with_products(order), at=at)
    publish(
        OrderPaid(
            order_id=order.pk,
            customer_id=order.customer_id,
            store_ids=store_ids(order),
            total=Money(order.total_minor, order.currency),
            paid_at=at,
        )
    )
