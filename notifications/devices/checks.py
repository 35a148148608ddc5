"""System checks of the devices."""

from typing import Any

from django.conf import settings
from django.core import checks


@checks.register()
def push_service_is_known(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """PUSH_SERVICE is one of those that there are."""
    if settings.PUSH_SERVICE in settings.PUSH_SERVICES:
        return []
    return [checks.Error(f"PUSH_SERVICE is one of {', '.join(settings.PUSH_SERVICES)}", id="notifications.E001")]
