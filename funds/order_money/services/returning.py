"""Money that came through a provider for an order goes back there when the order is refunded."""

import logging
from uuid import UUID

from django.db import transaction

from funds.ledger.errors import InsufficientFundsError
from funds.order_money.models import OrderPayment
from funds.payments.errors import NotRefundableError
from funds.payments.models import ProviderPayment
from funds.payments.services import request_refund
from funds.payments.services.refunds import refundable
from marketplace.core.money import Money

logger = logging.getLogger(__name__)


@transaction.atomic
def return_to_source(*, order_id: UUID, amount: Money, reason: str) -> Money:
    """Send what was refunded of an order on to the provider that brought it; what stays in the wallet.

    The provider's part goes back first, up to what one payment brought (what was paid twice was never the order's);
    the rest was the wallet's. Money that the customer has spent meanwhile, and a payment that is disputed, stay.
    """
    for payment in _payments_for(order_id):
        part = min(amount, refundable(payment))
        if not part:
            continue
        try:
            with transaction.atomic():
                request_refund(payment_id=payment.pk, amount=part, reason=reason, requested_by=None)
        except NotRefundableError as error:
            logger.info("not refundable through this payment", extra={"order": str(order_id), "why": error.code})
            continue
        except InsufficientFundsError as error:
            logger.info("refund stays in the wallet", extra={"order": str(order_id), "why": error.code})
            return amount
        return amount - part
    return amount


def _payments_for(order_id: UUID) -> list[ProviderPayment]:
    paid = OrderPayment.objects.filter(
        order_id=order_id,
        deposit__isnull=False,
        state__in=[OrderPayment.State.PAID, OrderPayment.State.PARTLY_REFUNDED, OrderPayment.State.REFUNDED],
    )
    # By deposit, as they are locked.
    return list(ProviderPayment.objects.filter(deposit__in=paid.values("deposit")).order_by("deposit", "pk"))
