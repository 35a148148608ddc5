"""Telling audiences: beginning, going on after a crash, stopping."""

import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db.models import Q

from marketplace.core.clock import platform_day
from marketplace.core.events import json_ready
from marketplace.core.ids import NIL
from marketplace.core.jobs import release_lease, take_lease
from notifications.inbox.models import Message
from notifications.inbox.services import write_message
from notifications.kinds.table import FLASH_STARTED, KINDS
from promotions import facade as promotions
from users.contracts import Audience

from .models import FanOut
from .rules import stored
from .statement import tell_audience

logger = logging.getLogger(__name__)

LEFT_ALONE = timedelta(seconds=20)
"""A fan-out this young has its own worker; the tick only looks after older ones."""


@transaction.atomic
def begin_fan_out(
    *,
    message: Message,
    audience: Audience,
    at: datetime,
    channels: Sequence[str] = (),
    cap_day: date | None = None,
    ends_at: datetime | None = None,
    expected_count: int | None = None,
    promo_id: UUID | None = None,
) -> FanOut:
    """Record that an audience is to be told, or find the record that is there.

    With `cap_day` it counts as that day's one capped message of each customer. Behind `ends_at` nobody more is told.
    """
    run = FanOut(
        message=message,
        promo_id=promo_id,
        rule=stored(audience),
        channels=list(channels),
        cap_day=cap_day,
        ends_at=ends_at,
        expected_count=expected_count,
        told_up_to=NIL,
        started_at=at,
    )
    FanOut.objects.bulk_create([run], ignore_conflicts=True)
    return FanOut.objects.select_related("message").get(message=message)


def go_on(run: FanOut, *, at: datetime) -> int:
    """Tell whom is left to tell; how many. What is over, or was stopped, is told to nobody more."""
    if run.ends_at is not None and run.ends_at <= at:
        FanOut.objects.filter(pk=run.pk, finished_at__isnull=True).update(finished_at=at)
        return 0
    return tell_audience(run)


def stop_fan_outs(*, at: datetime, message_id: int | None = None, promo_id: UUID | None = None) -> int:
    """Tell nobody more of this message, or of this promotion; how many runs that ended. Harmless twice.

    A chunk that is being written is still finished.
    """
    which = Q(message=message_id) if message_id is not None else Q(promo_id=promo_id)
    return FanOut.objects.filter(which, finished_at__isnull=True, stopped_at__isnull=True).update(stopped_at=at)


def tell_audience_of_promo(*, promo_id: UUID, at: datetime) -> int:
    """Tell everybody near enough and in the right segments that this promotion runs; how many were told now.

    At most one such message per customer and platform day: the day of the first `at`, also when work goes on past
    midnight. Harmless twice, also at the same time.
    """
    card, rule = promotions.promo_card(promo_id), promotions.promo_audience_rule(promo_id)
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
    run = begin_fan_out(
        message=message,
        audience=Audience(
            latitude=rule.latitude,
            longitude=rule.longitude,
            radius_km=rule.radius_km,
            segment_ids=rule.segment_ids,
        ),
        at=at,
        channels=KINDS[FLASH_STARTED].channels,
        cap_day=platform_day(at),
        ends_at=rule.ends_at,
        promo_id=promo_id,
    )
    return go_on(run, at=at)


def resume_fan_outs(*, at: datetime) -> int:
    """Go on with audiences that were left half told; how many customers were told now."""
    mine = take_lease("notifications.resume_fan_outs", timedelta(minutes=2))
    if mine is None:
        return 0
    try:
        open_runs = FanOut.objects.filter(finished_at__isnull=True, stopped_at__isnull=True)
        stuck = open_runs.filter(started_at__lt=at - LEFT_ALONE).select_related("message").order_by("started_at")
        return sum(_try_to_go_on(run, at) for run in stuck)
    finally:
        release_lease("notifications.resume_fan_outs", mine)


def _try_to_go_on(run: FanOut, at: datetime) -> int:
    try:
        return go_on(run, at=at)
    except DatabaseError:
        raise
    except Exception:
        # One audience that cannot be told must not keep the others waiting; the next tick tries again.
        logger.exception("fan-out failed", extra={"fan_out": run.pk})
        return 0
