"""The back office app."""

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest
from django.utils import timezone


class BackofficeConfig(AppConfig):
    """Menu, dashboard and door of the admin."""

    name = "marketplace.backoffice"
    label = "backoffice"

    def ready(self) -> None:
        user_logged_in.connect(_note_login, dispatch_uid="backoffice.note_login")


def _note_login(sender: type, request: HttpRequest, **_kwargs: Any) -> None:
    from marketplace.core.admin_recent import note_login  # noqa: PLC0415  # needs the settings

    note_login(request, timezone.now())
