"""The whole context's books, checked against all their rules."""

from datetime import datetime

from .ledger.invariants import LEDGER
from .ledger.verification import Fault, find_faults
from .order_money.invariants import ORDER_MONEY
from .payments.invariants import PAYMENTS


def verify_books(*, at: datetime, is_full: bool) -> list[Fault]:
    """Ask every invariant (the fast ones only, unless full); an empty list is a healthy ledger."""
    return find_faults((*LEDGER, *PAYMENTS, *ORDER_MONEY), at=at, is_full=is_full)
