"""What lists show by the rules of now, and what a rule is about."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet

from promotions import facade as promotions
from promotions.contracts import PriceRule
from purchases.pricing.selectors import item_of
from purchases.pricing.values import Wanted
from stores import facade as stores
from stores.contracts import VariantCard

from .computing import Shown, concerns_lists, shown_prices
from .models import DuePrice

Shelves = dict[str, list[str]]
_SETS: Final = {"products": "product_ids", "categories": "category_ids", "stores": "store_ids"}


def shown_now(cards: Sequence[VariantCard], at: datetime) -> dict[UUID, Shown]:
    """What lists show of these variants from `at` on: one query, one more for rules whose uses are counted."""
    rules = promotions.rule_book().rules
    limited = [rule.rule_id for rule in rules if rule.is_limited and concerns_lists(rule)]
    limits = promotions.rule_limits(limited, None) if limited else {}
    items = [item_of(Wanted(str(card.variant_id), card, 1)) for card in cards]
    return shown_prices(items, rules, at=at, limits=limits)


def has_listed_rules() -> bool:
    """Whether any rule can change what lists show; without one nothing has to be computed."""
    return any(concerns_lists(rule) for rule in promotions.rule_book().rules)


def shelves_of(rule: PriceRule | None) -> Shelves | None:
    """What the rule is about, as it is remembered; None for one that lists know nothing of."""
    if rule is None or not concerns_lists(rule):
        return None
    return {name: sorted(map(str, getattr(rule, ids))) for name, ids in _SETS.items()}


def variants_on(shelves: Shelves) -> QuerySet[Any, UUID]:
    """Ids of the variants that a rule with these sets is about."""
    sets: dict[str, Any] = {ids: [UUID(each) for each in shelves[name]] for name, ids in _SETS.items()}
    return stores.variants_on_shelves(**sets)


def is_due(at: datetime) -> bool:
    """Whether there is anything to compute."""
    return DuePrice.objects.filter(due_at__lte=at).exists()


def due_count(at: datetime) -> int:
    """How many variants wait."""
    return DuePrice.objects.filter(due_at__lte=at).count()


def rules_by_id(rule_ids: Collection[UUID]) -> dict[UUID, PriceRule]:
    """Those of the rules that are switched on."""
    return {rule.rule_id: rule for rule in promotions.rule_book().rules if rule.rule_id in set(rule_ids)}
