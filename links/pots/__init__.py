"""Pots: money that several people put together for one list or one gift, and how it leaves."""
