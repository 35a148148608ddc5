"""The sale of a reserved unit: at once from the wallet, or when a provider's money is here."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from funds import facade as funds
from marketplace.core.clock import read_db_now
from marketplace.core.ids import uuid7
from promotions import facade as promotions
from promotions.contracts import ClaimedSale, ReservedUnit
from purchases.checkout.values import PaymentPlan
from purchases.orders.models import Order
from purchases.orders.services import record_paid_order, write_order
from purchases.orders.values import OrderDraft, SoldLine
from stores import facade as stores
from stores.contracts import VariantCard

SETTLING: Final = timedelta(seconds=5)
"""The provider's money counts until so long before the unit's hold is over: what came in time has time to buy it."""


def complete_reservation(
    *, reservation_id: UUID, customer_id: UUID, at: datetime, plan: PaymentPlan | None = None
) -> Order:
    """Sell the reserved unit to its holder, from the wallet unless `plan` says otherwise.

    From the wallet: order, stock and money, or nothing at all. With a provider's part the hold is extended once, to
    `FLASH_PAYMENT_MINUTES` from now, and the order waits for the money. A reservation that became an order before
    answers with that, as long as it is paid or can be. Raises `ReservationNotFoundError`, `ReservationLapsedError`,
    `ReservationCancelledError`, `PaymentSplitError`, `UnknownProviderError`, `CurrencyMismatchError`,
    `InsufficientFundsError` (the hold then stays until its minute ends).
    """
    plan = plan or PaymentPlan()
    sell = _sell_on_payment if plan.provider else _sell_at_once
    try:
        return sell(reservation_id, customer_id, plan, at)
    except (promotions.ReservationBeingPaidError, promotions.ReservationCompletedError) as error:
        order = Order.objects.get(source=Order.Source.FLASH, source_key=str(reservation_id))
        if order.state == Order.State.EXPIRED:
            raise promotions.ReservationLapsedError from error
        if order.state == Order.State.CANCELLED and isinstance(error, promotions.ReservationBeingPaidError):
            raise promotions.ReservationCancelledError from error
        return order


def buy_reserved_unit(*, reservation_id: UUID, customer_id: UUID, at: datetime) -> Order:
    """`complete_reservation` from the wallet, for whoever shows the answer as a purchase: the order is paid.

    Raises the same, and `ReservationBeingPaidError` while an order of it waits for a provider's money.
    """
    order = complete_reservation(reservation_id=reservation_id, customer_id=customer_id, at=at)
    if order.state == Order.State.PLACED:
        raise promotions.ReservationBeingPaidError
    return order


@transaction.atomic
def _sell_at_once(reservation_id: UUID, customer_id: UUID, _plan: PaymentPlan, at: datetime) -> Order:
    """The claim's fencing number decides: a holder whose minute is over loses, whatever the race."""
    order_id = uuid7()
    sale = promotions.claim_sale(reservation_id=reservation_id, customer_id=customer_id, order_id=order_id)
    if sale.existing_order_id is not None:
        return Order.objects.get(pk=sale.existing_order_id)
    card = stores.variant_card(sale.variant_id)
    order = record_paid_order(
        order_id=order_id,
        customer_id=customer_id,
        source=Order.Source.FLASH,
        source_key=str(reservation_id),
        lines=[_line(sale, card)],
        at=at,
    )
    stores.sell_reserved_unit(
        variant_id=sale.variant_id,
        store_id=sale.store_id,
        idem_key=f"order:{order.id}",
        cause=f"order:{order.id}",
        actor_id=customer_id,
    )
    funds.pay_order(order_id=order.id, customer_id=customer_id, total=order.total)
    return order


@transaction.atomic
def _sell_on_payment(reservation_id: UUID, customer_id: UUID, plan: PaymentPlan, at: datetime) -> Order:
    """Hold the unit longer, once, and write the order that waits. The unit's stock stays set aside by its promotion."""
    order_id = uuid7()
    unit = promotions.hold_for_payment(
        reservation_id=reservation_id,
        customer_id=customer_id,
        order_id=order_id,
        lasts=timedelta(minutes=settings.FLASH_PAYMENT_MINUTES),
    )
    from_wallet = plan.wallet_part(unit.price)
    payable_until = unit.expires_at - SETTLING
    order = write_order(
        OrderDraft(
            order_id=order_id,
            customer_id=customer_id,
            source=Order.Source.FLASH,
            source_key=str(reservation_id),
            lines=(_line(unit, stores.variant_card(unit.variant_id)),),
            at=at,
            is_paid=False,
            expires_at=payable_until,
        )
    )
    funds.pay_new_order(
        order_id=order_id,
        customer_id=customer_id,
        total=order.total,
        from_wallet=from_wallet,
        provider=plan.provider,
        lasts=payable_until - read_db_now(),
    )
    return order


def _line(sale: ClaimedSale | ReservedUnit, card: VariantCard) -> SoldLine:
    saved = card.price - sale.price
    return SoldLine(
        variant_id=card.variant_id,
        store_id=sale.store_id,
        sku=card.sku,
        name=card.name,
        quantity=1,
        list_price=card.price,
        total=sale.price,
        tax_bp=card.tax_bp,
        commission_bp=card.commission_bp,
        product_id=card.product_id,
        applied_benefits=(
            {
                "rule": str(sale.promo_id),
                "kind": "flash",
                "version": sale.promo_version,
                "name": card.name,
                "amount_minor": max(0, saved.minor),
            },
        ),
    )
