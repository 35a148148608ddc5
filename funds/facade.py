"""What other contexts may ask of funds."""

from .contracts import (
    AutomaticRoom,
    OrderMoneyLog,
    OrderMoneyStep,
    OrderPaymentCard,
    PartRefund,
    PartSettlement,
    PartShares,
    PaymentReceipt,
    PotRefund,
    PurchaseHold,
    RefundReceipt,
    WalletBalance,
    WeekSum,
)
from .figures import funds_health, kpis
from .ledger.errors import HoldNotActiveError, InsufficientFundsError, KeyReusedError
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
from .order_money.services.settlement import pay_order_automatically, pay_order_from_hold, refund_order, settle_order
from .payments.services import fund_wallets
from .pots.selectors import pot_balances
from .pots.services import (
    contribute_to_pots,
    contribute_to_wallet,
    lock_pots,
    pay_from_pots,
    pay_into_pots,
    refund_contributions,
    return_to_contributors,
)
from .verification import verify_books
from .wallets.errors import WeeklyLimitError
from .wallets.selectors import automatic_room, balances_of, wallets_of, week_of
from .wallets.services import credit_reward, hold_for_purchase, outside_purchases, pay_order
from .wallets.weeks import week_sums_of

__all__ = [
    "AutomaticRoom",  # what `automatic_room` answers
    "HoldNotActiveError",  # 409 hold_not_active: captured, released, or its time has passed
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
    "PotRefund",  # what `refund_contributions` is told
    "PurchaseHold",  # what `hold_for_purchase` answers
    "RefundExceedsPaidError",  # 409 refund_exceeds_paid with what is `left`
    "RefundReceipt",  # what `refund_order` answers
    "WalletBalance",  # what `wallets_of` answers
    "WeekSum",  # what `week_sums_of` answers
    "WeeklyLimitError",  # 409 weekly_limit_exceeded with what is `left` of the week
    "automatic_room",  # what wallets and weekly limits leave to automatic purchases, of many; three queries
    "balances_of",  # wallets of many customers in one query
    "call_off_order_payment",  # end the waiting payment of an order that is over; whether it was paid before
    "cancel_order_payment",  # call off a payment that waits; the wallet's part is free again
    "capture_hold",  # pay a hold or part of it to its payee
    "contribute_to_pots",  # wallet to pots in one journal, once per key; its number
    "contribute_to_wallet",  # the same into another's wallet
    "credit_reward",  # house to a customer's wallet for a loyalty reward, once per key; the journal's number
    "expire_order_payment",  # end the waiting payment of an order whose time is over; whether the order is paid
    "fund_wallets",  # many wallets credited set-wise through real deposits, for demo data; harmless twice
    "funds_health",  # the trial balance and what of the money waits for a person; five queries
    "hold_for_purchase",  # set money aside for an automatic purchase within the weekly limit, or for one by hand
    "is_order_paid",  # whether a payment of the order has been made, in the caller's transaction
    "kpis",  # figures for the dashboard
    "late_payment",  # the expired payment whose deposit came in after all, locked for `pay_late`
    "lock_pots",  # lock pots and wallets in house order, before several calls move their money
    "order_money_log",  # payments, settlements and refunds of an order, and who has what of its parts; five queries
    "order_payment",  # the newest try to pay an order; one query
    "outside_purchases",  # the payee of holds for what staff buy in other shops
    "pay_from_pots",  # pots to a customer's wallet in one journal, once per key; its number
    "pay_into_pots",  # the same back
    "pay_late",  # pay an order by its late payment, in the caller's transaction
    "pay_new_order",  # as `start_order_payment`, for an order of the caller's own transaction; locks the wallet alone
    "pay_order",  # wallet to escrow in one call, once per order, inside the caller's transaction
    "pay_order_automatically",  # hold within the weekly limit and pay a new order with it at once
    "pay_order_from_hold",  # the same with money that was held; the rest of the hold is free
    "pot_balances",  # what pots hold, by id; one query
    "refund_contributions",  # pots to those who gave, a journal each, in one call
    "refund_order",  # money of an order back into the wallet, before or after settlement, once per key
    "release_hold",  # free what is left of a hold; harmless twice
    "return_to_contributors",  # a customer's wallet to those who gave, for pots that are closed; one journal
    "settle_order",  # at delivery: escrow to store, commission and tax, once per part
    "start_order_payment",  # wallet, provider or both; answers paid or awaiting, `OrderPayment…` events tell the rest
    "trial_balance",  # the books by currency and kind
    "verify_books",  # every broken invariant; an empty list is health
    "wallets_of",  # a customer's wallets in one query
    "week_of",  # the platform's week at a moment, that weekly limits count in
    "week_sums_of",  # what came in and went out of many wallets by week; three queries
]
