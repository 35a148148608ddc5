"""The notification centre."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from marketplace.core.http.throttling import within_rate
from notifications import facade as notifications

from .answers import account_id, is_fragment, page, signed_in
from .frame import SHOWN_NOTICES, bell_of, frame, notices

SHOWN_ON_PAGE = 100
TICKETS = "sockets"
"""The rate of the API's tickets counts these too."""


@require_safe
@page
@signed_in
def notifications_page(request: HttpRequest) -> HttpResponse:
    """All of it on a page of its own."""
    shown = notices(account_id(request), limit=SHOWN_ON_PAGE)
    return render(request, "storefront/notifications.html", {**frame(request), "notices": shown, "size": "page"})


@require_safe
@page
@signed_in
def latest(request: HttpRequest) -> HttpResponse:
    """The latest, for the drop-down."""
    return render(request, "storefront/notices.html", {"notices": notices(account_id(request))})


@require_safe
@page
@signed_in
def bell(request: HttpRequest) -> HttpResponse:
    """The bell; 204 for whoever has `seen` it as it is."""
    now = bell_of(account_id(request))
    if request.GET.get("seen") == now.seen:
        return HttpResponse(status=204)
    return render(request, "storefront/bell.html", {"bell": now})


@require_POST
@page
@signed_in
def read(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Mark one as read. Somebody else's is not there."""
    notifications.mark_read(customer_id=account_id(request), item_id=notice_id, at=timezone.now())
    return _changed(request)


@require_POST
@page
@signed_in
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything as read."""
    notifications.mark_all(customer_id=account_id(request), at=timezone.now())
    return _changed(request)


@require_POST
@page
@signed_in
def ticket(request: HttpRequest) -> HttpResponse:
    """What opens the customer's socket, once. A log-out everywhere puts it out of force, as it does the session."""
    if not within_rate(TICKETS, str(account_id(request))):
        return HttpResponse(status=429)
    me: Any = request.user  # `signed_in` lets nobody anonymous come here
    issued = notifications.issue_ticket(customer_id=me.pk, generation=me.token_version)
    return JsonResponse({"ticket": issued.ticket, "expires_at": issued.expires_at, "path": issued.path})


def _changed(request: HttpRequest) -> HttpResponse:
    if not is_fragment(request):
        return redirect("storefront:notifications")
    is_page = request.POST.get("size") == "page"
    shown = notices(account_id(request), limit=SHOWN_ON_PAGE if is_page else SHOWN_NOTICES)
    context = {"notices": shown, "size": "page" if is_page else "", "bell": bell_of(account_id(request))}
    return render(request, "storefront/notices.html", {**context, "is_answer": True})
