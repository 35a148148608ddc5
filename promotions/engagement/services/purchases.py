"""Purchases: the one kind of event that no client can send."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from django.db import transaction

from promotions.contracts import PurchasedLine
from promotions.engagement import inbox
from promotions.engagement.inbox import Said, moment_text
from promotions.engagement.models import EventKind

NAMESPACE: Final = UUID("5d7a1c86-2f0e-5b39-9c44-7a3d1e9b0f62")
"""Of the ids of purchases. Clients' own ids are of another version: nobody can take a purchase's place."""


@transaction.atomic
def record_purchases(*, order_id: UUID, customer_id: UUID, lines: Sequence[PurchasedLine], at: datetime) -> None:
    """The order's lines were sold: each is a purchase of its product, in the caller's transaction. Twice is once.

    One statement, nothing locked. Amounts are minor units of the platform's currency, tax included; an
    order in another one has none.
    """
    if not lines:
        return
    moment = moment_text(at)
    events = [
        {
            "id": uuid5(NAMESPACE, str(line.line_id)).hex,
            "kind": int(EventKind.PURCHASE),
            "product": line.product_id.hex,
            "quantity": line.quantity,
            "amount": line.amount_minor,
            "metadata": {"order": str(order_id)},
            "occurred": moment,
            "at": moment,
        }
        for line in lines
    ]
    inbox.put([Said(actor=customer_id, customer_id=customer_id, is_suspect=False, events=events)], at)
