"""The back office app."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class BackofficeConfig(AppConfig):
    """Menu, dashboard and door of the admin."""

    name = "marketplace.backoffice"
    label = "backoffice"

    def ready(self) -> None:
        from marketplace.core.admin_recent import on_login  # noqa: PLC0415

        user_logged_in.connect(on_login, dispatch_uid="backoffice.on_login")
