"""Procurement: suppliers, what they charge, orders to them, and what ought to be ordered."""
