"""Facts that contexts publish. Pure Python: a frozen dataclass, a wire name, a codec.

An event carries ids, states, amounts and moments: never personal data or tokens. Its wire name is
`context.past_tense` and never changes meaning; a new meaning is a new name.
"""

import re
import types
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from .money import Money

_WIRE_NAME = re.compile(r"[a-z_]+\.[a-z0-9_]+", re.ASCII)
_REGISTRY: dict[str, type["Event"]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base of every event. Subclasses are frozen dataclasses that name themselves on the wire."""

    wire_name: ClassVar[str] = ""
    subject_field: ClassVar[str] = ""
    """What the event is about, and is kept in order with; without it the first field that ends in `_id`."""
    aliases: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        # `dataclass(slots=True)` makes the class a second time; the later one is the real one.
        known = _REGISTRY.get(cls.wire_name)
        is_taken = known is not None and (known.__module__, known.__name__) != (cls.__module__, cls.__name__)
        if is_taken or not _WIRE_NAME.fullmatch(cls.wire_name):
            raise TypeError(f"{cls.__qualname__} needs a wire name of its own, not {cls.wire_name!r}")
        _REGISTRY[cls.wire_name] = cls

    def payload(self) -> dict[str, Any]:
        """The event as JSON-ready values."""
        return {field.name: json_ready(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def subject_name(cls) -> str:
        """The field that says what the event is about; empty for an event about nothing in particular."""
        return cls.subject_field or next((field.name for field in fields(cls) if field.name.endswith("_id")), "")

    def subject(self) -> str:
        """What the event is about: such as an order's id. Events of one subject are one story, told in order."""
        value = getattr(self, self.subject_name(), None)
        return self.wire_name if value is None else str(value)

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> "Event":
        """The inverse of `payload`. Members it does not know are passed over, so that producers may add."""
        hints = get_type_hints(cls)
        known = {field.name for field in fields(cls)}
        return cls(**{name: _decode(hints[name], value) for name, value in payload.items() if name in known})


def event_class(wire_name: str) -> type[Event]:
    """The class behind a wire name; raises `KeyError`."""
    return _REGISTRY[wire_name]


def known_events() -> dict[str, type[Event]]:
    """Every event, by wire name (documentation and guards)."""
    return dict(_REGISTRY)


def json_ready(value: Any) -> Any:
    """A value an event may carry, as JSON has it; raises `TypeError` for any other."""
    match value:
        case None | bool() | int() | str():
            return value
        case UUID():
            return str(value)
        case datetime() if value.tzinfo is None:
            raise TypeError("an event cannot carry a moment without its offset")
        case datetime() | date():
            return value.isoformat()
        case Money():
            return {"minor": value.minor, "currency": value.currency}
        case tuple():
            return [json_ready(item) for item in value]
    raise TypeError(f"an event cannot carry {type(value).__name__}")


def _decode(hint: Any, value: Any) -> Any:
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        inner = next(arg for arg in get_args(hint) if arg is not type(None))
        return None if value is None else _decode(inner, value)
    if origin is tuple:
        return tuple(_decode(get_args(hint)[0], item) for item in value)
    if hint is UUID:
        return UUID(value)
    if hint in {datetime, date}:
        return hint.fromisoformat(value)
    if hint is Money:
        return Money(value["minor"], value["currency"])
    return value
