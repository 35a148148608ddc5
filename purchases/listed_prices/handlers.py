"""Variants are marked when a rule or the catalogue changes; the feed of the slice wakes whoever computes them."""

from django.utils import timezone

from marketplace.core.outbox.handlers import handles
from promotions.events import PriceRulesChanged
from stores.events import CategoryMoved, ProductsRepriced

from . import services


@handles(PriceRulesChanged)
def mark_prices_on_price_rules_changed(event: PriceRulesChanged) -> None:
    """What the rules are about, and what they were about before."""
    services.mark_rules(rule_ids=event.rule_ids, at=timezone.now())


@handles(ProductsRepriced)
def mark_prices_on_products_repriced(event: ProductsRepriced) -> None:
    """Another price, another category, or a new variant."""
    services.mark_products(product_ids=event.product_ids, at=timezone.now())


@handles(CategoryMoved)
def mark_prices_on_category_moved(event: CategoryMoved) -> None:
    """Rules about what is above it reach its products, or do not reach them any more."""
    services.mark_category(category_id=event.category_id, at=timezone.now())
