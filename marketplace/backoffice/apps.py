"""The back office app."""

from django.apps import AppConfig


class BackofficeConfig(AppConfig):
    """Menu and dashboard of the admin."""

    name = "marketplace.backoffice"
    label = "backoffice"
