"""The back office's view of funds: books are for looking; whatever acts goes through services."""

from .ledger import admin as ledger
from .payments import admin as payments

__all__ = ["ledger", "payments"]
