"""The table's rows about wallets and payments."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from funds.events import (
    BalanceLow,
    DepositCredited,
    DepositRejected,
    DepositReturned,
    OrderPaymentFailed,
    PaymentSetAside,
    PaymentTaskParked,
    PayoutRefused,
    PayoutSettled,
)
from marketplace.core.events import json_ready

from .values import IN_INBOX, IN_INBOX_AND_MAIL, Cause, Kind

MAY_DECIDE_ABOUT_MONEY: Final = "funds.add_decision"

MONEY: Final = (
    Kind(
        code="deposit_credited",
        name=_("Deposits that arrived"),
        title=_("%(amount)s in your wallet"),
        body=_("Your deposit of %(amount)s has arrived and can be spent."),
        by_push=True,
        may_wait=True,
        required=IN_INBOX,
        cause=Cause(
            event=DepositCredited,
            customer=lambda event: event.customer_id,
            subject=lambda event: event.deposit_id,
            params=lambda event: {"deposit": str(event.deposit_id), "amount": json_ready(event.amount)},
        ),
    ),
    Kind(
        code="deposit_rejected",
        name=_("Deposits that were refused"),
        title=_("Your deposit was refused"),
        body=_("The deposit of %(amount)s was refused by the payment provider. Nothing was charged."),
        by_push=True,
        required=IN_INBOX,
        cause=Cause(
            event=DepositRejected,
            customer=lambda event: event.customer_id,
            subject=lambda event: event.deposit_id,
            params=lambda event: {"deposit": str(event.deposit_id), "amount": json_ready(event.amount)},
        ),
    ),
    Kind(
        code="deposit_returned",
        name=_("Deposits that went back"),
        title=_("%(amount)s went back to your means of payment"),
        body=_("%(amount)s of your deposit went back to where it came from and left your wallet."),
        by_mail=True,
        required=IN_INBOX,
        cause=Cause(
            event=DepositReturned,
            customer=lambda event: event.customer_id,
            subject=lambda event: event.journal_id,
            params=lambda event: {"deposit": str(event.deposit_id), "amount": json_ready(event.amount)},
        ),
    ),
    Kind(
        code="withdrawal_settled",
        name=_("Withdrawals that arrived"),
        title=_("Your withdrawal of %(amount)s is on your account"),
        body=_("We sent %(amount)s to your bank account."),
        by_mail=True,
        by_push=True,
        required=IN_INBOX_AND_MAIL,
        cause=Cause(
            event=PayoutSettled,
            customer=lambda event: event.customer_id,
            subject=lambda event: event.payout_id,
            params=lambda event: {"payout": str(event.payout_id), "amount": json_ready(event.amount)},
        ),
    ),
    Kind(
        code="withdrawal_refused",
        name=_("Withdrawals that were refused"),
        title=_("Your withdrawal was refused"),
        body=_("The bank did not take %(amount)s. The money is back in your wallet; please check the account number."),
        by_mail=True,
        by_push=True,
        required=IN_INBOX_AND_MAIL,
        cause=Cause(
            event=PayoutRefused,
            customer=lambda event: event.customer_id,
            subject=lambda event: event.payout_id,
            params=lambda event: {"payout": str(event.payout_id), "amount": json_ready(event.amount)},
        ),
    ),
    Kind(
        code="payment_parked",
        name=_("For the house: payments that need a person"),
        title=_("A payment needs you"),
        body=_("A payment task (%(kind)s) could not be finished by itself. The money is untouched; please look at it."),
        by_mail=True,
        required=IN_INBOX,
        cause=Cause(
            event=PaymentTaskParked,
            staff_permission=MAY_DECIDE_ABOUT_MONEY,
            subject=lambda event: f"{event.task_id}:{event.attempts}",
            params=lambda event: {"task": str(event.task_id), "kind": event.kind},
        ),
    ),
    Kind(
        code="payment_set_aside",
        name=_("For the house: payments that do not match"),
        title=_("A payment does not match"),
        body=_("A payment at the provider does not match what was asked for. It moved no money; please decide."),
        by_mail=True,
        required=IN_INBOX,
        cause=Cause(
            event=PaymentSetAside,
            staff_permission=MAY_DECIDE_ABOUT_MONEY,
            subject=lambda event: event.payment_id,
            params=lambda event: {"payment": str(event.payment_id), "reason": event.reason},
        ),
    ),
    Kind(
        code="low_balance",
        name=_("Low balance"),
        title=_("Your balance is low: %(available)s"),
        body=_("Your wallet holds %(available)s, less than the %(threshold)s you want to be told about."),
        by_push=True,
        may_wait=True,
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
        name=_("Payments of orders that failed"),
        title=_("Your order could not be paid"),
        body=_("The payment of %(total)s did not come about. What came in is in your wallet; you can pay again."),
        by_mail=True,
        by_push=True,
        required=IN_INBOX,
        cause=Cause(
            event=OrderPaymentFailed,
            customer=lambda event: event.customer_id,
            subject=lambda event: event.payment_id,
            params=lambda event: {"order": str(event.order_id), "total": json_ready(event.total)},
        ),
    ),
)
