"""Prices with promotions that lists show: computed beforehand, anew whenever what they are made of changes."""
