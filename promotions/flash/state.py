"""Where a promotion or a reservation stands: derived from what is stored and a moment, never stored itself."""

import math
from datetime import datetime

from django.db.models import Q

from .models import FlashPromo, Reservation

PromoState = FlashPromo.State


def promo_state(promo: FlashPromo, *, units_left: int, at: datetime) -> FlashPromo.State:
    """Sold out and ended are final; then draft or paused, scheduled, running. `units_left`: open unit rows."""
    if units_left == 0 and promo.units_returned == 0:
        return PromoState.SOLD_OUT
    if promo.ended_at is not None or promo.ends_at <= at:
        return PromoState.ENDED
    if not promo.is_active:
        return PromoState.DRAFT if promo.started_at is None else PromoState.PAUSED
    return PromoState.SCHEDULED if promo.starts_at > at else PromoState.RUNNING


def in_state(state: str, at: datetime) -> Q:
    """`promo_state` as a condition on rows with `units_left`."""
    sold_out = Q(units_left=0, units_returned=0)
    over = Q(ended_at__isnull=False) | Q(ends_at__lte=at)
    conditions = {
        PromoState.SOLD_OUT: sold_out,
        PromoState.ENDED: ~sold_out & over,
        PromoState.DRAFT: ~sold_out & ~over & Q(is_active=False, started_at__isnull=True),
        PromoState.PAUSED: ~sold_out & ~over & Q(is_active=False, started_at__isnull=False),
        PromoState.SCHEDULED: ~sold_out & ~over & Q(is_active=True, starts_at__gt=at),
        PromoState.RUNNING: ~sold_out & ~over & Q(is_active=True, starts_at__lte=at),
    }
    return conditions[PromoState(state)]


def reservation_state(reservation: Reservation, *, at: datetime) -> str:
    """As stored, except that a hold past its moment has lapsed. `at` is the database's clock."""
    if reservation.state == Reservation.State.HELD and reservation.expires_at <= at:
        return Reservation.State.LAPSED.value
    return reservation.state


def seconds_left(until: datetime, *, at: datetime) -> int:
    """Whole seconds, rounded up; zero when it is past."""
    return whole_seconds((until - at).total_seconds())


def whole_seconds(seconds: float) -> int:
    """Rounded up, never negative."""
    return max(0, math.ceil(seconds))
