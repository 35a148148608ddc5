"""Costs and counted stock from another system: a port, a CSV adapter, and taking over what they say."""
