"""Models of the context, re-exported: Django looks for them here."""

from .ledger.models import Account, AccountDelta, Hold, Journal, Posting
from .order_money.models import OrderMoney, OrderPayment, OrderRefund, PartMoney
from .payments.models import (
    Decision,
    Deposit,
    FundsPolicy,
    PaymentAttempt,
    PaymentEvent,
    PaymentTask,
    Payout,
    ProviderCircuit,
    ProviderEvent,
    ProviderPayment,
    ReconciliationFinding,
    ReconciliationRun,
    Refund,
)
from .wallets.models import StatementNote, WalletSettings

__all__ = [
    "Account",
    "AccountDelta",
    "Decision",
    "Deposit",
    "FundsPolicy",
    "Hold",
    "Journal",
    "OrderMoney",
    "OrderPayment",
    "OrderRefund",
    "PartMoney",
    "PaymentAttempt",
    "PaymentEvent",
    "PaymentTask",
    "Payout",
    "Posting",
    "ProviderCircuit",
    "ProviderEvent",
    "ProviderPayment",
    "ReconciliationFinding",
    "ReconciliationRun",
    "Refund",
    "StatementNote",
    "WalletSettings",
]
