"""What the fake can be told to do wrong, per call: before it acts or after it."""

import re
import socket
import struct
import threading
from dataclasses import dataclass, field
from typing import Any

KINDS = {
    *("status", "delay", "hang", "reset", "half_close", "truncate", "garbage", "drip", "huge", "twice", "in_process"),
    *("wrong_type", "not_an_object"),
}


@dataclass(slots=True)
class Fault:
    """`after`: act first, then go wrong. `times`: how many calls, −1 for all of them."""

    kind: str
    method: str = "POST"
    path: str = ".*"
    times: int = 1
    after: bool = False
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: str = '{"message": "internal_error", "error": "internal_error", "status": 500, "cause": []}'
    seconds: float = 30.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind}")
        self.seconds = float(self.seconds)  # `/control/` reads every fraction as a Decimal

    def meets(self, method: str, path: str) -> bool:
        return self.times != 0 and self.method in {method, "*"} and re.fullmatch(self.path, path) is not None


class Faults:
    """The faults still to come, first match first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[Fault] = []

    def plan(self, **values: Any) -> None:
        with self._lock:
            self._planned.append(Fault(**values))

    def clear(self) -> None:
        with self._lock:
            self._planned.clear()

    def take(self, method: str, path: str) -> Fault | None:
        with self._lock:
            for fault in self._planned:
                if fault.meets(method, path):
                    fault.times -= 1 if fault.times > 0 else 0
                    return fault
            return None


def reset(connection: socket.socket) -> None:
    """Drop the connection with RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
