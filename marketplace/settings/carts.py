"""Carts: how long a stranger's waits, and how it becomes part of the account's at log-in."""

from .env import env

# Strangers' carts that nobody changed for so many days are dropped.
CART_DAYS = env.int("CART_DAYS", default=30)
# A callable `(MergeScene) -> Sequence[Outcome]` (purchases/carts/merging.py, docs/carts.md).
CART_MERGE_STRATEGY = env.str("CART_MERGE_STRATEGY", default="purchases.carts.merging.sum_up_to_stock")
