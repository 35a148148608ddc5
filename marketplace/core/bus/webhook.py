"""A signed HTTP webhook: one POST per message, the CloudEvent as its body."""

import time
from typing import Final

import requests
from django.conf import settings

from marketplace.core.signatures import SIGNATURE_HEADER, sign

from .envelope import CONTENT_TYPE, Envelope
from .errors import BusOutError, RefusedError

TIMEOUTS: Final = (3.0, 5.0)
"""Seconds to connect, and between two bytes of the answer."""
# The receiver, or what stands in front of it, cannot answer now; every other answer is about the message.
_OUT: Final = frozenset({408, 425, 429, 502, 503, 504})


class WebhookTransport:
    """`https://host/path`. 2xx is taken, a time-out or 408, 425, 429, 502, 503, 504 is out, the rest refused.

    Redirects are not followed: a signature is for one receiver.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: requests.Session | None = None

    def send(self, envelope: Envelope) -> None:
        if self._session is None:
            self._session = requests.Session()
            self._session.trust_env = False  # neither proxies nor passwords of the machine's
        headers = {
            "Content-Type": f"{CONTENT_TYPE}; charset=utf-8",
            "User-Agent": "MarketplaceEventBus/1.0",
            SIGNATURE_HEADER: sign(settings.EVENT_BUS_SECRET, int(time.time()), envelope.body),
        }
        try:
            # The answer's body is nobody's business: it is not read.
            with self._session.post(
                self._url, data=envelope.body, headers=headers, timeout=TIMEOUTS, allow_redirects=False, stream=True
            ) as answer:
                status = answer.status_code
        except requests.RequestException as error:
            self.close()
            raise BusOutError(type(error).__name__) from error
        if status in _OUT:
            raise BusOutError(f"HTTP {status}")
        if not 200 <= status < 300:
            raise RefusedError(f"HTTP {status}")

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None
