"""Writes of the payments slice, by topic: deposits, recording what providers show, refunds, payouts, decisions."""

from .debts import pay_debt
from .decisions import (
    accept_payment,
    adjust_wallet,
    approve_decision,
    dismiss_payment,
    give_up_task,
    refund_payment,
    refuse_payout_by_hand,
    reject_decision,
    retry_task,
    settle_payout_by_hand,
)
from .deposits import cancel_deposit, request_deposit, write_note
from .notifications import receive_notification
from .opening import fund_wallets
from .payouts import cancel_payout, request_store_payout, request_withdrawal
from .recording import record_reading
from .refunds import request_refund

__all__ = [
    "accept_payment",
    "adjust_wallet",
    "approve_decision",
    "cancel_deposit",
    "cancel_payout",
    "dismiss_payment",
    "fund_wallets",
    "give_up_task",
    "pay_debt",
    "receive_notification",
    "record_reading",
    "refund_payment",
    "refuse_payout_by_hand",
    "reject_decision",
    "request_deposit",
    "request_refund",
    "request_store_payout",
    "request_withdrawal",
    "retry_task",
    "settle_payout_by_hand",
    "write_note",
]
