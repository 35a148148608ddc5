"""What operators watch of promotions: the flash minute, events, scores, places, loyalty. Days are the platform's."""

from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Sum

from marketplace.core.clock import db_now, platform_day, read_db_now
from marketplace.core.ids import uuid7_floor
from marketplace.core.observability.metrics import Gauge, Values, register

from .engagement.models import DeadEvent, EventBatch
from .exposure.models import Context, SlotDaily
from .flash.models import ActiveHold, Reservation
from .loyalty.models import LoyaltyDay
from .scoring.selectors import current_version

LAPSED_WITHIN: Final = timedelta(hours=1)
OWN_PLACES: Final = 12
"""Places of a selection that have a figure of their own; those behind share one."""


def register_gauges() -> None:
    """Called in `ready()`."""
    holds = "flash holds: `active` now, `lapsed` within the last hour and neither bought nor given back"
    register(Gauge("marketplace_flash_holds", holds, flash_holds, ("state",), kept_seconds=10))
    register(Gauge("marketplace_event_inbox_batches", "requests with events that are not counted yet", inbox))
    register(Gauge("marketplace_event_inbox_oldest_seconds", "age of the oldest of them", inbox_age))
    register(Gauge("marketplace_dead_events", "events that were taken and cannot be counted", dead_events))
    register(Gauge("marketplace_scores_age_seconds", "age of the scores in force; absent before the first", scores_age))
    ratio = "clicks on a place for each time it was seen, on the last whole day"
    register(
        Gauge("marketplace_slot_click_through_ratio", ratio, click_through, ("context", "place"), kept_seconds=300)
    )
    changes = "members who changed their level on the last whole day"
    register(Gauge("marketplace_loyalty_level_changes", changes, level_changes, ("change",), kept_seconds=300))


def flash_holds() -> Values:
    """A hold lasts a minute; who pays through a provider gets some more."""
    now = read_db_now()
    # By the table's one index that knows the time, its key: a hold is not older than what it is lapsed for.
    recent = Reservation.objects.filter(pk__gte=uuid7_floor(now - 2 * LAPSED_WITHIN))
    lapsed = recent.filter(
        state=Reservation.State.HELD, expires_at__gt=now - LAPSED_WITHIN, expires_at__lte=now, is_excused=False
    )
    return {("active",): ActiveHold.objects.filter(until__gt=db_now()).count(), ("lapsed",): lapsed.count()}


def inbox() -> Values:
    """The drain empties it each five seconds."""
    return {(): EventBatch.objects.count()}


def inbox_age() -> Values:
    """Zero when it is empty."""
    return {(): _age(EventBatch.objects.order_by("pk").values_list("received_at", flat=True).first())}


def dead_events() -> Values:
    """Ought to be none: each has its reason."""
    return {(): DeadEvent.objects.count()}


def scores_age() -> Values:
    """Computed each hour."""
    version = current_version()
    return {} if version is None else {(): _age(version.started_at)}


def click_through() -> Values:
    """By context and place; who was never seen has none."""
    rows = (
        SlotDaily.objects.filter(day=_yesterday())
        .order_by()
        .values_list("context", "position")
        .annotate(seen=Sum("impressions"), clicked=Sum("clicks"))
    )
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for context, position, seen, clicked in rows:
        place = str(position) if position <= OWN_PLACES else f"{OWN_PLACES + 1}+"
        before = sums.get((context, place), (0, 0))
        sums[context, place] = before[0] + seen, before[1] + clicked
    return {key: clicked / seen for key, (seen, clicked) in sums.items() if seen and key[0] in Context.values}


def level_changes() -> Values:
    """Zeros until the hourly job has written the day."""
    day = LoyaltyDay.objects.filter(day=_yesterday()).first()
    return {("up",): day.upgrades if day else 0, ("down",): day.downgrades if day else 0}


def _yesterday() -> date:
    return platform_day(read_db_now()) - timedelta(days=1)


def _age(moment: datetime | None) -> float:
    return 0.0 if moment is None else max(0.0, (read_db_now() - moment).total_seconds())
