"""System checks of the product links."""

from typing import Any

from django.conf import settings
from django.core import checks


@checks.register()
def no_host_is_read_on_loopback(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """LINK_TEST_HOSTS is for tests, which set it while they run."""
    if not settings.LINK_TEST_HOSTS:
        return []
    return [checks.Error("LINK_TEST_HOSTS lets pages be read from this machine; only tests set it", id="links.E001")]
