"""Requests to the whole WSGI application in this process: no socket, no test client, all of the middleware."""

import time
from collections.abc import Callable
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework.views import APIView

from marketplace.core.http.permissions import Anyone

BARE = "/bench/bare/"


class Bare(APIView):
    """The baseline: a DRF view that has its answer in memory."""

    permission_classes = [Anyone]
    body = b""

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(Bare.body, content_type="application/json")


urlpatterns = [path(BARE.strip("/") + "/", Bare.as_view()), path("", include("marketplace.urls"))]


class Caller:
    """The application, to be asked."""

    def __init__(self) -> None:
        settings.ROOT_URLCONF = __name__
        self.application = get_wsgi_application()

    def get(self, where: str, **query: Any) -> tuple[bytes, float]:
        """The body and the seconds it took. Anything but 200 ends the measurement."""
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": where, "QUERY_STRING": urlencode(query), "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1",
            "wsgi.url_scheme": "http", "wsgi.input": BytesIO(), "wsgi.errors": BytesIO(), "wsgi.multithread": False,
            "wsgi.multiprocess": False, "wsgi.run_once": False, "wsgi.version": (1, 0),
        }  # fmt: skip
        status: list[str] = []
        started = time.perf_counter()
        answer = self.application(environ, lambda line, *_rest: status.append(line))  # type: ignore[arg-type]
        body = b"".join(answer)
        answer.close()
        seconds = time.perf_counter() - started
        if not status[0].startswith("200"):
            raise SystemExit(f"{where}: {status[0]} {body[:300]!r}")
        return body, seconds

    def timed(self, asks: list[Callable[[], tuple[bytes, float]]]) -> list[float]:
        """The seconds of each."""
        return [ask()[1] for ask in asks]
