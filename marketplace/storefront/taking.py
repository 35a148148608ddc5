"""A minute with a unit: reserve, pay, give back. Each answers with the card, a refusal in words on it."""

from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from marketplace.core.errors import DomainError
from marketplace.core.http.idempotency import once
from marketplace.core.http.permissions import EmailNotVerifiedError
from marketplace.core.http.problems import refusal_text
from promotions import facade as promotions
from purchases import facade as purchases

from .answers import account_id, back_home, is_fragment, page, signed_in
from .cards import card_for, customer_of
from .frame import wallet_of

PAYING = "storefront pay"
REFUSED = 409


@require_POST
@page
@signed_in
def reserve(request: HttpRequest, promo_id: UUID) -> HttpResponse:
    """Take a unit for a minute; pressed again it is the same minute."""

    def take() -> str:
        _require_verified(request)
        promotions.reserve_unit(promo_id=promo_id, customer_id=account_id(request))
        return _("It is yours for a minute: pay now.")

    return _answer(request, promo_id, take)


@require_POST
@page
@signed_in
def give_back(request: HttpRequest, reservation_id: UUID) -> HttpResponse:
    """Let somebody else have it."""
    promo_id = _own_promo(request, reservation_id)

    def cancel() -> str:
        promotions.cancel_reservation(reservation_id=reservation_id, customer_id=account_id(request))
        return _("You gave it back.")

    return _answer(request, promo_id, cancel)


@require_POST
@page
@signed_in
def pay(request: HttpRequest, reservation_id: UUID) -> HttpResponse:
    """Pay from the wallet. The form's key makes two presses one payment with one answer."""
    promo_id, own = _own_promo(request, reservation_id), account_id(request)
    paid: dict[str, str] = {}

    def buy() -> dict[str, str]:
        order = purchases.buy_reserved_unit(reservation_id=reservation_id, customer_id=own, at=timezone.now())
        return {"number": order.number}

    def work() -> str:
        _require_verified(request)
        key = request.POST.get("key", "")
        paid.update(once(caller=own, route=PAYING, key=key, body={"reservation": str(reservation_id)}, work=buy))
        return _("Paid. Your order: %(number)s") % paid

    return _answer(request, promo_id, work, paid)


def _require_verified(request: HttpRequest) -> None:
    if not getattr(request.user, "is_verified", False):
        raise EmailNotVerifiedError


def _own_promo(request: HttpRequest, reservation_id: UUID) -> UUID:
    """The promotion of the caller's reservation. Raises `NotFoundError`, also for somebody else's."""
    reservation = promotions.reservation_card(reservation_id)
    if reservation.customer_id != account_id(request):
        raise promotions.ReservationNotFoundError
    return reservation.promo_id


def _answer(
    request: HttpRequest, promo_id: UUID, work: Callable[[], str], paid: dict[str, str] | None = None
) -> HttpResponse:
    """Carry it out, and show the promotion as it is then."""
    refusal = ""
    try:
        said = work()
    except DomainError as error:
        said = refusal = refusal_text(error)
    if not is_fragment(request):
        return back_home(request, said, is_refused=bool(refusal))
    card = card_for(customer_of(account_id(request)), promo_id, timezone.now())
    card = card.after(refusal=refusal, order_number=(paid or {}).get("number", ""))
    context = {"card": card, "wallet": wallet_of(account_id(request)), "is_answer": True}
    return render(request, "storefront/card.html", context, status=REFUSED if refusal else 200)
