"""UUIDv7: ids that sort by creation time (RFC 9562, section 5.7)."""

import os
import threading
import time
from datetime import datetime
from uuid import UUID

NIL = UUID(int=0)
"""Stands for "nobody in particular": the house as an owner, everyone as a segment."""

_lock = threading.Lock()
_last = 0


def uuid7() -> UUID:
    """A new UUIDv7, greater than every one this process made before.

    48 bits of milliseconds, then 12 bits of the millisecond's fraction (RFC 9562, section 6.2,
    method 3), then 62 random bits. If the clock stands still or goes back, the fraction counts on.
    """
    global _last  # noqa: PLW0603 - the one piece of state a monotonic source needs
    nanoseconds = time.time_ns()
    tick = (nanoseconds // 1_000_000 << 12) | ((nanoseconds % 1_000_000) * 4096 // 1_000_000)
    with _lock:
        tick = max(tick, _last + 1)
        _last = tick
    random = int.from_bytes(os.urandom(8), "big") & 0x3FFF_FFFF_FFFF_FFFF
    value = (tick >> 12) << 80 | 0x7 << 76 | (tick & 0xFFF) << 64 | 0b10 << 62 | random
    return UUID(int=value)


def uuid7_floor(at: datetime) -> UUID:
    """The smallest UUIDv7 of the moment's millisecond: rows with a smaller key are older."""
    return UUID(int=int(at.timestamp() * 1000) << 80)
