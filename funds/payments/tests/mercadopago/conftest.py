"""A fake Mercado Pago of its own for each test, and our adapter pointed at it with short time-outs."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from funds.payments.providers.mercadopago import MercadoPagoConfig, MercadoPagoProvider
from funds.payments.providers.mercadopago.client import MercadoPagoClient

from .server import TOKEN, FakeMercadoPago

SECRET = "a-secret-of-the-panel"
COLLECTOR = "123456789"

MakeProvider = Callable[..., MercadoPagoProvider]


@pytest.fixture(autouse=True)
def _books_are_sound() -> None:
    """Nothing here touches the books, nor the database."""


@pytest.fixture
def fake() -> Iterator[FakeMercadoPago]:
    with FakeMercadoPago().running() as running:
        yield running


@pytest.fixture
def make_provider(fake: FakeMercadoPago) -> MakeProvider:
    """The adapter; fields of its configuration and the total time-out may be given."""

    def make(*, total: float = 3.0, read: float = 1.0, **fields: Any) -> MercadoPagoProvider:
        values = {
            "access_token": TOKEN,
            "collector_id": COLLECTOR,
            "currency": "MXN",
            "webhook_secrets": (SECRET,),
            "api_url": fake.url,
            "statement_descriptor": "MARKETPLACE",
            "return_url": "https://shop.example/wallet",
            "notification_url": "https://shop.example/api/v1/funds/webhooks/mercadopago/",
            **fields,
        }
        config = MercadoPagoConfig(**values)
        client = MercadoPagoClient(
            access_token=config.access_token, api_url=config.api_url, connect=2.0, read=read, total=total
        )
        return MercadoPagoProvider(config, client)

    return make


@pytest.fixture
def provider(make_provider: MakeProvider) -> MercadoPagoProvider:
    return make_provider()
