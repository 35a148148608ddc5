"""Putting things into a cart, changing how many, taking them out."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from marketplace.core.money import CurrencyMismatchError, Money
from promotions import facade as promotions
from purchases.carts.errors import (
    CartFullError,
    CartLineNotFoundError,
    LineLimitError,
    NotSellableError,
    ReservedLineError,
    VariantNotFoundError,
)
from purchases.carts.models import Cart, CartLine
from purchases.carts.values import MOST_LINES, Holder
from stores import facade as stores
from stores.contracts import VariantCard
from stores.facade import InsufficientStockError, Shortage

from .holding import clear, locked, locked_of_customer, locked_or_new, settle


@transaction.atomic
def add_item(*, holder: Holder, variant_id: UUID, quantity: int, at: datetime) -> Cart:
    """Put so many of a variant into the holder's cart, on top of what is there; a stranger without one gets one.

    The customer sees today's price, and with that accepts it. Raises `CartNotFoundError`, `VariantNotFoundError`,
    `NotSellableError`, `CurrencyMismatchError`, `CartFullError`, `LineLimitError`, `InsufficientStockError`.
    """
    card = _sellable(variant_id)
    cart = locked_or_new(holder, at)
    line = cart.lines.filter(variant=variant_id, reservation__isnull=True).first()
    asked = quantity + (line.quantity if line else 0)
    _require_quantity(card, asked)
    if line is None:
        _take_in(cart, card.price)
        cart.lines.create(variant_id=variant_id, quantity=asked, seen_price_minor=card.price.minor)
    else:
        _set(line, asked, card.price)
    settle(cart, at)
    return cart


@transaction.atomic
def add_reserved_unit(*, customer_id: UUID, reservation_id: UUID, at: datetime) -> Cart:
    """Put the unit that the customer holds into the cart, at its promotional price; again is the same as once.

    Raises `ReservationNotFoundError` (also for somebody else's), `ReservationLapsedError`,
    `ReservationCancelledError`, `ReservationCompletedError`, `CurrencyMismatchError`, `CartFullError`.
    """
    unit = promotions.held_unit(reservation_id, customer_id)
    cart = locked_of_customer(customer_id, at)
    if not cart.lines.filter(reservation=reservation_id).exists():
        _take_in(cart, unit.price)
        cart.lines.create(
            variant_id=unit.variant_id,
            reservation_id=reservation_id,
            quantity=1,
            seen_price_minor=unit.price.minor,
        )
    settle(cart, at)
    return cart


@transaction.atomic
def change_item(*, holder: Holder, line_id: UUID, quantity: int, at: datetime) -> Cart:
    """Set how many of a line; the same number accepts a price that moved.

    Raises `CartNotFoundError`, `CartLineNotFoundError`, `ReservedLineError`, `NotSellableError`, `LineLimitError`,
    `InsufficientStockError`.
    """
    cart, line = _line(holder, line_id)
    if line.reservation_id is not None:
        raise ReservedLineError
    card = _sellable(line.variant_id)
    if card.price.currency != cart.currency:
        raise CurrencyMismatchError(left=card.price.currency, right=cart.currency)
    _require_quantity(card, quantity)
    _set(line, quantity, card.price)
    settle(cart, at)
    return cart


@transaction.atomic
def remove_item(*, holder: Holder, line_id: UUID, at: datetime) -> Cart:
    """Take a line out. Raises `CartNotFoundError`, `CartLineNotFoundError`."""
    cart, line = _line(holder, line_id)
    line.delete()
    settle(cart, at)
    return cart


@transaction.atomic
def empty_cart(*, holder: Holder, at: datetime) -> None:
    """Take everything out, coupons too; an empty cart stays empty. Raises `CartNotFoundError`."""
    cart = locked(holder)
    if cart is not None:
        clear(cart, at)


def _line(holder: Holder, line_id: UUID) -> tuple[Cart, CartLine]:
    """The cart, locked, and its line."""
    cart = locked(holder)
    line = None if cart is None else cart.lines.filter(pk=line_id).first()
    if cart is None or line is None:
        raise CartLineNotFoundError
    return cart, line


def _sellable(variant_id: UUID) -> VariantCard:
    card = stores.variant_cards([variant_id]).get(variant_id)
    if card is None:
        raise VariantNotFoundError
    if not card.is_sellable:
        raise NotSellableError(variant=variant_id)
    return card


def _require_quantity(card: VariantCard, asked: int) -> None:
    if asked > CartLine.MOST:
        raise LineLimitError(limit=CartLine.MOST)
    if asked > card.available:
        raise InsufficientStockError([Shortage(card.variant_id, card.store_id, asked, card.available)])


def _take_in(cart: Cart, price: Money) -> None:
    """Make room for one more line at that price; the first one decides the cart's currency."""
    if cart.currency and cart.currency != price.currency:
        raise CurrencyMismatchError(left=price.currency, right=cart.currency)
    if cart.lines.count() >= MOST_LINES:
        raise CartFullError(limit=MOST_LINES)
    cart.currency = price.currency


def _set(line: CartLine, quantity: int, price: Money) -> None:
    line.quantity, line.seen_price_minor = quantity, price.minor
    line.save(update_fields=["quantity", "seen_price_minor", "updated_at"])
