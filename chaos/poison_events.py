"""Events of `chaos.poison` and who hears them. Workers take this in with `--include`, the relay imports it."""

import os
import signal
from dataclasses import dataclass
from typing import ClassVar

from marketplace.core.events import Event
from marketplace.core.outbox.handlers import handles


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed(Event):
    """Heard once on each queue, to see how long that takes."""

    wire_name: ClassVar[str] = "chaos.probed"

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Poisoned(Event):
    """Its handler fails every time; where it is `deadly`, it takes its worker along."""

    wire_name: ClassVar[str] = "chaos.poisoned"

    deadly: bool


class PoisonError(Exception):
    """What the handler raises."""


@handles(Poisoned, queue="events")
def swallow(event: Poisoned) -> None:
    """Fail."""
    if event.deadly:
        os.kill(os.getpid(), signal.SIGKILL)
    raise PoisonError


@handles(Probed, queue="payments")
def probe_payments(_event: Probed) -> None:
    """Nothing."""


@handles(Probed, queue="holds")
def probe_holds(_event: Probed) -> None:
    """Nothing."""


@handles(Probed, queue="notify")
def probe_notify(_event: Probed) -> None:
    """Nothing."""


@handles(Probed, queue="fetch")
def probe_fetch(_event: Probed) -> None:
    """Nothing."""


@handles(Probed, queue="default")
def probe_default(_event: Probed) -> None:
    """Nothing."""
