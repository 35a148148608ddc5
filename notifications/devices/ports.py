"""What a push service does for us, whoever it is: SNS, or files on this machine."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from .models import Device


class PushError(Exception):
    """Not sent. Says the kind of answer; no token, no number."""


class PushThrottledError(PushError):
    """Too much at once; certainly not accepted."""


class PushOutError(PushError):
    """The service does not answer, or nothing is set up for this platform; certainly not accepted."""


class DeviceDeadError(PushError):
    """The service will not reach this device any more: its message is the reason."""


class TextRefusedError(PushError):
    """Not sent, for a reason of our own that waiting does not mend: it would cost money that nobody agreed to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What appears on a screen. `collapse_id` is the notification's id: a second one replaces the first."""

    title: str
    body: str
    collapse_id: str
    data: dict[str, Any] = field(default_factory=dict)


class PushService(Protocol):
    """Each raises `PushError` and its kinds; anything unclear is decided by the service (docs/decisions/0009)."""

    def prepare(self, device: Device) -> str:
        """Make its endpoint, or enable the one that is there; its name. Harmless twice."""
        ...

    def push(self, device: Device, note: Note) -> None:
        """Put it on the device's screen."""
        ...

    def text(self, number: str, words: str) -> None:
        """Send a text message."""
        ...

    def remove(self, endpoint: str) -> None:
        """Forget the endpoint. Harmless twice."""
        ...


@cache
def _service(path: str) -> PushService:
    made: PushService = import_string(path)()
    return made


def push_service() -> PushService:
    """The one that PUSH_SERVICE names, one for each process."""
    return _service(settings.PUSH_SERVICES[settings.PUSH_SERVICE])


def forget_service() -> None:
    """After other settings (tests): connections are made anew."""
    _service.cache_clear()
