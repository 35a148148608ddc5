"""Counting what became of places, and what experiments need of it: once for each count of events.

An event that says in which slot its product was shown counts for that slot's place and reason on its platform day, and
for the experiments' ways of the slot's selection. The transaction that counts marks the drain: whatever is killed in
between has counted nothing, and twice is once.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction

from marketplace.core.clock import platform_day
from promotions.engagement.models import EngagementEvent, EventDrain, EventKind
from promotions.experiments.recording import record_facts
from promotions.experiments.values import PurchaseFact, UnitFact
from promotions.exposure import selectors
from promotions.exposure.models import SlotDaily
from promotions.exposure.selectors import SlotFacts

logger = logging.getLogger(__name__)

AT_ONCE = 500
"""Slots asked for in one query, and rows of one statement."""
DRAINS = 200
"""Counts of events that one call folds at most."""

# What folding raises when what a count holds is to blame.
_FAILURES = (DatabaseError, ArithmeticError, AttributeError, KeyError, TypeError, ValueError)
_Key = tuple[date, str, int, str]


def fold_drains(*, at: datetime, limit: int = DRAINS) -> int:
    """Fold the counts of events that are not yet, the oldest first, each in a transaction of its own; how many.

    One that cannot be folded keeps no other waiting: what was raised for the first such is raised behind them all.
    """
    waiting = EventDrain.objects.filter(folded_at__isnull=True).order_by("pk").values_list("pk", flat=True)
    folded, failure = 0, None
    for drain_id in list(waiting[:limit]):
        try:
            folded += _fold(drain_id, at)
        except _FAILURES as error:
            logger.warning("exposure: a count of events could not be folded", exc_info=True, extra={"drain": drain_id})
            failure = failure or error
    if failure is not None:
        raise failure
    return folded


@transaction.atomic
def _fold(drain_id: int, at: datetime) -> int:
    # Whoever comes second waits here for the first, and then finds nothing to do.
    if not EventDrain.objects.filter(pk=drain_id, folded_at__isnull=True).update(folded_at=at):
        return 0
    events = list(_events(drain_id))
    slots = _slots({event.exposure_id for event in events if event.exposure_id is not None})
    counts: Counter[tuple[_Key, int]] = Counter()
    shown: list[UnitFact] = []
    bought: list[PurchaseFact] = []
    for event in events:
        if event.kind == EventKind.PURCHASE:
            bought.append(PurchaseFact(event.actor, event.amount_minor, event.at))
            continue
        slot = slots.get(event.exposure_id) if event.exposure_id else None
        # An event that names a slot of another product, or of somebody else's own, was not made by our pages.
        if slot is None or slot.product_id != event.product_id or slot.customer_id not in {None, event.customer_id}:
            continue
        counts[(platform_day(event.at), slot.context, slot.position, slot.reason), event.kind] += 1
        shown += _facts(event, slot.ways)
    _add(counts)
    if shown or bought:
        record_facts(shown=shown, bought=bought)
    return 1


def _events(drain_id: int) -> Iterable[EngagementEvent]:
    kinds = (EventKind.IMPRESSION, EventKind.CLICK, EventKind.PURCHASE)
    rows = EngagementEvent.objects.filter(drain_id=drain_id, kind__in=kinds, is_suspect=False)
    columns = ("kind", "product_id", "customer_id", "actor", "exposure_id", "amount_minor", "at")
    return rows.only(*columns).order_by("at", "pk")


def _slots(ids: set[UUID]) -> Mapping[UUID, SlotFacts]:
    wanted = sorted(ids)
    found: dict[UUID, SlotFacts] = {}
    for start in range(0, len(wanted), AT_ONCE):
        found |= selectors.slots_of(wanted[start : start + AT_ONCE])
    return found


def _facts(event: EngagementEvent, ways: Mapping[str, Any]) -> list[UnitFact]:
    return [
        UnitFact(UUID(way["experiment"]), UUID(way["id"]), event.actor, EventKind(event.kind), event.at)
        for way in ways.values()
    ]


def _add(counts: Mapping[tuple[_Key, int], int]) -> None:
    """Add to the sums, in the order of their keys: two workers cannot wait for each other. The same on both engines."""
    rows = []
    for key in sorted({key for key, _kind in counts}):
        seen, clicked = counts.get((key, EventKind.IMPRESSION), 0), counts.get((key, EventKind.CLICK), 0)
        rows.append((*key, seen, clicked))
    table = SlotDaily._meta.db_table
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        places = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(part))
        with connection.cursor() as cursor:
            cursor.execute(
                f'INSERT INTO "{table}" (day, context, position, reason, impressions, clicks) VALUES {places} '  # noqa: S608
                "ON CONFLICT (day, context, position, reason) DO UPDATE SET "
                f'impressions = "{table}".impressions + excluded.impressions, '
                f'clicks = "{table}".clicks + excluded.clicks',
                [value for row in part for value in row],
            )
