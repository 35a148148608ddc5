"""Signatures between machines: HMAC-SHA256 over a moment and what is said, both ways of the wire.

The event bus signs what it delivers with it; whoever calls an internal route signs its call.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

SIGNATURE_HEADER: Final = "X-Marketplace-Signature"
SHORTEST_SECRET: Final = 32
_SIGNATURE = re.compile(r"t=([1-9][0-9]{0,11}),v1=([0-9a-f]{64})", re.ASCII)


class SignatureError(Exception):
    """Malformed, of another secret or another message, or outside of its time. Says which; callers are not told."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature that was checked. `digest` is the same for every copy of it."""

    timestamp: int
    digest: str


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """`t=<seconds>,v1=<hex>`: HMAC-SHA256 of `<seconds>.<body>` under the shared secret."""
    return f"t={timestamp},v1={_digest(secret, timestamp, body)}"


def check(
    header: str, body: bytes, *, secrets: Sequence[str], at: datetime, window: timedelta = timedelta(minutes=5)
) -> Signature:
    """The signature in `header`, if one of `secrets` made it over `body` no longer than `window` from `at`.

    Several secrets while one replaces another; empty ones never sign. Raises `SignatureError`.
    """
    match = _SIGNATURE.fullmatch(header)
    if match is None:
        raise SignatureError("malformed")
    timestamp, said = int(match[1]), match[2]
    if not any(secret and hmac.compare_digest(_digest(secret, timestamp, body), said) for secret in secrets):
        raise SignatureError("not ours")
    # What is signed and old is not forged, and still says nothing about now.
    if abs(timestamp - at.timestamp()) > window.total_seconds():
        raise SignatureError("too old, or from the future")
    return Signature(timestamp, said)


def _digest(secret: str, timestamp: int, body: bytes) -> str:
    return hmac.new(secret.encode(), str(timestamp).encode() + b"." + body, hashlib.sha256).hexdigest()
