"""The one table of what people are told: kind, words, channels, and which fact of which context causes it.

A context that wants its customers told publishes an event; the row here says the rest. Words are templates over the
message's parameters, translated when somebody reads. Nobody registers from below: this table is the whole truth.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from funds.events import BalanceLow, DepositCredited, DepositRejected, OrderPaymentFailed
from marketplace.core.events import Event, json_ready
from purchases import facade as purchases
from purchases.events import OrderDelivered, OrderPaid
from users.events import EmailVerified

Params = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """An event that is about one customer: who, about what (same subject, same message), and what the words need."""

    event: type[Event]
    customer: Callable[[Any], UUID]
    subject: Callable[[Any], object]
    params: Callable[[Any], Params] = lambda _event: {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A sort of message. Without a `cause` the code that tells it decides when (an audience, staff)."""

    code: str
    title: str | Promise
    body: str | Promise
    by_mail: bool = False
    cause: Cause | None = None


ANNOUNCEMENT: Final = "announcement"
FLASH_STARTED: Final = "flash_started"


def _order_params(event: OrderPaid | OrderDelivered) -> Params:
    card = purchases.order_card(event.order_id)
    return {
        "order": str(card.order_id),
        "number": card.number,
        "item": card.first_item,
        "total": json_ready(card.total),
    }


_TABLE = (
    Kind(
        code=FLASH_STARTED,
        title=_("Flash promotion near you: %(product)s"),
        body=_("%(product)s for %(price)s at %(store)s, only while units last. Whoever takes one has a minute to pay."),
    ),
    Kind(
        code="order_paid",
        title=_("Order %(number)s is paid"),
        body=_("We received %(total)s for your order %(number)s (%(item)s). Thank you!"),
        by_mail=True,
        cause=Cause(
            event=OrderPaid,
            customer=lambda event: event.customer_id,
            subject=lambda event: event.order_id,
            params=_order_params,
        ),
    ),
    Kind(
        code="order_delivered",
        title=_("Order %(number)s was delivered"),
        body=_("Your order %(number)s (%(item)s) has arrived. Enjoy it!"),
        cause=Cause(
            event=OrderDelivered,
            customer=lambda event: event.customer_id,
            subject=lambda event: event.order_id,
            params=_order_params,
        ),
    ),
    Kind(
        code="deposit_credited",
        title=_("%(amount)s in your wallet"),
        body=_("Your deposit of %(amount)s has arrived and can be spent."),
        cause=Cause(
            event=DepositCredited,
            customer=lambda event: event.customer_id,
            subject=lambda event: event.deposit_id,
            params=lambda event: {"deposit": str(event.deposit_id), "amount": json_ready(event.amount)},
        ),
    ),
    Kind(
        code="deposit_rejected",
        title=_("Your deposit was refused"),
        body=_("The deposit of %(amount)s was refused by the payment provider. Nothing was charged."),
        cause=Cause(
            event=DepositRejected,
            customer=lambda event: event.customer_id,
            subject=lambda event: event.deposit_id,
            params=lambda event: {"deposit": str(event.deposit_id), "amount": json_ready(event.amount)},
        ),
    ),
    Kind(
        code="low_balance",
        title=_("Your balance is low: %(available)s"),
        body=_("Your wallet holds %(available)s, less than the %(threshold)s you want to be told about."),
        cause=Cause(
            event=BalanceLow,
            customer=lambda event: event.customer_id,
            # Each fall below the threshold is a message of its own.
            subject=lambda event: f"{event.customer_id}:{event.threshold.currency}:{event.noticed_at.isoformat()}",
            params=lambda event: {
                "available": json_ready(event.available),
                "threshold": json_ready(event.threshold),
            },
        ),
    ),
    Kind(
        code="order_payment_failed",
        title=_("Your order could not be paid"),
        body=_("The payment of %(total)s did not come about. What came in is in your wallet; you can pay again."),
        cause=Cause(
            event=OrderPaymentFailed,
            customer=lambda event: event.customer_id,
            subject=lambda event: event.payment_id,
            params=lambda event: {"order": str(event.order_id), "total": json_ready(event.total)},
        ),
    ),
    Kind(
        code="welcome",
        title=_("Welcome!"),
        body=_("Your address is verified. Say where you are in your profile and we tell you about promotions nearby."),
        cause=Cause(
            event=EmailVerified,
            customer=lambda event: event.user_id,
            subject=lambda event: event.user_id,
        ),
    ),
    Kind(code=ANNOUNCEMENT, title="%(title)s", body="%(body)s"),
)

KINDS: Final = {kind.code: kind for kind in _TABLE}
