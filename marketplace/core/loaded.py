"""What a process has loaded by the time it begins to work, and what it loads only when it needs it."""

import gc
from importlib import import_module
from typing import Any

from django.urls import get_resolver


class OnDemand:
    """A module that is loaded when something of it is first used.

    For libraries that are large and that most processes never need: each is a tenth of the time in which a command, a
    worker or a server starts. Everything else is imported at the top, where a mistake shows at once.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)


def keep_what_is_loaded() -> None:
    """What is there by now never becomes garbage, and no collection looks through it again.

    A full one over all of Django and the product takes a fifth of a second, in the middle of somebody's request.
    """
    gc.collect()
    gc.freeze()


def load_routes() -> None:
    """Every view with all it needs; else the first request does."""
    _loaded = get_resolver().url_patterns
