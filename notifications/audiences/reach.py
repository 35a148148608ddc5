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


def reached(kind: str, audience: Audience, *, after: UUID = NIL) -> Rows:
    """The keys of those behind `after`, each once, without those who switched the kind off for the inbox."""
    refused = _refused(kind).filter(customer=OuterRef("customer"))
    return users.places_in(audience).filter(~Exists(refused), customer__gt=after).values_list("customer", flat=True)


def reached_between(kind: str, audience: Audience, *, after: UUID, upper: UUID) -> Rows:
    """The same in a stretch: behind `after`, up to `upper`.

    Who switched it off there is read once and looked up (a hashed subplan), not joined: PostgreSQL takes two keys that
    lie in one bucket of its statistics for next to nothing between them, and would join ten thousand rows with a
    thousand pair by pair, which took seconds.
    """
    stretch = {"customer__gt": after, "customer__lte": upper}
    refused = _refused(kind).filter(**stretch).values("customer")
    return users.places_in(audience).filter(**stretch).exclude(customer__in=refused).values_list("customer", flat=True)


def _refused(kind: str) -> "QuerySet[Preference]":
    return Preference.objects.filter(kind=kind, channel=Channel.INBOX, is_on=False)


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
