"""What a process has loaded by the time it begins to work."""

import gc

from django.urls import get_resolver


def keep_what_is_loaded() -> None:
    """What is there by now never becomes garbage, and no collection looks through it again.

    A full one over all of Django and the product takes a fifth of a second, in the middle of somebody's request.
    """
    gc.collect()
    gc.freeze()


def load_routes() -> None:
    """Every view with all it needs; else the first request does."""
    _loaded = get_resolver().url_patterns
