"""Events that only tests publish."""

from dataclasses import dataclass
from typing import ClassVar

from marketplace.core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed(Event):
    """Something happened that only a test cares about."""

    wire_name: ClassVar[str] = "probe.probed"

    number: int
