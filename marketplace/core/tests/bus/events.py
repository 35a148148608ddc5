"""An event that only these tests publish."""

from dataclasses import dataclass
from typing import ClassVar

from marketplace.core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved(Event):
    """A thing went on."""

    wire_name: ClassVar[str] = "probe.moved"

    thing_id: str
    number: int
