"""Writes of the slice: the terms, and the way through the states."""
