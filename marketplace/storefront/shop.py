"""The first page: promotions near the customer, and where that is."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from marketplace.core.admin_map import map_words
from marketplace.core.errors import InvalidInputError
from users import facade as users

from .answers import account_id, back_home, page, signed_in
from .cards import Card, card_for, cards_for, customer_of
from .forms import PlaceForm, add_refusal
from .frame import frame
from .selections import begin_session, carousels_for, remember_session

MAP_ID = "place-map-data"


@require_safe
@page
def home(request: HttpRequest) -> HttpResponse:
    """Everything at once; the fragments below keep it fresh."""
    return _home(request)


@require_safe
@page
def promotions_list(request: HttpRequest) -> HttpResponse:
    """The cards alone, for a page that is open already."""
    cards = cards_for(customer_of(request.user.pk), timezone.now())
    return render(request, "storefront/promotions.html", {"cards": cards})


@require_safe
@page
def promotion_card(request: HttpRequest, promo_id: UUID) -> HttpResponse:
    """One card. Whoever says what they have `seen` gets 204 while nothing but the clock has moved."""
    card = card_for(customer_of(request.user.pk), promo_id, timezone.now())
    if request.GET.get("seen") == card.seen:
        return HttpResponse(status=204)
    return render(request, "storefront/card.html", {"card": card})


@require_POST
@page
@signed_in
def set_place(request: HttpRequest) -> HttpResponse:
    """Where the customer is from now on."""
    form = PlaceForm(request.POST)
    if form.is_valid():
        try:
            users.change_profile(actor=request.user, customer_id=account_id(request), **form.cleaned_data)  # type: ignore[arg-type]  # an account
        except InvalidInputError as error:
            add_refusal(form, error)
        else:
            return back_home(request, _("This is what is on around you."))
    return _home(request, form, status=400)


def _home(request: HttpRequest, form: PlaceForm | None = None, *, status: int = 200) -> HttpResponse:
    customer = customer_of(request.user.pk)
    session = begin_session(request)
    context: dict[str, Any] = {**frame(request), "customer": customer, "cards": cards_for(customer, timezone.now())}
    context["carousels"] = carousels_for(request)
    if customer is not None:
        context["has_place"] = customer.latitude is not None
        context["place_form"] = form or PlaceForm(
            initial={"latitude": customer.latitude, "longitude": customer.longitude}
        )
        context |= {"place_map_id": MAP_ID, "place_map": _map(context["cards"])}
    return remember_session(render(request, "storefront/home.html", context, status=status), session)


def _map(cards: list[Card]) -> dict[str, Any]:
    """What the map draws: the stores with something on, no pictures of anybody's server."""
    points = [
        {"key": str(card.promo_id), "latitude": card.latitude, "longitude": card.longitude, "label": card.store_name}
        for card in cards
    ]
    return {
        "latitude": "latitude",
        "longitude": "longitude",
        "points": points,
        "tiles": "",
        "attribution": "",
        "words": map_words(),
    }
