"""Who listens to what. Handlers register when their module is imported (each app's `ready()`)."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, TypeVar

from marketplace.core.events import Event

EventT = TypeVar("EventT", bound=Event)


@dataclass(frozen=True, slots=True)
class Handler:
    """A function, the queue it runs in, and whether the outbox wraps it in one transaction.

    `atomic=False` is for long set-wise work that commits in chunks: it must itself be harmless twice,
    also at the same time.
    """

    name: str
    event: type[Event]
    run: Callable[[Any], None]
    queue: str
    atomic: bool


_BY_NAME: dict[str, Handler] = {}
_BY_EVENT: dict[str, list[Handler]] = {}


def handles(
    event: type[EventT], *, queue: str = "events", atomic: bool = True
) -> Callable[[Callable[[EventT], None]], Callable[[EventT], None]]:
    """Register a handler; its name is `context.function` and must stay stable while deliveries wait."""

    def register(function: Callable[[EventT], None]) -> Callable[[EventT], None]:
        name = f"{function.__module__.split('.', maxsplit=1)[0]}.{function.__name__}"
        if name in _BY_NAME:
            raise TypeError(f"two handlers named {name}")
        handler = Handler(name, event, function, queue, atomic)
        _BY_NAME[name] = handler
        _BY_EVENT.setdefault(event.wire_name, []).append(handler)
        return function

    return register


def handlers_of(wire_name: str) -> list[Handler]:
    """Every handler of the event."""
    return _BY_EVENT.get(wire_name, [])


def handler_named(name: str) -> Handler:
    """Raises `KeyError` for a handler that no longer exists."""
    return _BY_NAME[name]


def is_known(name: str) -> bool:
    """Whether the handler still exists."""
    return name in _BY_NAME


def handlers_on(queues: Collection[str]) -> list[Handler]:
    """Every handler that runs in one of these queues."""
    return [handler for handler in _BY_NAME.values() if handler.queue in queues]


def all_handlers() -> list[Handler]:
    """For documentation and guards."""
    return list(_BY_NAME.values())
