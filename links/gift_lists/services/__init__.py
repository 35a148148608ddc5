"""Writes of gift lists, by topic."""
