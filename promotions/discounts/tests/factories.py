"""Discounts for tests, here and in other contexts: made by the service, so that the rule book knows of them."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from promotions.discounts.models import Discount
from promotions.discounts.services import DiscountTerms, create_discount
from stores.catalog.tests.factories import CategoryFactory


def discount_terms(category: Any = None, **terms: Any) -> DiscountTerms:
    """10 % for everybody off a category, since an hour ago and without end; `terms` say otherwise."""
    defaults: dict[str, Any] = {
        "name": "Diez por ciento",
        "category_id": (category or CategoryFactory.create()).pk,
        "starts_at": timezone.now() - timedelta(hours=1),
        "percent_bp": None if terms.get("amount") else 1_000,
    }
    return DiscountTerms(**(defaults | terms))


def make_discount(category: Any = None, **terms: Any) -> Discount:
    """A discount under way."""
    return create_discount(terms=discount_terms(category, **terms), actor_id=None)
