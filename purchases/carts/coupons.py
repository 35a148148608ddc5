"""Which coupon codes there are: the one place where carts ask promotions for them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID


def coupon_rules(codes: Sequence[str], at: datetime) -> dict[str, UUID]:
    """The promotion that each code belongs to at that moment; codes of none are left out."""
    return {}
