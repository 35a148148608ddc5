"""Events as clients write them: read strictly, fast where nothing is odd.

The fast way decodes the whole batch at once into typed values. It is taken only where it is certain to read what the
strict reader of the API reads: as many names in the text as the values have (none twice, none unknown), no escapes, no
number or nesting out of bounds. Otherwise the strict reader has the word, and each event is judged alone.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal, NamedTuple
from uuid import UUID

import msgspec
from django.utils.translation import gettext as _
from msgspec import UNSET, Meta, UnsetType

from marketplace.core.errors import InvalidInputError
from marketplace.core.http.parsing import MAX_DIGITS, loads

from .models import EventKind

MOST_BYTES: Final = 256 * 1024
MOST_EVENTS: Final = 100
LATEST: Final = timedelta(hours=72)
EARLIEST: Final = timedelta(hours=1)
METADATA_BYTES: Final = 2_048
METADATA_DEPTH: Final = 4
KINDS: Final = {
    "impression": EventKind.IMPRESSION,
    "view": EventKind.VIEW,
    "click": EventKind.CLICK,
    "add_to_cart": EventKind.ADD_TO_CART,
    "purchase": EventKind.PURCHASE,
}
CODES: Final = {
    "invalid": "a member is missing, or is not what the schema says",
    "invalid_event_id": "`event_id` is no UUIDv7",
    "not_from_clients": "a `purchase` comes from orders alone",
    "unknown_product": "there is no such product (any more)",
    "too_old": "it happened more than 72 hours ago",
    "in_the_future": "it would happen more than an hour from now",
    "metadata_too_large": "`metadata` has more than 2,048 bytes, or more than 4 levels",
}

_FIRST: Final = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
_LAST: Final = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
_NAME = re.compile(rb'"[ \t\r\n]*:')


class WireEvent(msgspec.Struct, forbid_unknown_fields=True):
    """One event."""

    event_id: UUID
    type: Literal["impression", "view", "click", "add_to_cart", "purchase"]
    product_id: UUID
    occurred_at: Annotated[datetime, Meta(tz=True)]
    session_id: Annotated[str, Meta(max_length=64)] | UnsetType | None = UNSET
    exposure_id: UUID | UnsetType | None = UNSET
    position: Annotated[int, Meta(ge=0, le=32_767)] | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType | None = UNSET


class WireBatch(msgspec.Struct, forbid_unknown_fields=True):
    """Several, and when they were sent by the clock that wrote their times."""

    events: Annotated[list[WireEvent], Meta(min_length=1, max_length=MOST_EVENTS)]
    sent_at: Annotated[datetime, Meta(tz=True)] | UnsetType | None = UNSET


class Rejected(NamedTuple):
    """An event that is not taken."""

    index: int  # type: ignore[assignment]  # a tuple has a method of that name
    event_id: str | None
    code: str


class Read(NamedTuple):
    """What could be read, each with its index; what could not; when it was sent."""

    events: list[tuple[int, WireEvent]]
    rejected: list[Rejected]
    sent_at: datetime | None


_BATCH = msgspec.json.Decoder(WireBatch)
_OPTIONAL = ("session_id", "exposure_id", "position", "metadata")
_KNOWN = frozenset(WireEvent.__struct_fields__)


def read_batch(raw: bytes) -> Read:
    """A body of `events/batch/`. Raises what the strict reader raises, and `InvalidInputError` for a bad envelope."""
    batch = _read_fast(raw)
    if batch is not None:
        return Read(list(enumerate(batch.events)), [], batch.sent_at or None)
    document = loads(raw)
    if not isinstance(document, dict):
        raise InvalidInputError.of("non_field_errors", "invalid", _("Send an object."))
    said = document.get("events")
    if not isinstance(said, list) or not 1 <= len(said) <= MOST_EVENTS:
        raise InvalidInputError.of("events", "invalid", _("Send a list of 1 to 100 events."))
    sent_at = _sent_at(document.get("sent_at"))
    events, rejected = [], []
    for index, each in enumerate(said):
        try:
            events.append((index, _event(each)))
        except msgspec.ValidationError:
            rejected.append(Rejected(index, _said_id(each), "invalid"))
    return Read(events, rejected, sent_at)


def read_event(raw: bytes) -> Read:
    """A body of `events/`, with `sent_at` beside the event's own members. Raises likewise, for a bad event too."""
    document = loads(raw)
    if not isinstance(document, dict):
        raise InvalidInputError.of("non_field_errors", "invalid", _("Send an object."))
    sent_at = _sent_at(document.pop("sent_at", None))
    try:
        return Read([(0, _event(document))], [], sent_at)
    except msgspec.ValidationError as error:
        field = re.search(r"\$\.(\w+)|field `(\w+)`", str(error))
        name = (field[1] or field[2]) if field else "non_field_errors"
        raise InvalidInputError.of(name, "invalid", _("This is not what the schema says.")) from error


def judge(event: WireEvent, sent_at: datetime | None, received_at: datetime) -> tuple[datetime | None, str]:
    """When it happened by our clock, and why it is not taken (empty: it is).

    Corrected by how far the client's clock was off when it sent: received + (occurred − sent).
    """
    if event.event_id.version != 7:
        return None, "invalid_event_id"
    if event.type == "purchase":
        return None, "not_from_clients"
    # Differences cannot leave the calendar where sums can.
    age = (received_at if sent_at is None else sent_at) - event.occurred_at
    if age > LATEST:
        return None, "too_old"
    if age < -EARLIEST:
        return None, "in_the_future"
    if event.metadata and not _is_small(event.metadata):
        return None, "metadata_too_large"
    return received_at - age, ""


def utc(moment: datetime) -> datetime:
    """The client's time in UTC; at the ends of the calendar the nearest that can be said in every zone."""
    return min(max(moment, _FIRST), _LAST).astimezone(UTC)


def _event(said: Any) -> WireEvent:
    if isinstance(said, dict):
        said = {name: value for name, value in said.items() if name in _KNOWN}
        if isinstance(said.get("session_id"), str) and not said["session_id"].isprintable():
            raise msgspec.ValidationError("Expected printable text - at `$.session_id`")
    return msgspec.convert(said, WireEvent)


def _sent_at(said: Any) -> datetime | None:
    try:
        return msgspec.convert(said, Annotated[datetime, Meta(tz=True)] | None)  # type: ignore[no-any-return]
    except msgspec.ValidationError as error:
        detail = _("Give the time with its offset, such as 2026-01-31T10:00:00Z.")
        raise InvalidInputError.of("sent_at", "invalid", detail) from error


def _said_id(said: Any) -> str | None:
    name = said.get("event_id") if isinstance(said, dict) else None
    return name[:64] if isinstance(name, str) else None


def _read_fast(raw: bytes) -> WireBatch | None:
    if b"\\" in raw:
        return None
    try:
        batch = _BATCH.decode(raw)
    except (msgspec.MsgspecError, RecursionError):
        return None
    names = 1 + (batch.sent_at is not UNSET)
    for event in batch.events:
        names += 4 + sum(getattr(event, name) is not UNSET for name in _OPTIONAL)
        if event.session_id and not event.session_id.isprintable():
            return None
        if event.metadata:
            if not _depth(event.metadata, METADATA_DEPTH) or not all(map(_is_plain, _walk(event.metadata))):
                return None
            names += sum(len(each) for each in _walk(event.metadata) if isinstance(each, dict))
    return batch if len(_NAME.findall(raw)) == names else None


def _walk(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, dict):
        for each in value.values():
            yield from _walk(each)
    elif isinstance(value, list):
        for each in value:
            yield from _walk(each)


def _is_plain(value: Any) -> bool:
    """Whether the strict reader surely takes it. Of a float nobody knows any more how it was written."""
    return not isinstance(value, float) and (not isinstance(value, int) or abs(value) < 10**MAX_DIGITS)


def _is_small(metadata: dict[str, Any]) -> bool:
    return _depth(metadata, METADATA_DEPTH) and len(msgspec.json.encode(metadata)) <= METADATA_BYTES


def _depth(value: Any, left: int) -> bool:
    """Whether it is nested no deeper than that; looks no deeper itself."""
    if isinstance(value, dict | list):
        members: Sequence[Any] = list(value.values()) if isinstance(value, dict) else value
        return left > 0 and all(_depth(each, left - 1) for each in members)
    return True
