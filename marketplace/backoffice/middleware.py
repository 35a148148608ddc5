"""What every page of the back office shares: the platform's time, and the second factor before anything is seen."""

from collections.abc import Callable
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from marketplace.core import access
from users.facade import has_second_factor

from .second_factor import is_proven

PREFIX = "/admin/"


class PlatformTimeMiddleware:
    """Pages of the admin show and read moments in `PLATFORM_TIME_ZONE`; everywhere else they carry an offset.

    A person's keys are asked for once a page: its menu alone would ask for each of them several times.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        with timezone.override(ZoneInfo(settings.PLATFORM_TIME_ZONE)), access.remembered():
            return self.get_response(request)


class SecondFactorMiddleware:
    """Who is logged in but has not given the second factor yet is led to it, from every page of the admin.

    Whoever has none is led to setting one up where `ADMIN_SECOND_FACTOR` is `required`. Pages without the admin's
    prefix (the API) do not know the admin's session.
    """

    # What must answer before: the pages that ask, leaving, and the texts of the log-in page.
    OPEN = ("backoffice:code", "backoffice:enrol", "admin:login", "admin:logout", "admin:jsi18n")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(PREFIX) and request.user.is_authenticated and not self._is_open(request):
            page = self._missing(request)
            if page:
                query = urlencode({"next": request.get_full_path()})
                return HttpResponseRedirect(f"{reverse(page)}?{query}")
        return self.get_response(request)

    def _is_open(self, request: HttpRequest) -> bool:
        return request.path_info in {reverse(name) for name in self.OPEN}

    def _missing(self, request: HttpRequest) -> str:
        """The page that must come first, or nothing."""
        if is_proven(request):
            return ""
        if has_second_factor(request.user.pk):  # type: ignore[arg-type]  # signed in
            return "backoffice:code"
        # Setting one up asks for the password again where the last time is long ago.
        is_asked = request.path_info == reverse("backoffice:confirm")
        return "backoffice:enrol" if settings.ADMIN_SECOND_FACTOR == "required" and not is_asked else ""
