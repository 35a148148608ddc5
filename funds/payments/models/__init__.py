"""Payments with providers: intents, what the provider recorded, the queue, what staff decided, what was reconciled."""

from .decisions import Decision, FundsPolicy
from .deposits import Deposit
from .outgoing import Payout, Refund
from .provider_records import PaymentEvent, ProviderCircuit, ProviderEvent, ProviderPayment
from .reconciliation import ReconciliationFinding, ReconciliationRun
from .tasks import PaymentAttempt, PaymentTask

__all__ = [
    "Decision",
    "Deposit",
    "FundsPolicy",
    "PaymentAttempt",
    "PaymentEvent",
    "PaymentTask",
    "Payout",
    "ProviderCircuit",
    "ProviderEvent",
    "ProviderPayment",
    "ReconciliationFinding",
    "ReconciliationRun",
    "Refund",
]
