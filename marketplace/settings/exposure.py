"""Selections: how long they are kept after they were last served, so that any place can be explained."""

from .env import env

# Not fewer than four: events about a place come up to 72 hours late.
EXPOSURE_SLATES_KEPT_DAYS = env.int("EXPOSURE_SLATES_KEPT_DAYS", default=14)
