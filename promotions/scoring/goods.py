"""Models of the catalogue, for joins that only read: what is scored is all of it, and no key of ours leads to it."""

from typing import Any

from django.apps import apps


def goods(name: str) -> Any:
    """The model of `stores` with that name."""
    return apps.get_model("stores", name)
