"""Badges that depend on who looks: flash promotions the viewer may take, discounts and campaigns that apply to them.

Added after the caches, from this process's copies of what runs and of the rule book.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from promotions.book.showing import rules_under_way
from promotions.campaigns.selectors import rule_limits
from promotions.contracts import BenefitKind, Buyer, PriceRule
from promotions.flash.running import running_copy
from promotions.rules.conditions import refusals
from promotions.rules.recurrence import local_day
from stores.contracts import ShelfProduct

from .values import Viewer

FLASH, DISCOUNT, LOW_STOCK = "flash", "discount", "low_stock"
FEW = 5
"""Units from which on little is left."""
_CHEAPER = frozenset({BenefitKind.PERCENTAGE, BenefitKind.AMOUNT, BenefitKind.FIXED_PRICE, BenefitKind.BUY_X_GET_Y})


class _Place(NamedTuple):
    """The viewer as flash promotions ask."""

    latitude: float | None
    longitude: float | None
    segment_ids: frozenset[UUID]


def badges_for(products: Iterable[ShelfProduct], viewer: Viewer, at: datetime) -> Mapping[UUID, tuple[str, ...]]:
    """What of the products is a bargain for the viewer, or nearly gone; products without either are left out."""
    shown = list(products)
    flashed = _flashed(viewer, at)
    rules = _rules_for(viewer, at)
    found = {}
    for each in shown:
        badges = []
        if each.product_id in flashed:
            badges.append(FLASH)
        if any(_is_about(rule, each) for rule in rules):
            badges.append(DISCOUNT)
        if each.available <= FEW:
            badges.append(LOW_STOCK)
        if badges:
            found[each.product_id] = tuple(badges)
    return found


def _flashed(viewer: Viewer, at: datetime) -> frozenset[UUID]:
    """Of whoever is not signed in nobody knows where they are: what is for everybody everywhere."""
    eligible = running_copy(at).eligible(_Place(viewer.latitude, viewer.longitude, viewer.segment_ids), at)
    return frozenset(each.promo.product_id for each in eligible)


def _rules_for(viewer: Viewer, at: datetime) -> list[PriceRule]:
    """Discounts and campaigns about lines that make them cheaper for the viewer; no coupons, none that is used up.

    How often limited ones can still be used is asked in one query, where there are any.
    """
    buyer = Buyer(customer_id=viewer.customer_id, tier=viewer.tier, segment_ids=viewer.segment_ids)
    rules = [rule for rule in rules_under_way(at) if not rule.is_about_orders and _is_cheaper(rule)]
    limited = [rule.rule_id for rule in rules if rule.is_limited]
    limits = rule_limits(limited, viewer.customer_id) if limited else {}
    day = local_day(at)
    return [
        rule
        for rule in rules
        if not refusals(
            rule,
            buyer=buyer,
            at=at,
            ticket_minor=rule.min_ticket_minor,
            currency=rule.currency,
            limit=limits.get(rule.rule_id),
            day=day,
        )
    ]


def _is_cheaper(rule: PriceRule) -> bool:
    return any(benefit.kind in _CHEAPER for benefit in rule.benefits)


def _is_about(rule: PriceRule, product: ShelfProduct) -> bool:
    return (
        (not rule.currency or rule.currency == product.price_from.currency)
        and (not rule.product_ids or product.product_id in rule.product_ids)
        and (not rule.store_ids or product.store_id in rule.store_ids)
        and (not rule.category_ids or not rule.category_ids.isdisjoint(product.category_ids))
    )
