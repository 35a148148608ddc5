"""Writes of the customers slice, by topic: profiles, segments, orders and tiers, many at once."""
