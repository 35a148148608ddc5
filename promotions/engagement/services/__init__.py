"""Writes of the slice, by topic."""
