"""Taking events: what is accepted is in the inbox when the answer says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from marketplace.core.http.throttling import hit
from marketplace.core.observability.counting import Counter
from promotions.engagement import inbox
from promotions.engagement.actors import actor_of_session
from promotions.engagement.inbox import Said
from promotions.engagement.products import known_products
from promotions.engagement.wire import KINDS, Read, Rejected, WireEvent, judge, utc

EVENTS = Counter(
    "marketplace_events_total",
    "events that came in: `taken` into the inbox, `rejected`, `repeated` in their batch, `dropped` (robots' ones, and "
    "one for each request beyond the rate, whose body is not read)",
    ("outcome",),
)

_NUMBERS: Final = {name: int(kind) for name, kind in KINDS.items()}


@dataclass(frozen=True, slots=True)
class Collected:
    """What the answer says."""

    accepted: int = 0
    duplicates_in_batch: int = 0
    rejected: list[Rejected] = field(default_factory=list)


def collect_events(*, read: Read, customer_id: UUID | None, actor: UUID, at: datetime) -> Collected:
    """Judge each event and put the good ones into the inbox, in one statement; `at` is when they were received.

    An id that the batch holds before is a duplicate, not a second event. Events of several sessions are several
    actors'; a signed-in person is one. `actor` is whose they are where they name no session. An actor with more than
    `EVENTS_BURST` events in the window is taken for no person: the rest is kept as suspect.
    """
    rejected = list(read.rejected)
    good: dict[UUID, tuple[int, WireEvent, datetime]] = {}
    duplicates = 0
    for index, event in read.events:
        moment, code = judge(event, read.sent_at, at)
        if moment is None:
            rejected.append(Rejected(index, str(event.event_id), code))
        elif event.event_id in good:
            duplicates += 1
        else:
            good[event.event_id] = index, event, moment
    missing = known_products.missing({event.product_id for _index, event, _moment in good.values()})
    said: dict[UUID, list[dict[str, Any]]] = {}
    for index, event, moment in good.values():
        if event.product_id in missing:
            rejected.append(Rejected(index, str(event.event_id), "unknown_product"))
            continue
        whose = customer_id or (actor_of_session(event.session_id) if event.session_id else actor)
        said.setdefault(whose, []).append(_written(event, moment))
    _put(said, customer_id, at)
    accepted = sum(len(events) for events in said.values())
    EVENTS.add("taken", amount=accepted)
    EVENTS.add("rejected", amount=len(rejected))
    EVENTS.add("repeated", amount=duplicates)
    return Collected(accepted, duplicates, sorted(rejected))


def _put(said: Mapping[UUID, Sequence[dict[str, Any]]], who: UUID | None, at: datetime) -> None:
    if said:
        inbox.put([Said(actor, who, _is_burst(actor, len(events)), events) for actor, events in said.items()], at)


def _is_burst(actor: UUID, count: int) -> bool:
    most: int = settings.EVENTS_BURST
    return hit(f"events_of:{actor}", settings.EVENTS_BURST_SECONDS, count) > most


def _written(event: WireEvent, moment: datetime) -> dict[str, Any]:
    """As the inbox has it; ids and moments become text there, all at once."""
    written: dict[str, Any] = {
        "id": event.event_id,
        "kind": _NUMBERS[event.type],
        "product": event.product_id,
        "occurred": utc(event.occurred_at),
        "at": moment,
    }
    if event.exposure_id:
        written["exposure"] = event.exposure_id
    if isinstance(event.position, int):
        written["position"] = event.position
    if event.metadata:
        written["metadata"] = event.metadata
    return written
