"""Reading carts: what is in them, and how it stands now."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.conf import settings

from promotions import facade as promotions
from promotions.contracts import ReservedUnit
from purchases.pricing.selectors import quote
from purchases.pricing.values import FlashOffer, Quote, Wanted
from stores import facade as stores
from stores.contracts import VariantCard

from .errors import CartNotFoundError
from .models import Cart, CartLine
from .values import Holder, Lack, ShownCart, ShownLine

_NOT_HELD = {
    "lapsed": Lack.RESERVATION_LAPSED,
    "cancelled": Lack.RESERVATION_CANCELLED,
    "completed": Lack.RESERVATION_COMPLETED,
}


def cart_of(holder: Holder) -> Cart | None:
    """The holder's cart; None where there is none yet. Raises `CartNotFoundError` for a token whose cart is gone."""
    if holder.customer_id is not None:
        return Cart.objects.filter(customer=holder.customer_id).first()
    if holder.cart_id is None:
        return None
    cart = Cart.objects.filter(pk=holder.cart_id, customer__isnull=True).first()
    if cart is None:
        raise CartNotFoundError
    return cart


def shown_cart(cart: Cart | None, *, at: datetime) -> ShownCart:
    """The cart as it stands at that moment: what each line costs, what moved, what cannot be bought, and the total.

    Only lines that can be bought are priced: the total is what a checkout without the others would ask for, with the
    cheapest shipping of each store. A constant number of queries, whatever the number of lines.
    """
    lines = [] if cart is None else standing_lines(cart.currency, list(cart.lines.order_by("pk")))
    wanted = [wanted_of(line) for line in lines if line.lack is None]
    if cart is None or not wanted:
        currency = cart.currency if cart is not None else ""
        return ShownCart(cart, Quote(currency=currency or settings.DEFAULT_CURRENCY, items=()), tuple(lines))
    costs = quote(wanted, customer_id=cart.customer_id, at=at, coupons=cart.coupons, spends_vouchers=True)
    priced = {each.item.key: each for each in costs.items}
    return ShownCart(cart, costs, tuple(replace(line, priced=priced.get(str(line.line.pk))) for line in lines))


def standing_lines(currency: str, lines: Sequence[CartLine]) -> list[ShownLine]:
    """How lines in that currency stand now, without their prices: one query, one more where units are reserved."""
    cards = stores.variant_cards([line.variant_id for line in lines])
    reserved = [line.reservation_id for line in lines if line.reservation_id is not None]
    units = promotions.reserved_units(reserved) if reserved else {}
    return [
        _reserved(line, cards[line.variant_id], units[line.reservation_id])
        if line.reservation_id is not None
        else _ordinary(line, cards[line.variant_id], currency)
        for line in lines
    ]


def wanted_of(line: ShownLine) -> Wanted:
    """The line as the price pipeline takes it."""
    return Wanted(key=str(line.line.pk), variant=line.card, quantity=line.line.quantity, flash=line.flash)


def _ordinary(line: CartLine, card: VariantCard, currency: str) -> ShownLine:
    lack = None
    if not card.is_sellable:
        lack = Lack.NOT_SELLABLE
    elif card.price.currency != currency:
        lack = Lack.CURRENCY_MISMATCH
    elif card.available < line.quantity:
        lack = Lack.INSUFFICIENT_STOCK
    can_be_bought = 0 if lack not in {None, Lack.INSUFFICIENT_STOCK} else min(card.available, CartLine.MOST)
    return ShownLine(line=line, card=card, currency=currency, available=can_be_bought, unit_price=card.price, lack=lack)


def _reserved(line: CartLine, card: VariantCard, unit: ReservedUnit) -> ShownLine:
    lack = _NOT_HELD.get(unit.state)
    return ShownLine(
        line=line,
        card=card,
        currency=unit.price.currency,
        available=1 if lack is None else 0,
        unit_price=unit.price,
        lack=lack,
        expires_at=unit.expires_at,
        flash=FlashOffer(unit.promo_id, unit.promo_version, unit.price),
    )
