"""A stranger logs in: their cart becomes part of the account's."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from marketplace.core.locking import LockRank, lock
from purchases.carts.merging import strategy
from purchases.carts.models import Cart, CartLine
from purchases.carts.values import MOST_COUPONS, Merged, MergeLine, MergeResult, MergeScene, Outcome
from stores import facade as stores

from .holding import lines_of, settle


@transaction.atomic
def merge_carts(*, customer_id: UUID, cart_id: UUID, at: datetime) -> Merged:
    """Bring the lines and coupons of a stranger's cart over into the customer's; the stranger's is gone afterwards.

    How quantities come together is the strategy's affair (`merging`). A cart that is gone already (merged before,
    or expired) has nothing to bring: of two merges at once one wins. Reserved units never come over: a stranger has
    none.
    """
    if Cart.objects.filter(pk=cart_id, customer__isnull=True).exists():
        # Before any lock is taken: whoever else makes this customer's cart is waited for here.
        Cart.objects.bulk_create([Cart(customer_id=customer_id, touched_at=at)], ignore_conflicts=True)
    carts = lock(LockRank.CART, Cart.objects.filter(Q(customer=customer_id) | Q(pk=cart_id, customer__isnull=True)))
    account = next((cart for cart in carts if cart.customer_id == customer_id), None)
    guest = next((cart for cart in carts if cart.customer_id is None), None)
    if account is None or guest is None:
        return Merged(account)
    outcomes = _bring_over(account, guest)
    account.coupons = _joined(account.coupons, guest.coupons)
    guest.delete()
    settle(account, at)
    return Merged(account, tuple(outcomes))


def _bring_over(account: Cart, guest: Cart) -> Sequence[Outcome]:
    brought = [line for line in lines_of(guest) if line.reservation_id is None]
    mine = lines_of(account)
    here = {line.variant_id: line for line in mine if line.reservation_id is None}
    outcomes = strategy()(_scene(brought, here, account.currency, len(mine)))
    coming = {each.variant_id: each for each in outcomes if each.result is not MergeResult.DROPPED}
    for line in brought:
        if line.variant_id not in coming:
            continue
        quantity = coming[line.variant_id].quantity
        own = here.get(line.variant_id)
        if own is None:
            account.currency = account.currency or guest.currency
            account.lines.create(variant_id=line.variant_id, quantity=quantity, seen_price_minor=line.seen_price_minor)
        else:
            own.quantity = max(own.quantity, quantity)
            own.save(update_fields=["quantity", "updated_at"])
    return outcomes


def _scene(brought: Sequence[CartLine], here: dict[UUID, CartLine], currency: str, count: int) -> MergeScene:
    cards = stores.variant_cards([line.variant_id for line in brought])
    return MergeScene(
        lines=tuple(
            MergeLine(
                variant_id=line.variant_id,
                quantity=line.quantity,
                held=here[line.variant_id].quantity if line.variant_id in here else 0,
                available=cards[line.variant_id].available,
                is_sellable=cards[line.variant_id].is_sellable,
                currency=cards[line.variant_id].price.currency,
            )
            for line in brought
        ),
        currency=currency,
        account_lines_count=count,
    )


def _joined(own: Sequence[str], brought: Sequence[str]) -> list[str]:
    """The account's coupons, then the stranger's, each once, as many as a cart takes."""
    known = {code.casefold() for code in own}
    return [*own, *(code for code in brought if code.casefold() not in known)][:MOST_COUPONS]
