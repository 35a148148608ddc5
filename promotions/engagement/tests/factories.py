"""Events for tests, as clients send them and as the inbox has them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from marketplace.core.ids import uuid7
from promotions.engagement import inbox
from promotions.engagement.inbox import Said, moment_text
from promotions.engagement.models import EventKind
from promotions.models import Slate, Slot
from stores.catalog.tests.factories import ProductFactory

NOON = datetime(2026, 3, 10, 18, 20, tzinfo=UTC)
"""Of a platform day (12:20 in Mexico City)."""


def make_product(**values: Any) -> Any:
    """A published product."""
    return ProductFactory.create(**values)


def wire_event(product: Any, /, *, at: datetime, **members: Any) -> dict[str, Any]:
    """As a client sends it: a view unless said."""
    return {
        "event_id": str(uuid7()),
        "type": "view",
        "product_id": str(product),
        "occurred_at": at.isoformat(),
        **members,
    }


def inbox_event(product_id: UUID, kind: EventKind = EventKind.VIEW, *, at: datetime = NOON, **names: Any) -> Any:
    """As the inbox has it."""
    moment = moment_text(at)
    return {
        "id": uuid4().hex,
        "kind": int(kind),
        "product": product_id.hex,
        "occurred": moment,
        "at": moment,
        **names,
    }


def place_of(product_id: UUID, customer_id: UUID | None = None) -> Any:
    """A place of a selection that showed the product, to everybody or to one customer."""
    slate = Slate.objects.create(
        key=uuid4().hex, context="home", customer_id=customer_id, seed="s", tier="scores", expires_at=NOON
    )
    return Slot.objects.create(
        id=uuid7(), slate=slate, position=1, product_id=product_id, reason="popular", propensity=1.0
    )


def put(
    *events: Any,
    actor: UUID | None = None,
    customer: UUID | None = None,
    is_suspect: bool = False,
    at: datetime = NOON + timedelta(seconds=2),
) -> None:
    """One batch into the inbox."""
    said: Sequence[Any] = list(events)
    inbox.put([Said(customer or actor or uuid4(), customer, is_suspect, said)], at)
