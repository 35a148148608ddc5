"""Reads of pins, stored selections, and what a viewer has seen."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.apps import apps
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from promotions.engagement import decay
from promotions.engagement.decay import Decayed
from promotions.engagement.models import CustomerInterest, EngagementEvent, EventKind, ProductSignal

from .models import Pin, Slate, Slot
from .values import Place, StoredSlate, way_of

SEEN_WITHIN = timedelta(hours=24)
STRONGEST = 10
"""So many categories of a customer's interests make a personal selection."""


def pins_from(at: datetime) -> list[Pin]:
    """Pins in force at that moment or later, in a lasting order. One query."""
    return list(Pin.objects.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at)).order_by("context", "position", "pk"))


def overlapping_pins(pin: Pin) -> "QuerySet[Pin]":
    """Other pins of the same place of the shop that want its position or its product at some moment of its period."""
    rows = Pin.objects.filter(
        Q(position=pin.position) | Q(product=pin.product_id), context=pin.context, category=pin.category_id
    )
    rows = rows.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=pin.starts_at)).exclude(pk=pin.pk)
    return rows if pin.ends_at is None else rows.filter(starts_at__lt=pin.ends_at)


def pins_for_show() -> "QuerySet[Pin]":
    """Pins with what lists show of them."""
    return Pin.objects.select_related("product", "category")


def category_exists(category_id: UUID) -> bool:
    """Whether there is such a category."""
    return bool(_stores("Category").filter(pk=category_id).exists())


def product_exists(product_id: UUID) -> bool:
    """Whether there is such a product, archived ones aside."""
    return bool(_stores("Product").filter(pk=product_id, archived_at__isnull=True).exists())


def named(rows: "QuerySet[Slot, Any]") -> "QuerySet[Slot, Any]":
    """With the product's name as it is now; empty for one that is gone."""
    names = _stores("Product").filter(pk=OuterRef("product_id")).values("name")[:1]
    return rows.annotate(product_name=Subquery(names))


def stored_slate(key: str) -> StoredSlate | None:
    """The selection that was made under a key; two queries."""
    return _stored(Slate.objects.filter(key=key).first())


def latest_slate(context: str, category_id: UUID | None) -> StoredSlate | None:
    """The last selection for everybody in a place of the shop, whatever it was made from."""
    rows = Slate.objects.filter(context=context, category_id=category_id, customer_id__isnull=True)
    return _stored(rows.order_by("-created_at").first())


def _stored(slate: Slate | None) -> StoredSlate | None:
    if slate is None:
        return None
    rows = Slot.objects.filter(slate=slate).order_by("position")
    return StoredSlate(
        slate_id=slate.pk,
        key=slate.key,
        scores_version=slate.scores_version,
        ways={knob: way_of(way) for knob, way in slate.variants.items()},
        relaxed=tuple(slate.relaxed),
        is_fallback=slate.scores_version is None,
        expires_at=slate.expires_at,
        places=tuple(Place(row.pk, row.position, row.product_id, row.reason, tuple(row.badges)) for row in rows),
    )


def shown_counts(customer_id: UUID, at: datetime) -> Mapping[UUID, int]:
    """How often the customer had each product on the screen in the 24 hours before. One query."""
    rows = EngagementEvent.objects.filter(
        customer_id=customer_id, at__gt=at - SEEN_WITHIN, at__lte=at, kind=EventKind.IMPRESSION, is_suspect=False
    )
    return dict(rows.values_list("product_id").annotate(times=Count("pk")).values_list("product_id", "times"))


def strongest_interests(customer_id: UUID, at: datetime, half_life_hours: float) -> Mapping[UUID, float]:
    """The customer's strongest categories now, each as a share of the first. One query."""
    per_second = decay.rate(half_life_hours)
    weights = {
        category_id: decay.at(Decayed(weight, moment), at, per_second)
        for category_id, weight, moment in CustomerInterest.objects.filter(customer_id=customer_id).values_list(
            "category_id", "weight", "moment"
        )
    }
    first = sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))[:STRONGEST]
    return {category_id: weight / first[0][1] for category_id, weight in first if weight > 0.0}


def strongest_signals(category_id: UUID | None, limit: int) -> list[ProductSignal]:
    """The products with the highest sums, of a category's tree where one is given; without any scores. One query."""
    rows = ProductSignal.objects.filter(weight__gt=0)
    if category_id is not None:
        path = _stores("Category").filter(pk=category_id).values("path")[:1]
        rows = rows.filter(product_id__in=_stores("Product").filter(category__path__startswith=path).values("pk"))
    return list(rows.order_by("-weight", "product_id")[:limit])


class SlotFacts(NamedTuple):
    """What counting needs of a slot: `customer_id` where its selection was somebody's own, `ways` by knob."""

    product_id: UUID
    position: int
    reason: str
    context: str
    customer_id: UUID | None
    ways: dict[str, Any]


def slots_of(slot_ids: Iterable[UUID]) -> Mapping[UUID, SlotFacts]:
    """Of some slots, what there is of them. One query."""
    columns = ("pk", "product_id", "position", "reason", "slate__context", "slate__customer_id", "slate__variants")
    rows = Slot.objects.filter(pk__in=list(slot_ids)).values_list(*columns)
    return {row[0]: SlotFacts(*row[1:]) for row in rows}


def _stores(model: str) -> "QuerySet[Any, Any]":
    """Rows of the catalogue, to be joined down from here."""
    rows: QuerySet[Any, Any] = apps.get_model("stores", model)._default_manager.all()
    return rows
