"""Offers with what is known of them, for tests here and in exposure."""

from datetime import datetime, timedelta
from typing import Any

from promotions.engagement.models import ProductEngagementDaily, ProductSignal
from promotions.scoring.models import ProductScore
from promotions.scoring.services import compute_scores
from stores.catalog.tests.factories import ProductFactory, VariantFactory
from stores.inventory.tests.factories import stocked
from stores.models import Product


def make_offer(
    *,
    at: datetime,
    on_hand: int = 10,
    price: int = 10_000,
    cost: int | None = 6_000,
    weight: float = 0.0,
    impressions: float = 0.0,
    clicks: float = 0.0,
    hours_ago: float = 0.0,
    shown: int = 0,
    bought: int = 0,
    age_days: float = 30.0,
    **product: Any,
) -> Product:
    """A product with one variant, its stock, its signal of `hours_ago`, and its sums of the day before `at`."""
    made: Product = ProductFactory.create(**product)
    variant = VariantFactory.create(product=made, price_minor=price, cost_minor=cost)
    if on_hand:
        stocked(variant, on_hand)
    Product.objects.filter(pk=made.pk).update(created_at=at - timedelta(days=age_days))
    if weight or impressions:
        ProductSignal.objects.create(
            product_id=made.pk,
            weight=weight,
            impressions=impressions,
            clicks=clicks,
            moment=at - timedelta(hours=hours_ago),
        )
    if shown or bought:
        ProductEngagementDaily.objects.create(
            day=(at - timedelta(days=1)).date(), product_id=made.pk, impressions=shown, purchases=bought
        )
    made.refresh_from_db()
    return made


def scores_at(at: datetime) -> dict[Any, ProductScore]:
    """The scores of a new version, by product."""
    version = compute_scores(at=at)
    return {score.product_id: score for score in ProductScore.objects.filter(version=version.pk)}
