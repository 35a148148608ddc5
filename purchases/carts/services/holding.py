"""Finding a cart and locking it: every write of a cart or its lines holds the cart's row."""

from datetime import datetime
from uuid import UUID

from marketplace.core.locking import LockRank, lock
from purchases.carts.errors import CartNotFoundError
from purchases.carts.models import Cart, CartLine
from purchases.carts.values import Holder


def lock_cart(customer_id: UUID) -> Cart | None:
    """The customer's cart, locked in the caller's transaction; None while there is none."""
    found = lock(LockRank.CART, Cart.objects.filter(customer=customer_id))
    return found[0] if found else None


def lines_of(cart: Cart) -> list[CartLine]:
    """The cart's lines in the order they were put in."""
    return list(cart.lines.order_by("pk"))


def clear(cart: Cart, at: datetime) -> None:
    """A locked cart was bought at that moment: its lines and coupons are gone."""
    cart.lines.all().delete()
    cart.currency, cart.coupons, cart.touched_at = "", [], at
    cart.save(update_fields=["currency", "coupons", "touched_at", "updated_at"])


def locked(holder: Holder) -> Cart | None:
    """The holder's cart, locked; None where there is none yet.

    Raises `CartNotFoundError` for a stranger's token whose cart is gone.
    """
    if holder.customer_id is not None:
        return lock_cart(holder.customer_id)
    if holder.cart_id is None:
        return None
    found = lock(LockRank.CART, Cart.objects.filter(pk=holder.cart_id, customer__isnull=True))
    if not found:
        raise CartNotFoundError
    return found[0]


def locked_or_new(holder: Holder, at: datetime) -> Cart:
    """The holder's cart, locked; made where there is none yet. Raises `CartNotFoundError` like `locked`."""
    cart = locked(holder)
    if cart is not None:
        return cart
    if holder.customer_id is None:
        # Nobody else knows it before this transaction ends.
        return Cart.objects.create(touched_at=at)
    return locked_of_customer(holder.customer_id, at)


def locked_of_customer(customer_id: UUID, at: datetime) -> Cart:
    """The customer's cart, locked; made where there is none yet, once however many ask at once."""
    Cart.objects.bulk_create([Cart(customer_id=customer_id, touched_at=at)], ignore_conflicts=True)
    return lock(LockRank.CART, Cart.objects.filter(customer=customer_id))[0]


def settle(cart: Cart, at: datetime) -> None:
    """After lines came or went: note the moment; a cart without lines is in no currency (and keeps its coupons)."""
    if not cart.lines.exists():
        cart.currency = ""
    cart.touched_at = at
    cart.save(update_fields=["currency", "coupons", "touched_at", "updated_at"])
