"""What other contexts may ask of funds."""

from .contracts import (
    OrderMoneyLog,
    OrderMoneyStep,
    OrderPaymentCard,
    PartRefund,
    PartSettlement,
    PartShares,
    PaymentReceipt,
    PurchaseHold,
    RefundReceipt,
    WalletBalance,
)
from .figures import kpis
from .ledger.errors import InsufficientFundsError, KeyReusedError
from .ledger.selectors import trial_balance
from .ledger.services import capture_hold, release_hold
from .order_money.api.payments import PaymentsViewSet
from .order_money.errors import OrderNotPaidError, OrderPaymentExistsError, RefundExceedsPaidError
from .order_money.log import order_money_log
from .order_money.selectors import order_payment
from .order_money.services.payments import (
    call_off_order_payment,
    cancel_order_payment,
    expire_order_payment,
    is_order_paid,
    late_payment,
    pay_late,
    pay_new_order,
    start_order_payment,
)
from .order_money.services.settlement import pay_order_from_hold, refund_order, settle_order
from .payments.services import fund_wallets
from .verification import verify_books
from .wallets.errors import WeeklyLimitError
from .wallets.selectors import balances_of, wallets_of
from .wallets.services import hold_for_purchase, order_escrow, pay_order

__all__ = [
    "InsufficientFundsError",  # 409 insufficient_funds with `missing` and `currency`
    "KeyReusedError",  # raised when the same key comes with other content
    "OrderMoneyLog",  # what `order_money_log` answers
    "OrderMoneyStep",  # one step of it
    "OrderNotPaidError",  # 409 order_not_paid: the books know no such payment of this customer
    "OrderPaymentCard",  # what `start_order_payment` and `cancel_order_payment` answer
    "OrderPaymentExistsError",  # 409 order_payment_exists: one payment of an order is alive at a time
    "PartRefund",  # what goes back of one store's share of an order
    "PartSettlement",  # one store's share of a delivered order
    "PartShares",  # who has what of a part's money, in `OrderMoneyLog`
    "PaymentReceipt",  # what `pay_order` and `pay_order_from_hold` answer
    "PaymentsViewSet",  # how the API shows payments of orders, for whoever adds how to make one
    "PurchaseHold",  # what `hold_for_purchase` answers
    "RefundExceedsPaidError",  # 409 refund_exceeds_paid with what is `left`
    "RefundReceipt",  # what `refund_order` answers
    "WalletBalance",  # what `wallets_of` answers
    "WeeklyLimitError",  # 409 weekly_limit_exceeded with what is `left` of the week
    "balances_of",  # wallets of many customers in one query
    "call_off_order_payment",  # end the waiting payment of an order that is over; whether it was paid before
    "cancel_order_payment",  # call off a payment that waits; the wallet's part is free again
    "capture_hold",  # pay a hold or part of it to its payee
    "expire_order_payment",  # end the waiting payment of an order whose time is over; whether the order is paid
    "fund_wallets",  # many wallets credited set-wise through real deposits, for demo data; harmless twice
    "hold_for_purchase",  # set money aside for an automatic purchase, within the weekly limit
    "is_order_paid",  # whether a payment of the order has been made, in the caller's transaction
    "kpis",  # figures for the dashboard
    "late_payment",  # the expired payment whose deposit came in after all, locked for `pay_late`
    "order_escrow",  # the payee of holds that are to pay orders
    "order_money_log",  # payments, settlements and refunds of an order, and who has what of its parts; five queries
    "order_payment",  # the newest try to pay an order; one query
    "pay_late",  # pay an order by its late payment, in the caller's transaction
    "pay_new_order",  # as `start_order_payment`, for an order of the caller's own transaction; locks the wallet alone
    "pay_order",  # wallet to escrow in one call, once per order, inside the caller's transaction
    "pay_order_from_hold",  # the same with money that was held; the rest of the hold is free
    "refund_order",  # money of an order back into the wallet, before or after settlement, once per key
    "release_hold",  # free what is left of a hold; harmless twice
    "settle_order",  # at delivery: escrow to store, commission and tax, once per part
    "start_order_payment",  # wallet, provider or both; answers paid or awaiting, `OrderPayment…` events tell the rest
    "trial_balance",  # the books by currency and kind
    "verify_books",  # every broken invariant; an empty list is health
    "wallets_of",  # a customer's wallets in one query
]
