"""Carts that nobody comes back to, and carts of people who leave."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from marketplace.core.locking import LockRank, lock
from purchases.carts.models import Cart

BATCH = 500
"""Carts per transaction: short locks, and nothing is lost when it is stopped half-way."""


def drop_abandoned(*, at: datetime) -> int:
    """Delete strangers' carts that nobody changed for CART_DAYS; how many. A customer's is never dropped.

    Harmless twice, also at the same time: a cart that is used, merged or dropped meanwhile is passed over.
    """
    abandoned = Cart.objects.filter(customer__isnull=True, touched_at__lt=at - timedelta(days=settings.CART_DAYS))
    dropped = 0
    while keys := list(abandoned.order_by("touched_at").values_list("pk", flat=True)[:BATCH]):
        dropped += _drop(abandoned.filter(pk__in=keys))
    return dropped


@transaction.atomic
def _drop(carts: "QuerySet[Cart]") -> int:
    # Whoever was writing into one of them has had their say by the time it is locked.
    still = lock(LockRank.CART, carts)
    Cart.objects.filter(pk__in=[cart.pk for cart in still]).delete()
    return len(still)


@transaction.atomic
def forget_cart(customer_id: UUID) -> None:
    """Erasure: what somebody meant to buy goes with them."""
    for cart in lock(LockRank.CART, Cart.objects.filter(customer=customer_id)):
        cart.delete()
