"""Checkout: a cart becomes an order, with stock and money, or nothing happens."""
