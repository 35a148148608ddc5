"""Writes of the accounts slice, by topic: registration and mail links, sessions, administration."""
