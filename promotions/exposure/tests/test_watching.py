"""`/ws/exposure/`: whoever shows selections hears that there may be others."""

import asyncio
from typing import Any

import pytest

from marketplace.core.outbox.relay import drain
from marketplace.core.sockets.protocol import CloseCode
from marketplace.core.tests.sockets import Client, aside
from promotions.exposure.tests.factories import make_pin, make_products
from promotions.exposure.watching import SPREAD_MILLISECONDS, tell_viewers

pytestmark = pytest.mark.usefixtures("socket_threads")


async def listening() -> Client:
    client = Client("/ws/exposure/")
    assert await client.connect() == "websocket.accept"
    await client.hear("listening")
    return client


def test_a_pin_is_told_to_everybody_who_listens():
    (product,) = make_products(1)

    def pin() -> None:
        make_pin(product)
        drain()

    async def scenario() -> list[dict[str, Any]]:
        clients = [await listening() for _ in range(3)]
        await aside(pin)
        heard = [await client.hear("changed") for client in clients]
        for client in clients:
            await client.leave()
        return heard

    heard = asyncio.run(scenario())

    assert all(0 <= each["refresh_in_ms"] < SPREAD_MILLISECONDS for each in heard)


def test_a_burst_is_told_once_and_once_more():
    def burst() -> None:
        for _ in range(30):
            tell_viewers()

    async def scenario() -> bool:
        client = await listening()
        await aside(burst)
        await client.hear("changed")
        await aside(burst)
        await client.hear("changed")
        is_quiet = await client.is_quiet("changed", 1.5)
        await client.leave()
        return is_quiet

    assert asyncio.run(scenario())


def test_a_listener_has_nothing_to_say():
    async def scenario() -> int:
        client = await listening()
        await client.say({"type": "refresh"})
        return await client.closed()

    assert asyncio.run(scenario()) == CloseCode.BAD_REQUEST
