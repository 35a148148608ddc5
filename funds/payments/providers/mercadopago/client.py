"""JSON over HTTP with Mercado Pago, and what each kind of answer means for money.

The official SDK is the oracle of the tests, not the transport: it makes a new idempotency key for every call, repeats
PUTs by itself, and obeys a Retry-After of hours.
"""

import logging
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from funds.payments.providers.calls import Answer, Caller, Limit, NoAnswerError, NotSentError
from funds.payments.providers.protocol import ProviderDeferredError, ProviderRefusedError, ProviderUncertainError

from . import wire

logger = logging.getLogger(__name__)

CONNECT_SECONDS: Final = 2.0
READ_SECONDS: Final = 6.0
TOTAL_SECONDS: Final = 9.0
"""Over all requests of one call of the protocol; the lease of a payment task is 12 s."""
MOST_BYTES: Final = 8 * 1024 * 1024

LONGEST_KEY: Final = 64
"""Bounds of `X-Idempotency-Key` in the SDK's `RequestOptions`."""

UNREACHABLE_PAUSE: Final = 5.0
CREDENTIALS_PAUSE: Final = 60.0
BUSY_PAUSE: Final = 30.0
LONGEST_PAUSE: Final = 300.0

_MAYBE_ACTED: Final = frozenset({408, 409, 423, 424, 425})
"""Not a no, although the first digit says so.

408 is a time-out. 409 and 423 speak of the idempotency key or the state: an earlier request with the key may be at work
or done. 424 is a failure behind the API. Names and meaning: the SDK's `errors/exceptions.py`.
"""


class MercadoPagoClient:
    """Speaks for one access token. Threads may share it."""

    def __init__(
        self,
        *,
        access_token: str,
        api_url: str,
        connect: float = CONNECT_SECONDS,
        read: float = READ_SECONDS,
        total: float = TOTAL_SECONDS,
    ) -> None:
        """Times in seconds. `total` is what `limit()` gives."""
        self._url, self._total = api_url, total
        self._caller = Caller(token=access_token, connect=connect, read=read, most_bytes=MOST_BYTES)

    def limit(self) -> Limit:
        """The time for one call of the protocol, shared by the requests it needs."""
        return Limit(self._total)

    def get(
        self,
        *segments: str,
        limit: Limit,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> wire.Json | None:
        """Look something up; None for 404. Raises `ProviderUncertainError` and `ProviderDeferredError` only."""
        answer = self._send("GET", segments, limit=limit, headers=headers or {}, params=params)
        if answer.status == 404:
            return None
        try:
            return _content(answer)
        except ProviderRefusedError as error:
            raise ProviderUncertainError(str(error)) from error

    def post(
        self, *segments: str, body: wire.Json, key: str, limit: Limit, headers: Mapping[str, str] | None = None
    ) -> wire.Json:
        """Ask for something to be done under an idempotency key of at most 64 characters.

        Raises `ProviderRefusedError` (400, 402, 404, 405, 406, 410 … 422), `ProviderDeferredError` (not reachable, 401,
        403, 429) and `ProviderUncertainError` (everything else that is not a readable 2xx), `ValueError` for a bad key.
        """
        if not 1 <= len(key) <= LONGEST_KEY:
            raise ValueError("an idempotency key has 1 to 64 characters")
        named = {"Content-Type": "application/json", "X-Idempotency-Key": key, **(headers or {})}
        return _content(self._send("POST", segments, limit=limit, headers=named, body=wire.encode(body)))

    def _send(
        self,
        method: str,
        segments: tuple[str, ...],
        *,
        limit: Limit,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        body: str | None = None,
    ) -> Answer:
        url = "/".join((self._url, *(quote(segment, safe="") for segment in segments)))
        named = {"Accept": "application/json", "User-Agent": "marketplace", **headers}
        try:
            return self._caller.send(method, url, limit=limit, headers=named, params=params, body=body)
        except NotSentError as error:
            raise ProviderDeferredError(f"not reachable: {error}", seconds=UNREACHABLE_PAUSE, is_out=True) from error
        except NoAnswerError as error:
            raise ProviderUncertainError(f"no answer: {error}") from error


def _content(answer: Answer) -> wire.Json:
    if answer.status in {200, 201}:
        return wire.decode(answer.body)
    reason = f"{answer.status} {wire.reason(answer.body)}"
    if answer.status == 429:
        raise ProviderDeferredError(reason, seconds=_pause(answer.headers.get("Retry-After", "")))
    if answer.status in {401, 403}:
        # Our key is wrong or expired. No customer's deposit is turned down for that.
        logger.error("Mercado Pago does not accept our credentials", extra={"status": answer.status})
        raise ProviderDeferredError(f"our credentials: {reason}", seconds=CREDENTIALS_PAUSE)
    if 400 <= answer.status < 500 and answer.status not in _MAYBE_ACTED:
        raise ProviderRefusedError(reason)
    raise ProviderUncertainError(reason)


def _pause(retry_after: str) -> float:
    """Seconds of a Retry-After, within reason; a date or nonsense counts as none given."""
    is_seconds = retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 10
    return min(max(float(retry_after), 1.0), LONGEST_PAUSE) if is_seconds else BUSY_PAUSE
