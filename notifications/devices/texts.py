"""What a text message needs before it costs money."""

from typing import Final
from uuid import UUID

from django.conf import settings

from marketplace.core.http.throttling import hit

DAY: Final = 86_400


def is_served(number: str) -> bool:
    """Whether numbers that begin like this one are written to (`SMS_ALLOWED_PREFIXES`)."""
    return number.startswith(tuple(settings.SMS_ALLOWED_PREFIXES))


def count_text(customer_id: UUID) -> bool:
    """Count one more for the customer; whether it is within `SMS_PER_CUSTOMER_AND_DAY`. What fails counts too.

    By one atomic increment: of many at once exactly so many are within. Days are counted in UTC.
    """
    limit: int = settings.SMS_PER_CUSTOMER_AND_DAY
    return hit(f"texts:{customer_id}", DAY) <= limit
