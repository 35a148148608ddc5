"""Flash promotions that started: who is told, and going on after a crash."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError

from marketplace.core.events import json_ready
from marketplace.core.jobs import release_lease, take_lease
from promotions import facade as promotions
from users import facade as users

from .audience import begin_fan_out, tell_audience
from .kinds import FLASH_STARTED
from .models import FanOut
from .services import write_message

logger = logging.getLogger(__name__)

LEFT_ALONE = timedelta(seconds=20)
"""A fan-out this young has its own worker; the tick only looks after older ones."""


def tell_audience_of_promo(*, promo_id: UUID, at: datetime) -> int:
    """Tell everybody near enough and in the right segments that this promotion runs; how many were told now.

    At most one such message per customer and platform day: the day of the first `at`, also when work goes on past
    midnight. Harmless twice, also at the same time.
    """
    card = promotions.promo_card(promo_id)
    message = write_message(
        kind=FLASH_STARTED,
        params={
            "promo": str(card.promo_id),
            "product": card.product_name,
            "store": card.store_name,
            "price": json_ready(card.price),
            "list_price": json_ready(card.list_price),
            "ends_at": json_ready(card.ends_at),
        },
        dedupe_key=f"{FLASH_STARTED}:{promo_id}",
        at=at,
    )
    return _go_on(begin_fan_out(message=message, promo_id=promo_id, at=at), at)


def resume_fan_outs(*, at: datetime) -> int:
    """Go on with audiences that were left half told; how many customers were told now."""
    mine = take_lease("notifications.resume_fan_outs", timedelta(minutes=2))
    if mine is None:
        return 0
    try:
        stuck = FanOut.objects.filter(finished_at__isnull=True, message__created_at__lt=at - LEFT_ALONE)
        return sum(_try_to_go_on(run, at) for run in stuck.order_by("started_at"))
    finally:
        release_lease("notifications.resume_fan_outs", mine)


def _try_to_go_on(run: FanOut, at: datetime) -> int:
    try:
        return _go_on(run, at)
    except DatabaseError:
        raise
    except Exception:
        # One promotion that cannot be told must not keep the others waiting; the next tick tries again.
        logger.exception("fan-out failed", extra={"promo": str(run.promo_id)})
        return 0


def _go_on(run: FanOut, at: datetime) -> int:
    rule = promotions.promo_audience_rule(run.promo_id)
    if rule.ends_at <= at:
        # Nobody wants to hear now of what is over.
        FanOut.objects.filter(pk=run.pk, finished_at__isnull=True).update(finished_at=at)
        return 0
    audience = users.places_within(
        latitude=rule.latitude, longitude=rule.longitude, radius_km=rule.radius_km, segment_ids=rule.segment_ids
    )
    return tell_audience(run, audience, at=at)
