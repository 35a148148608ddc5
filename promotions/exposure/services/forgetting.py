"""What the slice forgets: selections after their time, and a person's own with the person."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from marketplace.core.retention import delete_in_batches
from promotions.exposure.models import Slate, Slot


def forget_old_slates(at: datetime) -> int:
    """Delete selections `EXPOSURE_SLATES_KEPT_DAYS` after they were last served, with their places; how many.

    Events come up to 72 hours late: until then their slots must be there. Sums by day stay.
    """
    until = at - timedelta(days=settings.EXPOSURE_SLATES_KEPT_DAYS)
    return delete_in_batches(Slate.objects.filter(expires_at__lt=until))


def forget_slates_of(user_id: UUID) -> None:
    """The person's own selections go; what was shown to everybody names nobody."""
    Slot.objects.filter(slate__customer_id=user_id).delete()
    Slate.objects.filter(customer_id=user_id).delete()
