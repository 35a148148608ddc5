"""Catalogues with scores, for tests of selections."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from marketplace.core.ids import uuid7
from promotions.engagement.models import EngagementEvent, EventDrain, EventKind
from promotions.exposure.models import Context, Pin
from promotions.exposure.services.pins import PinTerms, create_pin
from promotions.exposure.values import Asked, Viewer
from promotions.scoring.models import ProductScore, ScoresVersion
from stores.catalog.tests.factories import CategoryFactory, ProductFactory, VariantFactory
from stores.inventory.tests.factories import stocked
from stores.merchants.tests.factories import StoreFactory

HOME = Asked(Context.HOME.value, None, 24)
NOBODY = Viewer(unit=None)


def make_products(count: int, *, on_hand: int = 20, **columns: Any) -> list[Any]:
    """Products that can be bought, each of a store and category of its own unless said otherwise."""
    products = []
    for _number in range(count):
        values = {"store": None, "category": None, **columns}
        store = values.pop("store") or StoreFactory.create()
        category = values.pop("category") or CategoryFactory.create()
        variant = VariantFactory.create(product=ProductFactory.create(store=store, category=category, **values))
        stocked(variant, on_hand)
        products.append(variant.product)
    return products


def make_scores(products: Sequence[Any], *, at: datetime | None = None, complete: bool = True, **scores: Any) -> Any:
    """A version in which the first product is the most popular; all of them published long ago."""
    now = at or timezone.now()
    version = ScoresVersion.objects.create(policy={}, started_at=now, products_count=len(products))
    for rank, product in enumerate(products):
        values: dict[str, Any] = {
            "popularity": 1.0 - rank / (len(products) + 1),
            "cold": 0.0,
            "profit": 0.5,
            "freshness": 0.0,
            "impressions": 500.0,
            "clicks": 10.0,
            "fresh_since": now - timedelta(days=90),
            **scores,
        }
        ProductScore.objects.create(
            version=version,
            product_id=product.pk,
            category_id=product.category_id,
            store_id=product.store_id,
            brand_id=product.brand_id,
            exposure=0.7 * values["popularity"] + 0.15 * values["cold"] + 0.045,
            log_key=float(len(products) - rank),
            is_cost_known=True,
            available=20,
            **values,
        )
    if complete:
        version.completed_at = now
        version.save()
    return version


def make_pin(product: Any, position: int = 1, **terms: Any) -> Pin:
    """On the home page from an hour ago on."""
    values: dict[str, Any] = {"context": "home", "starts_at": timezone.now() - timedelta(hours=1), **terms}
    return create_pin(terms=PinTerms(product_id=product.pk, position=position, **values), actor_id=None)


def make_drain(*events: EngagementEvent) -> EventDrain:
    """A count of these events that is not folded yet."""
    now = timezone.now()
    drain = EventDrain.objects.create(events_count=len(events), drained_at=now)
    for event in events:
        event.drain_id = drain.pk
    EngagementEvent.objects.bulk_create(events)
    return drain


def event_of(slot: Any, kind: EventKind = EventKind.IMPRESSION, **values: Any) -> EngagementEvent:
    """Somebody did that with a product in its place."""
    now = timezone.now()
    columns: dict[str, Any] = {
        "event_id": uuid7(),
        "product_id": slot.product_id,
        "actor": uuid7(),
        "exposure_id": slot.exposure_id,
        "position": slot.position,
        "occurred_at": now,
        "at": now,
        "received_at": now,
        **values,
    }
    return EngagementEvent(kind=kind, **columns)
