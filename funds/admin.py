"""The back office's view of funds: books are for looking; whatever acts goes through services."""

from .ledger import admin as ledger
from .order_money import admin as order_money
from .payments import admin as payments
from .wallets import admin as wallets

__all__ = ["ledger", "order_money", "payments", "wallets"]
