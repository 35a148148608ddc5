"""Carts: what somebody means to buy, signed in or not."""
