"""The funds context."""

from django.apps import AppConfig


class FundsConfig(AppConfig):
    """Ledger, wallets, payments."""

    name = "funds"
    label = "funds"
