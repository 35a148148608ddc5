"""What everybody who watches a promotion is shown: read in one query, whoever watches."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, IntegerField, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from marketplace.core.clock import db_now

from .models import FlashPromo, PromoUnit
from .state import PromoState, promo_state


@dataclass(frozen=True, slots=True)
class LiveState:
    """A promotion at `at`, a moment of the database's clock. `lapses_at`: when the next hold lapses."""

    promo_id: UUID
    state: str
    units_left: int
    units_free: int
    lapses_at: datetime | None
    starts_at: datetime
    ends_at: datetime
    at: datetime


def live_state(promo_id: UUID) -> LiveState | None:
    """The promotion as it stands, in one query; none where there is none, or only a draft.

    `units_left` are neither sold nor given back; of these `units_free` can be taken now, the others are in somebody's
    minute.
    """
    rows: Any = FlashPromo.objects.filter(pk=promo_id).with_units_left()
    row = rows.annotate(
        units_free=Coalesce(Subquery(_of_units(_FREE, Count("pk")), output_field=IntegerField()), 0),
        lapses_at=Subquery(_of_units(Q(held_until__gt=db_now()), Min("held_until"))),
        read_at=db_now(),
    ).first()
    if row is None:
        return None
    state = promo_state(row, units_left=row.units_left, at=row.read_at)
    if state == PromoState.DRAFT:
        return None
    return LiveState(
        promo_id=promo_id,
        state=state.value,
        units_left=row.units_left,
        units_free=row.units_free if state == PromoState.RUNNING else 0,
        lapses_at=row.lapses_at,
        starts_at=row.starts_at,
        ends_at=row.ended_at or row.ends_at,
        at=row.read_at,
    )


_FREE = Q(held_until__isnull=True) | Q(held_until__lte=db_now())


def _of_units(which: Q, what: Any) -> "QuerySet[PromoUnit, Any]":
    units = PromoUnit.objects.filter(PromoUnit.OPEN, which, promo=OuterRef("pk")).order_by()
    return units.values("promo").annotate(answer=what).values("answer")
