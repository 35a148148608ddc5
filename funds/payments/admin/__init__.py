"""Payments in the back office: what providers did is for looking; whatever moves money is a decision."""

from . import decisions, money_in, money_out, queue, reconciliation

__all__ = ["decisions", "money_in", "money_out", "queue", "reconciliation"]
