"""Shipments: how the goods of an order get to the customer, and what that costs."""
