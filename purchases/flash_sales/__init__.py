"""Completing a flash reservation: the unit, the order, the stock and the money in one transaction."""
