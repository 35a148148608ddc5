"""Orders: how long they wait, how long they can come back."""

from .env import env

# An order that waits for a provider's part of its money is over after so many minutes.
ORDER_PAYMENT_MINUTES = env.int("ORDER_PAYMENT_MINUTES", default=30)
# So many orders of one customer may wait at a time: each keeps goods from others.
MAX_WAITING_ORDERS = env.int("MAX_WAITING_ORDERS", default=3)
# Goods can be given back for so many days after delivery; then the order is closed.
RETURN_DAYS = env.int("RETURN_DAYS", default=30)
