"""Whom a kind of message reaches: who is in an audience and takes the kind. Also how many that are, in bounded time."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from marketplace.core.ids import NIL
from marketplace.core.patience import TooSlowError, patience
from notifications.kinds.channels import Channel
from notifications.preferences.models import Preference
from users import facade as users
from users.contracts import Audience

LAST_KEY: Final = UUID(int=2**128 - 1)
BOUNDS: Final = (1_000_000, 100_000, 10_000)
"""Counted no further than the first; where that takes too long, than the next."""
PATIENCE_MS: Final = 1_000

Rows = QuerySet[Any, Any]


@dataclass(frozen=True, slots=True)
class Size:
    """So many people; with `is_more` at least so many, nobody counted on."""

    count: int
    is_more: bool


def reached(kind: str, audience: Audience, *, after: UUID = NIL, upper: UUID = LAST_KEY) -> Rows:
    """The keys of those between two keys, each once, without those who switched the kind off for the inbox."""
    # The range is said twice: PostgreSQL carries an equality over to the other side of a join, but no range.
    refused = Preference.objects.filter(
        kind=kind,
        channel=Channel.INBOX,
        is_on=False,
        customer__gt=after,
        customer__lte=upper,
        customer=OuterRef("customer"),
    )
    places = users.places_in(audience).filter(~Exists(refused), customer__gt=after, customer__lte=upper)
    return places.values_list("customer", flat=True)


def audience_size(kind: str, audience: Audience) -> Size:
    """How many a message would reach now; see `Size`. At most about three seconds."""
    for bound in BOUNDS:
        try:
            with patience(PATIENCE_MS):
                count = reached(kind, audience)[: bound + 1].count()
        except TooSlowError:
            continue
        return Size(min(count, bound), count > bound)
    return Size(0, True)
