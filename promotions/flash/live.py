"""What somebody who looks at a promotion wants to know again and again: units, and one's own minute."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min, Q

from marketplace.core.clock import db_now
from promotions.contracts import LiveUnits, ReservationCard

from .models import ActiveHold, FlashPromo
from .selectors import card_as_read, reservations_of
from .state import promo_state, seconds_left

_OPEN = Q(unit_rows__sold_at__isnull=True, unit_rows__released_at__isnull=True)


def live_units(promo_ids: Iterable[UUID], at: datetime) -> dict[UUID, LiveUnits]:
    """Units of the promotions by the database's clock, in one query; unknown ids are left out."""
    is_held = Q(unit_rows__held_until__gt=db_now())
    rows: Any = FlashPromo.objects.filter(pk__in=set(promo_ids)).annotate(
        units_left=Count("unit_rows", filter=_OPEN),
        units_held=Count("unit_rows", filter=_OPEN & is_held),
        next_lapse_at=Min("unit_rows__held_until", filter=_OPEN & is_held),
        # Of all rows one clock: outside an aggregate PostgreSQL would group by each row's own.
        read_at=Max(db_now()),
    )
    return {
        row.pk: LiveUnits(
            promo_id=row.pk,
            state=promo_state(row, units_left=row.units_left, at=at).value,
            units_left=row.units_left,
            units_free=row.units_left - row.units_held,
            next_lapse_in=row.next_lapse_at and max(1, seconds_left(row.next_lapse_at, at=row.read_at)),
        )
        for row in rows
    }


def active_reservation(customer_id: UUID) -> ReservationCard | None:
    """The unit that the customer holds now, if any; one query."""
    held = ActiveHold.objects.filter(customer=customer_id, until__gt=db_now())
    mine = reservations_of(customer_id).filter(pk__in=held.values("reservation_id")).first()
    return None if mine is None else card_as_read(mine)
