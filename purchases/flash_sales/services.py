"""The sale of a reserved unit."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from funds import facade as funds
from marketplace.core.ids import uuid7
from promotions import facade as promotions
from promotions.contracts import ClaimedSale
from purchases.orders.models import Order
from purchases.orders.services import record_paid_order
from purchases.orders.values import SoldLine
from stores import facade as stores
from stores.contracts import VariantCard


@transaction.atomic
def complete_reservation(*, reservation_id: UUID, customer_id: UUID, at: datetime) -> Order:
    """Sell the reserved unit to its holder: order, stock and money, or nothing at all.

    The claim's fencing number decides: a holder whose minute is over loses, whatever the race. A reservation
    that was completed before answers with its order. Raises `ReservationNotFoundError`, `ReservationLapsedError`,
    `ReservationCancelledError`, `InsufficientFundsError` (the hold then stays until its minute ends).
    """
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


def _line(sale: ClaimedSale, card: VariantCard) -> SoldLine:
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
        applied_benefits=(
            {
                "rule": str(sale.promo_id),
                "kind": "flash",
                "version": sale.promo_version,
                "amount_minor": max(0, saved.minor),
            },
        ),
    )
