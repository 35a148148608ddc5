"""Procurement: from whom goods come, what was ordered, what has arrived."""
