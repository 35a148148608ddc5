"""How far audiences have been told."""

from uuid import UUID

from .models import FanOut


def told_of_promo(promo_id: UUID) -> int:
    """How many customers have been told of a promotion by now."""
    return sum(FanOut.objects.filter(promo_id=promo_id).values_list("told_count", flat=True))
