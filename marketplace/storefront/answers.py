"""What every answer of the storefront has in common: headers, who may have it, and refusals as people read them."""

import functools
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db import Error as DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from marketplace.core.errors import NotFoundError
from marketplace.core.locking import is_unavailable

View = Callable[..., HttpResponse]

# Nothing but our own files: no inline script or style, no foreign picture, no frame.
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        *("script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'", "font-src 'self'"),
        *("form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"),
    ]
)
BUSY = 503


def page(view: View) -> View:
    """A page or fragment: made for one person at one moment, so kept nowhere. What is not there is a 404."""

    @functools.wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except NotFoundError as error:
            raise Http404 from error
        except DatabaseError as error:
            if not is_unavailable(error):
                raise
            response = HttpResponse(_("The service is busy. Please try again."), status=BUSY, content_type="text/plain")
            response["Retry-After"] = "1"
        response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        add_never_cache_headers(response)
        return response

    return answered


def signed_in(view: View) -> View:
    """Whoever is not is led to the log-in, and back to the page they were on."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        back = request.get_full_path() if request.method == "GET" and not is_fragment(request) else reverse_home()
        door = f"{reverse('storefront:login')}?{urlencode({'next': back})}"
        # htmx would put the log-in page into the middle of this one: the header takes the whole page along.
        return HttpResponse(headers={"HX-Redirect": door}) if is_fragment(request) else HttpResponseRedirect(door)

    return guarded


def account_id(request: HttpRequest) -> UUID:
    """Who is signed in; `signed_in` came before."""
    pk: UUID = request.user.pk  # type: ignore[assignment]  # not anonymous
    return pk


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks, for a part of the page."""
    return "HX-Request" in request.headers


def reverse_home() -> str:
    """The first page."""
    return reverse("storefront:home")


def back_home(request: HttpRequest, said: str = "", *, is_refused: bool = False) -> HttpResponse:
    """The first page again, for browsers that sent a form without htmx, with what came of it."""
    if said:
        (messages.error if is_refused else messages.success)(request, said)
    return redirect("storefront:home")
