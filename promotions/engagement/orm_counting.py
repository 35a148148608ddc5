"""Counting in Python, for SQLite, where one writer at a time holds the database: the same sums as `statements` adds."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import F

from marketplace.core.clock import platform_day
from marketplace.core.http.fields import MAX_INTEGER

from . import decay
from .decay import Decayed
from .models import (
    ActorHour,
    CustomerInterest,
    EngagementEvent,
    EngagementHourly,
    EngagementPolicy,
    EventBatch,
    EventKind,
    ProductSignal,
    TouchedDay,
)
from .selectors import categories_of, truly_exposed, weights
from .statements import VIEWS_PER_HOUR

_AT_ONCE = 400
_TICK = timedelta(microseconds=1)
_MAY_BE_EMPTY = ("customer_id", "exposure_id", "position", "metadata")


class _Hour(NamedTuple):
    """Key of a row of sums."""

    bucket: datetime
    product_id: UUID
    kind: int


def take_batches(ids: Sequence[int], drain_id: int) -> tuple[list[EngagementEvent], int]:
    """Take the batches from the inbox and store what is new; the new events, and how many were said."""
    batches = list(EventBatch.objects.filter(pk__in=ids).order_by("pk"))
    said = [_event(batch, each, drain_id) for batch in batches for each in batch.events]
    first: dict[UUID, EngagementEvent] = {}
    for event in said:
        first.setdefault(event.event_id, event)
    known: set[UUID] = set()
    for keys in _batched(first):
        known |= set(EngagementEvent.objects.filter(pk__in=keys).values_list("pk", flat=True))
    fresh = [event for key, event in sorted(first.items()) if key not in known]
    EngagementEvent.objects.bulk_create(fresh)
    EventBatch.objects.filter(pk__in=ids).delete()
    return fresh, len(said)


def take_suspects(ids: Sequence[UUID], drain_id: int) -> list[EngagementEvent]:
    """Suspect events of those become good ones of this drain; which."""
    fresh = list(EngagementEvent.objects.filter(pk__in=ids, is_suspect=True).order_by("pk"))
    for event in fresh:
        event.is_suspect, event.drain_id = False, drain_id
    EngagementEvent.objects.bulk_update(fresh, ["is_suspect", "drain_id"])
    return fresh


def count(fresh: Sequence[EngagementEvent], policy: EngagementPolicy, at: datetime) -> None:
    """Add the events to every sum."""
    good = [event for event in fresh if not event.is_suspect]
    counted, exposed = _counted_views(good), truly_exposed(good)
    _add_hours(good, counted, exposed)
    _add_signals(good, counted, exposed, policy)
    _add_interests(good, counted, policy)
    _touch({platform_day(event.at) for event in fresh}, at)


def _touch(days: Collection[date], at: datetime) -> None:
    """Later than before, whatever the clock says: who made the day anew meanwhile must see that it was touched."""
    touched = dict(TouchedDay.objects.filter(day__in=days).values_list("day", "touched_at"))
    for day in sorted(days):
        moment = max(at, touched[day] + _TICK) if day in touched else at
        TouchedDay.objects.update_or_create(day=day, defaults={"touched_at": moment})


def _batched(keys: Iterable[UUID]) -> Iterable[list[UUID]]:
    listed = list(keys)
    return (listed[start : start + _AT_ONCE] for start in range(0, len(listed), _AT_ONCE))


def _event(batch: EventBatch, said: dict[str, Any], drain_id: int) -> EngagementEvent:
    event = EngagementEvent(
        event_id=UUID(said["id"]),
        drain_id=drain_id,
        kind=said["kind"],
        product_id=UUID(said["product"]),
        customer_id=batch.customer_id,
        actor=batch.actor,
        exposure_id=UUID(said["exposure"]) if said.get("exposure") else None,
        position=said.get("position"),
        quantity=said.get("quantity", 1),
        amount_minor=said.get("amount", 0),
        is_suspect=batch.is_suspect,
        metadata=said.get("metadata", {}),
        occurred_at=datetime.fromisoformat(said["occurred"]),
        at=datetime.fromisoformat(said["at"]),
        received_at=batch.received_at,
    )
    # SQLite takes whatever a column is given; PostgreSQL does not.
    event.clean_fields(exclude={name for name in _MAY_BE_EMPTY if getattr(event, name) in (None, {})})
    if event.quantity > MAX_INTEGER:
        raise ValueError(event.quantity)
    return event


def _counted_views(good: Sequence[EngagementEvent]) -> list[tuple[EngagementEvent, int]]:
    """One event of each (hour, actor, product) with views, and how many of its views count."""
    looks: dict[tuple[datetime, UUID, UUID], list[EngagementEvent]] = defaultdict(list)
    for event in good:
        if event.kind == EventKind.VIEW:
            looks[decay.hour_of(event.at), event.actor, event.product_id].append(event)
    counted = []
    for (bucket, actor, product_id), events in sorted(looks.items()):
        row, _is_new = ActorHour.objects.get_or_create(
            bucket=bucket, actor=actor, product_id=product_id, defaults={"views": 0}
        )
        views = row.views + len(events)
        ActorHour.objects.filter(bucket=bucket, actor=actor, product_id=product_id).update(views=views)
        counted.append((events[0], min(VIEWS_PER_HOUR, views) - min(VIEWS_PER_HOUR, row.views)))
    return counted


def _add_hours(
    good: Sequence[EngagementEvent], counted: Sequence[tuple[EngagementEvent, int]], exposed: Collection[UUID]
) -> None:
    hours: dict[_Hour, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for event in good:
        sums = hours[_hour(event)]
        sums["count"] += 1
        sums["counted"] += event.kind != EventKind.VIEW
        sums["exposed"] += event.event_id in exposed
        sums["quantity"] += event.quantity
        sums["amount_minor"] += event.amount_minor
    for event, number in counted:
        hours[_hour(event)]["counted"] += number
    for key, sums in sorted(hours.items()):
        added = {name: F(name) + number for name, number in sums.items()}
        if not EngagementHourly.objects.filter(**key._asdict()).update(**added):
            EngagementHourly.objects.create(**key._asdict(), **sums)


def _hour(event: EngagementEvent) -> _Hour:
    return _Hour(decay.hour_of(event.at), event.product_id, event.kind)


def _add_signals(
    good: Sequence[EngagementEvent],
    counted: Sequence[tuple[EngagementEvent, int]],
    exposed: Collection[UUID],
    policy: EngagementPolicy,
) -> None:
    per_second, weight = decay.rate(policy.half_life_hours), weights(policy)
    added: dict[UUID, list[tuple[datetime, float, int, int]]] = defaultdict(list)
    for event in good:
        worth = 0.0 if event.kind == EventKind.VIEW else weight[event.kind]
        clicks = int(event.kind == EventKind.CLICK and event.event_id in exposed)
        impressions = int(event.kind == EventKind.IMPRESSION)
        added[event.product_id].append((decay.hour_of(event.at), worth, impressions, clicks))
    for event, number in counted:
        added[event.product_id].append((decay.hour_of(event.at), weight[EventKind.VIEW] * number, 0, 0))
    old = ProductSignal.objects.in_bulk(list(added))
    for product_id, parts in sorted(added.items()):
        if product_id in old:
            row = old[product_id]
            parts.append((row.moment, row.weight, row.impressions, row.clicks))  # type: ignore[arg-type]
        sums = [
            decay.merge_all((Decayed(part[column], part[0]) for part in parts), per_second)  # type: ignore[arg-type]
            for column in (1, 2, 3)
        ]
        values = {"weight": sums[0].value, "impressions": sums[1].value, "clicks": sums[2].value}
        ProductSignal.objects.update_or_create(product_id=product_id, defaults={**values, "moment": sums[0].moment})


def _add_interests(
    good: Sequence[EngagementEvent], counted: Sequence[tuple[EngagementEvent, int]], policy: EngagementPolicy
) -> None:
    per_second, weight = decay.rate(policy.half_life_hours), weights(policy)
    lesser = {EventKind.IMPRESSION, EventKind.VIEW}
    parts = [(event, weight[event.kind]) for event in good if event.kind not in lesser]
    parts += [(event, weight[EventKind.VIEW] * number) for event, number in counted if number]
    parts = [(event, worth) for event, worth in parts if event.customer_id is not None]
    category = categories_of({event.product_id for event, _worth in parts})
    added: dict[tuple[UUID, UUID], list[Decayed]] = defaultdict(list)
    for event, worth in parts:
        if event.product_id in category:
            added[event.actor, category[event.product_id]].append(Decayed(worth, decay.hour_of(event.at)))
    for (customer_id, category_id), sums in sorted(added.items()):
        row = CustomerInterest.objects.filter(customer_id=customer_id, category_id=category_id).first()
        whole = decay.merge_all([*sums, *([Decayed(row.weight, row.moment)] if row else [])], per_second)
        CustomerInterest.objects.update_or_create(
            customer_id=customer_id,
            category_id=category_id,
            defaults={"weight": whole.value, "moment": whole.moment},
        )
