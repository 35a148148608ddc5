"""Reads over discounts."""

from collections import defaultdict
from typing import Any, cast
from uuid import UUID

from marketplace.core import access
from marketplace.core.access import Reach
from promotions.contracts import Benefit, BenefitKind, PriceRule

from .models import Discount, DiscountQuerySet

DEPARTMENT_PATH = "category__department"


def discounts_for_show() -> DiscountQuerySet:
    """Discounts with everything the API shows of them: a query, and one for the products."""
    return Discount.objects.prefetch_related("products")


def discounts_within(where: Reach) -> DiscountQuerySet:
    """Only those whose category belongs to a department within reach."""
    rows = access.within(discounts_for_show(), where, department_path=DEPARTMENT_PATH)
    return cast(DiscountQuerySet, rows)


def category_within(category_id: UUID, where: Reach) -> bool:
    """Whether there is such a category, of a department within reach."""
    categories: Any = Discount._meta.get_field("category").related_model
    rows = categories._default_manager.filter(pk=category_id)
    return bool(access.within(rows, where, department_path="department").exists())


def price_rules() -> list[PriceRule]:
    """Every discount that is switched on, as prices are computed with it (two queries)."""
    products: dict[UUID, set[UUID]] = defaultdict(set)
    on = Discount.objects.switched_on()
    for discount_id, product_id in Discount.products.through._default_manager.filter(
        discount_id__in=on.values("pk")
    ).values_list("discount_id", "product_id"):
        products[discount_id].add(product_id)
    return [
        _rule(discount, frozenset(products[discount.pk]))
        for discount in on
        # Of a discount on selected products that are all gone nothing is left: least of all the whole category.
        if products[discount.pk] or not discount.is_for_products
    ]


def _rule(discount: Discount, product_ids: frozenset[UUID]) -> PriceRule:
    if discount.percent_bp is not None:
        benefit = Benefit(BenefitKind.PERCENTAGE, basis_points=discount.percent_bp)
    else:
        benefit = Benefit(BenefitKind.AMOUNT, minor=discount.amount_minor or 0)
    return PriceRule(
        rule_id=discount.pk,
        kind="discount",
        version=discount.version,
        name=discount.name,
        benefits=(benefit,),
        currency=discount.currency,
        priority=discount.priority,
        is_exclusive=discount.is_exclusive,
        stack_group=discount.stack_group,
        category_ids=frozenset({discount.category_id}),
        product_ids=product_ids,
        tiers=frozenset({discount.tier} if discount.tier else ()),
        starts_at=discount.starts_at,
        ends_at=discount.ends_at,
        weekdays=frozenset(discount.weekdays),
        month_days=frozenset(discount.month_days),
    )
