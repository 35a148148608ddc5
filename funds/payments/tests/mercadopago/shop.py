"""Ourselves as a customer of the fake Mercado Pago: configured for it, and told by its webhooks over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from rest_framework.test import APIClient

from .notifications import Webhook, webhook
from .server import TOKEN, FakeMercadoPago

URL = "/api/v1/funds/webhooks/mercadopago/"
SECRET = "the panel's secret"


@contextmanager
def open_shop(settings: Any) -> Iterator[FakeMercadoPago]:
    """The fake, for which these settings are then right."""
    with FakeMercadoPago().running() as server:
        settings.MERCADOPAGO_ACCESS_TOKEN = TOKEN
        settings.MERCADOPAGO_COLLECTOR_ID = str(server.account.collector)
        settings.MERCADOPAGO_WEBHOOK_SECRETS = [SECRET]
        settings.MERCADOPAGO_API_URL = server.url
        settings.MERCADOPAGO_CURRENCY = "MXN"
        yield server


def notify(
    payment_id: object, *, secret: str = SECRET, signature: str = "", body: bytes | None = None, **other: Any
) -> Any:
    """The answer to a webhook about the payment."""
    made = webhook(secret=secret, payment_id=payment_id, **other)
    headers = headers_of(made) | ({"x-signature": signature} if signature else {})
    return APIClient().generic(
        "POST",
        path_of(made),
        (made.body if body is None else body).decode("latin-1"),
        content_type="application/json",
        headers=headers,
    )


def path_of(made: Webhook) -> str:
    """Where it goes, with what is signed."""
    return f"{URL}?{urlencode(made.query)}"


def headers_of(made: Webhook) -> dict[str, str]:
    """Those that our client does not set by itself."""
    return {name: value for name, value in made.headers.items() if name != "content-type"}
