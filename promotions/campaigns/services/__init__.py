"""Writes of campaigns: `planning` for their terms, `lifecycle` for their states, `usage` for the count of uses."""
