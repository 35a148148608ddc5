"""What other contexts may ask of funds."""

from .contracts import PaymentReceipt, WalletBalance
from .figures import kpis
from .ledger.errors import InsufficientFundsError, KeyReusedError
from .ledger.selectors import trial_balance
from .payments.services import fund_wallets
from .verification import verify_books
from .wallets.selectors import balances_of, wallets_of
from .wallets.services import pay_order

__all__ = [
    "InsufficientFundsError",  # raised by `pay_order`: 409 insufficient_funds with `missing` and `currency`
    "KeyReusedError",  # raised when the same key comes with other content
    "PaymentReceipt",  # what `pay_order` answers
    "WalletBalance",  # what `wallets_of` answers
    "balances_of",  # wallets of many customers in one query
    "fund_wallets",  # many wallets credited set-wise through real deposits, for demo data; harmless twice
    "kpis",  # figures for the dashboard
    "pay_order",  # wallet to escrow in one call, once per order, inside the caller's transaction
    "trial_balance",  # the books by currency and kind
    "verify_books",  # every broken invariant; an empty list is health
    "wallets_of",  # a customer's wallets in one query
]
