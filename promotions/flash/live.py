"""What whoever looks at a promotion is shown again and again: its units, and one's own minute."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count, IntegerField, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from marketplace.core.clock import db_now
from promotions.contracts import LiveState, ReservationCard

from .models import ActiveHold, FlashPromo, PromoUnit
from .selectors import card_as_read, reservations_of
from .state import PromoState, promo_state

_FREE = Q(held_until__isnull=True) | Q(held_until__lte=db_now())


def live_states(promo_ids: Iterable[UUID]) -> dict[UUID, LiveState]:
    """The promotions as they stand by the database's clock, in one query; unknown ids are left out."""
    rows: Any = FlashPromo.objects.filter(pk__in=set(promo_ids)).with_units_left()
    read = rows.annotate(
        units_free=Coalesce(Subquery(_of_units(_FREE, Count("pk")), output_field=IntegerField()), 0),
        lapses_at=Subquery(_of_units(Q(held_until__gt=db_now()), Min("held_until"))),
        read_at=db_now(),
    )
    return {row.pk: _state(row) for row in read}


def live_state(promo_id: UUID) -> LiveState | None:
    """One of them, for whoever may come by; none where there is none, or only a draft."""
    found = live_states([promo_id]).get(promo_id)
    return None if found is None or found.state == PromoState.DRAFT else found


def active_reservation(customer_id: UUID) -> ReservationCard | None:
    """The unit that the customer holds now, if any; one query."""
    held = ActiveHold.objects.filter(customer=customer_id, until__gt=db_now())
    mine = reservations_of(customer_id).filter(pk__in=held.values("reservation_id")).first()
    return None if mine is None else card_as_read(mine)


def _state(row: Any) -> LiveState:
    state = promo_state(row, units_left=row.units_left, at=row.read_at)
    return LiveState(
        promo_id=row.pk,
        state=state.value,
        units_left=row.units_left,
        units_free=row.units_free if state == PromoState.RUNNING else 0,
        lapses_at=row.lapses_at,
        starts_at=row.starts_at,
        ends_at=row.ended_at or row.ends_at,
        at=row.read_at,
    )


def _of_units(which: Q, what: Any) -> "QuerySet[PromoUnit, Any]":
    units = PromoUnit.objects.filter(PromoUnit.OPEN, which, promo=OuterRef("pk")).order_by()
    return units.values("promo").annotate(answer=what).values("answer")
