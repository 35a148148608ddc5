"""Writes: pins, selections as they are made, what became of them."""
