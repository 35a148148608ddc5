"""Discounts for demo data and importers."""

from django.db import transaction

from .models import Discount
from .services import DiscountTerms, create_discount


@transaction.atomic
def add_discount(terms: DiscountTerms) -> bool:
    """Make a discount, unless there is one of that name in its category; whether it is new.

    Raises what `create_discount` raises.
    """
    if Discount.objects.filter(name=terms.name, category=terms.category_id).exists():
        return False
    create_discount(terms=terms, actor_id=None)
    return True
