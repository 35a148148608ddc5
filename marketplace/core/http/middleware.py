"""Paths of the API answer with and without the trailing slash, POST included."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

PREFIXES = ("/api/", "/market/")
FILES = (".csv", ".xml")
"""A path that ends like a file names one, and has no slash."""


class TrailingSlashMiddleware:
    """Completes the path instead of redirecting: a redirect would lose a POST's body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(PREFIXES) and not request.path_info.endswith(("/", *FILES)):
            request.path_info += "/"
            request.path += "/"
        return self.get_response(request)
