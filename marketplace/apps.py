"""The project itself as an app: it holds the management commands."""

from django.apps import AppConfig


class MarketplaceConfig(AppConfig):
    """Management commands and templates that belong to no single context."""

    name = "marketplace"
    label = "marketplace"
