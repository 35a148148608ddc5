"""The stores context."""

from django.apps import AppConfig


class StoresConfig(AppConfig):
    """Merchants, catalogue, inventory."""

    name = "stores"
    label = "stores"
