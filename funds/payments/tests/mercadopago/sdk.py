"""The official SDK pointed at the fake server, by the door it has for that: an HTTP client of one's own."""

from typing import Any

import mercadopago
from mercadopago.config import RequestOptions
from mercadopago.http import HttpClient

API = "https://api.mercadopago.com"


class LoopbackHttpClient(HttpClient):
    """The SDK's own client with another host."""

    def __init__(self, url: str) -> None:
        self._url = url

    def request(self, method: str, url: str, *arguments: Any, **named: Any) -> Any:
        return super().request(method, url.replace(API, self._url, 1), *arguments, **named)


def official_sdk(*, url: str, token: str) -> Any:
    """SDK 3.6.0 with its retries off."""
    options = RequestOptions(connection_timeout=2.0, max_retries=0)
    return mercadopago.SDK(token, http_client=LoopbackHttpClient(url), request_options=options)


def with_key(*, token: str, key: str) -> Any:
    """Options of one call with an idempotency key of ours: the SDK makes a new one each time otherwise."""
    return RequestOptions(
        access_token=token, connection_timeout=2.0, max_retries=0, custom_headers={"x-idempotency-key": key}
    )
