"""Reserved units that are being paid through a provider, and their moments moved about."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from funds.models import Deposit, OrderPayment
from funds.payments.services import fund_wallets
from marketplace.core.clock import read_db_now
from marketplace.core.money import Money
from promotions.contracts import ReservationCard
from promotions.flash.services.claims import reserve_unit
from promotions.models import ActiveHold, PromoUnit, Reservation
from purchases.checkout.values import PaymentPlan
from purchases.flash_sales.services import SETTLING, complete_reservation
from purchases.models import Order

PRICE = 19_900
"""Of a unit of the factories' promotions."""
SANDBOX = PaymentPlan(provider="sandbox")


def half_and_half() -> PaymentPlan:
    """99.00 from the wallet, the rest through the provider."""
    return PaymentPlan(provider="sandbox", from_wallet=Money(9_900, "MXN"), from_provider=Money(PRICE - 9_900, "MXN"))


def being_paid(promo: Any, customer: Any, plan: PaymentPlan = SANDBOX) -> tuple[ReservationCard, Order]:
    """The customer's unit, and its order that waits for the provider's money."""
    card = reserve_unit(promo_id=promo.pk, customer_id=customer.pk).card
    return card, complete(card, plan)


def complete(card: ReservationCard, plan: PaymentPlan | None = None) -> Order:
    """As the view does it."""
    return complete_reservation(
        reservation_id=card.reservation_id, customer_id=card.customer_id, at=timezone.now(), plan=plan
    )


def move_end(order: Order, until: datetime, *, settling: timedelta = SETTLING) -> None:
    """The unit's hold ends at `until`, everywhere, and what is paid for it so much earlier."""
    reservation = Reservation.objects.get(order_id=order.pk)
    PromoUnit.objects.filter(pk=reservation.unit_id, claim_no=reservation.claim_no).update(held_until=until)
    ActiveHold.objects.filter(reservation_id=reservation.pk).update(until=until)
    Reservation.objects.filter(pk=reservation.pk).update(expires_at=until)
    Order.objects.filter(pk=order.pk).update(expires_at=until - settling)
    OrderPayment.objects.filter(order_id=order.pk).update(expires_at=until - settling)


def let_time_pass(order: Order) -> None:
    """Its hold and the time to pay it are over since a moment ago."""
    move_end(order, read_db_now() - timedelta(milliseconds=1))


def credit(order: Order, at: datetime | None = None) -> Deposit:
    """The provider's money is in the wallet; nobody has said so yet."""
    deposit = Deposit.objects.get(order_id=order.pk)
    fund_wallets(rows=[(deposit.customer_id, Money(deposit.amount_minor, deposit.currency), f"credit:{deposit.pk}")])
    Deposit.objects.filter(pk=deposit.pk).update(credited_at=at or read_db_now(), state="credited")
    return deposit
