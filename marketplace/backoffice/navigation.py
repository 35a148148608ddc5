"""The admin's menu: what a person may not do does not show."""

from typing import Any

from django.http import HttpRequest


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Sections by context."""
    return []
