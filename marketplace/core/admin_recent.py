"""Sensitive admin pages want to know that it is still the same person: a log-in, or a confirmation, not long ago.

Mix `AsksAgain` into a page whose form is sensitive; put `@asks_again` on an action's method (below `@action`).
"""

import functools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

SESSION_KEY = "proved_at"
CONFIRM_PAGE = "backoffice:confirm"
# Who opened a form in time may take so long to fill it in.
FILLING_IN = timedelta(hours=1)


def note_login(request: HttpRequest, at: datetime) -> None:
    """Remember in the session that the person proved at `at` who they are."""
    request.session[SESSION_KEY] = at.isoformat()


def on_login(sender: type, request: HttpRequest, **_kwargs: Any) -> None:
    """Whoever logged in has just proved it."""
    note_login(request, timezone.now())


def proved_within(request: HttpRequest, at: datetime, limit: timedelta) -> bool:
    """Whether that was at most `limit` before `at`."""
    noted = request.session.get(SESSION_KEY)
    return noted is not None and at - datetime.fromisoformat(noted) <= limit


def is_recent(request: HttpRequest) -> bool:
    """Whether the person proved lately who they are (`ADMIN_RECENT_LOGIN_MINUTES`)."""
    return proved_within(request, timezone.now(), timedelta(minutes=settings.ADMIN_RECENT_LOGIN_MINUTES))


def asks_again(action: Callable[..., Any]) -> Callable[..., Any]:
    """An action of a ModelAdmin: carried out only when the person proved lately who they are, asked for otherwise."""

    @functools.wraps(action)
    def guarded(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if is_recent(request):
            return action(self, request, *args, **kwargs)
        messages.info(request, _("Nothing was done yet: confirm who you are, then choose the action again."))
        return ask(request)

    return guarded


def ask(request: HttpRequest) -> HttpResponse:
    """Send the person to the page that asks, and back to where they are now afterwards."""
    back = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or ""
    here = back if request.method == "POST" and back else request.get_full_path()
    page = f"{reverse(CONFIRM_PAGE)}?{urlencode({'next': here})}"
    if "HX-Request" in request.headers:
        # Dialogs are sent by htmx: this header takes the whole page along.
        return HttpResponse(headers={"HX-Redirect": page})
    return HttpResponseRedirect(page)


class AsksAgain:
    """Mix into a ModelAdmin (first): who may change something here proves lately who they are before the form opens."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        page: Callable[..., HttpResponse] = super().changeform_view  # type: ignore[misc]
        may_write = self.has_add_permission(request) if object_id is None else self.has_change_permission(request)  # type: ignore[attr-defined]
        in_time = is_recent(request) or (
            request.method == "POST" and proved_within(request, timezone.now(), FILLING_IN)
        )
        return page(request, object_id, *args, **kwargs) if in_time or not may_write else ask(request)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        page: Callable[..., HttpResponse] = super().delete_view  # type: ignore[misc]
        return page(request, *args, **kwargs) if is_recent(request) else ask(request)
