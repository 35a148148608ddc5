"""Proof that a webhook comes from Mercado Pago. Page "Webhooks", section on the secret signature.

`x-signature: ts=…,v1=…` where v1 is the hexadecimal HMAC-SHA256, under the panel's secret, of
`id:{data.id};request-id:{x-request-id};ts:{ts};` with absent pairs left out. `data.id` is the query's.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from funds.payments.providers.protocol import ForgedNotificationError, Notification

from . import wire

_PART = re.compile(r"[ ]*([a-z][a-z0-9]{0,9})=([0-9A-Za-z]{1,128})[ ]*", re.ASCII)
_TS = re.compile(r"[1-9][0-9]{0,14}", re.ASCII)
_V1 = re.compile(r"[0-9a-f]{64}", re.ASCII)
# A semicolon in it could be read as the end of a pair.
_REQUEST_ID = re.compile(r"[!-:<-~]{1,128}", re.ASCII)
MILLISECONDS_FROM: Final = 100_000_000_000
"""As seconds that would be in the year 5138, as milliseconds it is 1973: pages and SDKs name both units."""


def read_notification(
    *, headers: Mapping[str, str], query: Mapping[str, str], at: datetime, secrets: Sequence[str], window: timedelta
) -> Notification:
    """Check signature and age; header names in lower case, several secrets while one replaces another.

    `event_key` follows from what was signed and from whether it is about a payment, so that replays are one event.
    `payment_id` is empty for other topics. Raises `ForgedNotificationError`, and nothing else whatever comes in.
    """
    ts, signed = _signature(headers.get("x-signature", ""))
    request_id = headers.get("x-request-id", "")
    if request_id and not _REQUEST_ID.fullmatch(request_id):
        raise ForgedNotificationError("malformed x-request-id")
    data_id = query.get("data.id", "")
    if data_id and not wire.is_identifier(data_id):
        raise ForgedNotificationError("malformed data.id")
    proved = _proved(data_id=data_id, request_id=request_id, ts=ts, signed=signed, secrets=secrets)
    if proved is None:
        raise ForgedNotificationError("the signature is not Mercado Pago's" if any(secrets) else "no secret is set")
    if abs(_seconds(ts) - at.timestamp()) > window.total_seconds():
        raise ForgedNotificationError("too old, or from the future")
    manifest, signed_id = proved
    is_payment = query.get("type", query.get("topic", "")) == "payment"
    digest = hashlib.sha256(manifest.encode()).hexdigest()
    return Notification(
        event_key=f"{'payment' if is_payment else 'other'}:{digest}", payment_id=signed_id if is_payment else ""
    )


def sign(*, secret: str, data_id: str, request_id: str, ts: str) -> str:
    """The `x-signature` that Mercado Pago would send."""
    return f"ts={ts},v1={_digest(secret, _manifest(data_id, request_id, ts))}"


def _signature(header: str) -> tuple[str, str]:
    """`ts` and `v1`, each exactly once; parts of later versions are passed over."""
    found: dict[str, str] = {}
    for part in header.split(",") if len(header) <= 1024 else ():
        match = _PART.fullmatch(part)
        if match is None or match[1] in found:
            raise ForgedNotificationError("malformed x-signature")
        found[match[1]] = match[2]
    ts, signed = found.get("ts", ""), found.get("v1", "")
    if not _TS.fullmatch(ts) or not _V1.fullmatch(signed):
        raise ForgedNotificationError("malformed x-signature")
    return ts, signed


def _proved(*, data_id: str, request_id: str, ts: str, signed: str, secrets: Sequence[str]) -> tuple[str, str] | None:
    """The manifest that was signed and the id in it."""
    for shown in _spellings(data_id):
        manifest = _manifest(shown, request_id, ts)
        for secret in secrets:
            if secret and hmac.compare_digest(_digest(secret, manifest).encode(), signed.encode()):
                return manifest, shown
    return None


def _spellings(data_id: str) -> Iterator[str]:
    """As received and in lower case: documentation and SDKs disagree, and have changed their minds."""
    yield data_id
    if data_id != data_id.lower():
        yield data_id.lower()


def _manifest(data_id: str, request_id: str, ts: str) -> str:
    pairs = (("id", data_id), ("request-id", request_id), ("ts", ts))
    return "".join(f"{name}:{value};" for name, value in pairs if value)


def _digest(secret: str, manifest: str) -> str:
    return hmac.new(secret.encode(errors="surrogateescape"), manifest.encode(), hashlib.sha256).hexdigest()


def _seconds(ts: str) -> float:
    number = int(ts)
    return number / 1000 if number >= MILLISECONDS_FROM else float(number)
