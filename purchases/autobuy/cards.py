"""Automatic purchases as messages and summaries tell of them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from marketplace.core.errors import NotFoundError
from marketplace.core.money import Money
from purchases.contracts import AutoPurchaseCard

from .models import AutoPurchase

_COLUMNS = (
    *("pk", "customer", "gift", "title", "state", "price_minor", "held_minor", "cost_minor", "currency"),
    *("order__number", "ticket__url", "ticket__reason", "reason"),
)


def auto_purchase_card(purchase_id: UUID) -> AutoPurchaseCard:
    """For a message about it. Raises `NotFoundError`."""
    found = _cards(AutoPurchase.objects.filter(pk=purchase_id))
    if not found:
        raise NotFoundError
    return found[0]


def auto_purchases_between(
    customer_ids: Collection[UUID], since: datetime, until: datetime
) -> dict[UUID, list[AutoPurchaseCard]]:
    """What was bought by itself for these customers and begun between the two moments; one query.

    What was only asked about, or came to nothing, is left out.
    """
    rows = AutoPurchase.objects.filter(
        customer__in=customer_ids,
        schedule__isnull=False,
        state__in=[AutoPurchase.State.ORDERED, AutoPurchase.State.QUEUED, AutoPurchase.State.BOUGHT],
        created_at__gte=since,
        created_at__lt=until,
    )
    found: dict[UUID, list[AutoPurchaseCard]] = {}
    for card in _cards(rows.order_by("customer", "pk")):
        found.setdefault(card.customer_id, []).append(card)
    return found


def _cards(rows: QuerySet[AutoPurchase]) -> list[AutoPurchaseCard]:
    return [_card(row) for row in rows.values(*_COLUMNS)]


def _card(row: dict[str, Any]) -> AutoPurchaseCard:
    cost, words = row["cost_minor"], row["ticket__reason"] or ""
    return AutoPurchaseCard(
        purchase_id=row["pk"],
        customer_id=row["customer"],
        gift_id=row["gift"],
        title=row["title"],
        state=row["state"],
        price=Money(row["price_minor"], row["currency"]),
        held=Money(row["held_minor"], row["currency"]),
        cost=None if cost is None else Money(cost, row["currency"]),
        order_number=row["order__number"] or "",
        url=row["ticket__url"] or "",
        # A ticket without words of staff repeats the code, which is for programs.
        reason="" if words == row["reason"] else words,
    )
