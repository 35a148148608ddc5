"""Prices: one pipeline for listing, cart, checkout and charge."""
