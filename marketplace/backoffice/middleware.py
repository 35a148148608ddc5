"""The back office speaks the platform's time: what staff type into a form is when it happens."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

PREFIX = "/admin/"


class PlatformTimeMiddleware:
    """Pages of the admin show and read moments in `PLATFORM_TIME_ZONE`; everywhere else they carry an offset."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        with timezone.override(ZoneInfo(settings.PLATFORM_TIME_ZONE)):
            return self.get_response(request)
