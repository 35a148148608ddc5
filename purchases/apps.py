"""The purchases context."""

from django.apps import AppConfig


class PurchasesConfig(AppConfig):
    """Orders and how they come about."""

    name = "purchases"
    label = "purchases"
