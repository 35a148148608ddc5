"""The carousels of the first page: what many want, what is like what one looked at; and what people do with them."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from rest_framework.exceptions import APIException

from marketplace.core.errors import DomainError
from marketplace.core.money import Money
from promotions import facade as promotions
from promotions.contracts import ShownProduct

from .answers import page

SIZE = 12
SESSION_DAYS = 30
REASONS = {
    "pinned": gettext_lazy("We picked it for you."),
    "popular": gettext_lazy("Many people want it."),
    "cold_boost": gettext_lazy("It is new here: be among the first."),
    "profit": gettext_lazy("Good value of this shop."),
    "fresh": gettext_lazy("Just arrived or back in stock."),
    "personal": gettext_lazy("It is like what you looked at."),
    "fallback": gettext_lazy("From our shelves."),
}
BADGES = {
    "new": gettext_lazy("New"),
    "trending": gettext_lazy("In demand"),
    "flash": gettext_lazy("Flash"),
    "discount": gettext_lazy("Discount"),
    "low_stock": gettext_lazy("Few left"),
}


@dataclass(frozen=True, slots=True)
class Pick:
    """A product of a carousel, as its card says it."""

    product_id: Any
    exposure_id: Any
    position: int
    name: str
    store_name: str
    category_name: str
    price: Money
    picture: str
    alternative_text: str
    badges: tuple[tuple[str, Any], ...]
    why: Any

    @property
    def tint(self) -> int:
        """One of eight colours, for products without a picture."""
        return int(self.product_id.int % 8)


@dataclass(frozen=True, slots=True)
class Carousel:
    """A row of products with its title."""

    key: str
    title: str
    picks: tuple[Pick, ...]


def carousels_for(request: HttpRequest) -> list[Carousel]:
    """What everybody is shown, and below it one's own for whoever is signed in. Empty ones are left out."""
    places = [("home", _("What people want"))]
    if request.user.is_authenticated:
        places.append(("personalized", _("For you")))
    found = []
    for context, title in places:
        mix = promotions.exposure_for_page(request, context=context, size=SIZE, at=timezone.now())
        if mix.products:
            found.append(Carousel(context, title, tuple(_pick(each) for each in mix.products)))
    return found


def begin_session(request: HttpRequest) -> str:
    """Give whoever is not signed in a name, so that what they do belongs together; empty where they have one.

    Before anything is shown to them: events will come under the name, and experiments go by it.
    """
    if request.user.is_authenticated or promotions.SESSION_COOKIE in request.COOKIES:
        return ""
    name = uuid4().hex
    request.COOKIES[promotions.SESSION_COOKIE] = name
    return name


def remember_session(response: HttpResponse, name: str) -> HttpResponse:
    """Give the browser the name that `begin_session` made, if it did."""
    if name:
        response.set_cookie(
            promotions.SESSION_COOKIE,
            name,
            max_age=SESSION_DAYS * 86_400,
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response


@require_safe
@page
def selections(request: HttpRequest) -> HttpResponse:
    """The carousels alone, for a page that is open already."""
    return render(request, "storefront/carousels.html", {"carousels": carousels_for(request)})


@require_POST
@page
def seen(request: HttpRequest) -> HttpResponse:
    """What the page saw and did: 204 when it was taken, 429 when too much comes, 400 for what is none."""
    try:
        taken = promotions.collect_from_page(request, customer_id=request.user.pk, at=timezone.now())
    except (APIException, DomainError):
        return HttpResponse(status=400)
    return HttpResponse(status=429 if taken is None else 204)


def _pick(shown: ShownProduct) -> Pick:
    return Pick(
        product_id=shown.product_id,
        exposure_id=shown.exposure_id,
        position=shown.position,
        name=shown.name,
        store_name=shown.store_name,
        category_name=shown.category_name,
        price=shown.price_from,
        picture=default_storage.url(shown.thumbnail) if shown.thumbnail else "",
        alternative_text=shown.alternative_text,
        badges=tuple((badge, BADGES[badge]) for badge in shown.badges if badge in BADGES),
        why=REASONS.get(shown.reason, ""),
    )
