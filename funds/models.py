"""Models of the context, re-exported: Django looks for them here."""

from .ledger.models import Account, AccountDelta, Hold, Journal, Posting
from .payments.models import Deposit, PaymentAttempt, PaymentTask, ProviderPayment
from .wallets.models import StatementNote

__all__ = [
    "Account",
    "AccountDelta",
    "Deposit",
    "Hold",
    "Journal",
    "PaymentAttempt",
    "PaymentTask",
    "Posting",
    "ProviderPayment",
    "StatementNote",
]
