"""Messages reach sockets from any thread, also when the loop that serves them has nothing else to do."""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.layers import get_channel_layer
from django.test import override_settings

from marketplace.core.sockets.sending import remember_loop, send_to_group
from marketplace.routing import websocket_application

IN_MEMORY = override_settings(CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}})
GROUP = "customer.7"
IDLE_SECONDS = 0.3
PATIENCE_SECONDS = 1.5
PROMPT_SECONDS = 0.2


class GroupSocket(AsyncJsonWebsocketConsumer):
    """Joins one group and passes on what is sent to it."""

    async def connect(self) -> None:
        await self.channel_layer.group_add(GROUP, self.channel_name)
        await self.accept()

    async def note(self, message: dict[str, Any]) -> None:
        await self.send_json({"text": message["text"]})


def socket_to(application: Any, *headers: tuple[bytes, bytes]) -> ApplicationCommunicator:
    """A client's side of a socket (channels' own needs a web server that we do not use)."""
    scope = {"type": "websocket", "path": "/ws/nowhere/", "query_string": b"", "headers": list(headers)}
    return ApplicationCommunicator(application, scope)


async def answer_to_connect(socket: ApplicationCommunicator) -> str:
    """What the application says to a socket that wants in."""
    await socket.send_input({"type": "websocket.connect"})
    return str((await socket.receive_output(timeout=PATIENCE_SECONDS))["type"])


async def leave(socket: ApplicationCommunicator) -> None:
    """Close from the client's side and let the application finish."""
    await socket.send_input({"type": "websocket.disconnect", "code": 1000})
    await socket.wait()


def seconds_until_received(send: Callable[[str, dict[str, Any]], None]) -> float:
    """Connect a socket, leave its loop idle, send from another thread; how long the message took."""
    sent_at: list[float] = []

    def send_later() -> None:
        sent_at.append(time.monotonic())
        send(GROUP, {"type": "note", "text": "started"})

    async def scenario() -> float:
        socket = socket_to(remember_loop(GroupSocket.as_asgi()))
        assert await answer_to_connect(socket) == "websocket.accept"
        threading.Timer(IDLE_SECONDS, send_later).start()
        received = await socket.receive_output(timeout=PATIENCE_SECONDS)
        received_after = time.monotonic() - sent_at[0]
        assert json.loads(received["text"]) == {"text": "started"}
        await leave(socket)
        return received_after

    return asyncio.run(scenario())


def test_message_from_a_thread_is_delivered_while_idle() -> None:
    """On whatever layer this half of the suite has."""
    assert seconds_until_received(send_to_group) < PROMPT_SECONDS


@IN_MEMORY
def test_in_memory_layer_is_woken() -> None:
    assert seconds_until_received(send_to_group) < PROMPT_SECONDS


@IN_MEMORY
def test_sending_around_the_loop_is_late() -> None:
    """The guard removed: what `send_to_group` prevents does happen, and these tests see it."""

    def around_the_loop(group: str, message: dict[str, Any]) -> None:
        async_to_sync(get_channel_layer().group_send)(group, message)

    with pytest.raises((TimeoutError, AssertionError)):
        assert seconds_until_received(around_the_loop) < PROMPT_SECONDS


@IN_MEMORY
def test_sending_from_the_loop_itself_does_not_block() -> None:
    async def scenario() -> Any:
        socket = socket_to(remember_loop(GroupSocket.as_asgi()))
        assert await answer_to_connect(socket) == "websocket.accept"
        send_to_group(GROUP, {"type": "note", "text": "from within"})
        received = await socket.receive_output(timeout=PATIENCE_SECONDS)
        await leave(socket)
        return received["text"]

    assert json.loads(asyncio.run(scenario())) == {"text": "from within"}


@override_settings(
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": ["redis://127.0.0.1:1/0"]},
        }
    }
)
def test_a_layer_that_is_away_never_fails_the_caller(caplog: pytest.LogCaptureFixture) -> None:
    send_to_group(GROUP, {"type": "note", "text": "lost"})

    assert "was not sent" in caplog.text


@pytest.mark.parametrize("origin", [b"http://localhost", b"http://evil.example"])
def test_unknown_address_and_foreign_origin_are_refused(origin: bytes) -> None:
    socket = socket_to(websocket_application, (b"origin", origin))

    answer = asyncio.run(answer_to_connect(socket))

    assert answer == "websocket.close"
