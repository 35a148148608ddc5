"""One socket: what closes it, pings, clients that do not read, pages from elsewhere."""

import asyncio
from typing import Any

import pytest
from channels.layers import get_channel_layer
from django.test import override_settings

from marketplace.core.sockets import connection as module
from marketplace.core.sockets import hub as hub_module
from marketplace.core.sockets.connection import Connection
from marketplace.core.sockets.hub import Hub
from marketplace.core.sockets.origins import OriginGuard, is_allowed
from marketplace.core.sockets.protocol import CloseCode

from .sockets import Client

IN_MEMORY = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}


class Echo(Connection):
    """Sends back what it is sent."""

    last: "Echo"
    closed_count = 0

    async def opened(self) -> None:
        Echo.last = self

    async def received(self, message: dict[str, Any]) -> None:
        self.post(f'{{"type":"echo","said":"{message["type"]}"}}')

    def closed(self) -> None:
        Echo.closed_count += 1


class Public(Echo):
    """Anybody's."""

    is_public = True


class Careless(Echo):
    """Owes no pong."""

    needs_pong = False


@pytest.fixture(autouse=True)
def _in_memory_and_nobody_closed(settings):
    settings.CHANNEL_LAYERS = IN_MEMORY
    Echo.closed_count = 0


async def echo(kind: type[Echo] = Echo) -> Client:
    client = Client("/ws/echo/", application=kind.serve)
    assert await client.connect() == "websocket.accept"
    return client


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("", CloseCode.BAD_REQUEST),
        ("[]", CloseCode.BAD_REQUEST),
        ("nonsense", CloseCode.BAD_REQUEST),
        ("{}", CloseCode.BAD_REQUEST),
        ('{"type":5}', CloseCode.BAD_REQUEST),
        ("[" * 60_000, CloseCode.BAD_REQUEST),
        ("1" * 60_000, CloseCode.BAD_REQUEST),
        ("x" * 65_537, CloseCode.TOO_BIG),
        ("é" * 32_769, CloseCode.TOO_BIG),
    ],
    ids=["empty", "list", "no JSON", "no type", "no text", "deep", "a number", "long", "long in bytes"],
)
def test_frames_that_are_no_message_close_it(frame, code):
    async def scenario() -> int:
        client = await echo()
        await client.say(frame)
        return await client.closed()

    assert asyncio.run(scenario()) == code
    assert Echo.closed_count == 1


@pytest.mark.parametrize("kind", ["hello", "pong"])
def test_who_sends_faster_than_the_pace_is_closed(monkeypatch, kind):
    monkeypatch.setattr(module, "MESSAGES_A_SECOND", 0.001)

    async def scenario() -> int:
        client = await echo()
        for _ in range(module.MESSAGES_AT_ONCE):
            await client.say({"type": kind})
        await asyncio.sleep(0.05)
        assert not Echo.last.is_closing
        await client.say({"type": kind})
        return await client.closed()

    assert asyncio.run(scenario()) == CloseCode.BAD_REQUEST


def test_within_the_pace_a_client_may_send_for_ever(monkeypatch):
    monkeypatch.setattr(module, "MESSAGES_AT_ONCE", 2)
    monkeypatch.setattr(module, "MESSAGES_A_SECOND", 1_000.0)

    async def scenario() -> None:
        client = await echo()
        for _ in range(10):
            await asyncio.sleep(0.01)
            await client.say({"type": "hello"})
            await client.hear("echo")
        await client.leave()

    asyncio.run(scenario())

    assert Echo.closed_count == 1


def test_the_largest_frame_is_taken():
    async def scenario() -> Any:
        client = await echo()
        await client.say('{"type":"a","b":"' + "x" * (65_536 - 19) + '"}')
        answer = await client.hear()
        await client.leave()
        return answer

    assert asyncio.run(scenario()) == {"type": "echo", "said": "a"}
    assert Echo.closed_count == 1


def test_who_does_not_answer_a_ping_is_closed_and_who_does_is_not(monkeypatch):
    monkeypatch.setattr(module, "PING_SECONDS", 0.3)

    async def scenario() -> int:
        client = await echo()
        for _ in range(3):
            assert await client.hear() == {"type": "ping"}
            await client.say({"type": "pong"})
        return await client.closed()

    assert asyncio.run(scenario()) == CloseCode.NO_PONG


def test_who_owes_no_pong_is_pinged_and_stays(monkeypatch):
    monkeypatch.setattr(module, "PING_SECONDS", 0.1)

    async def scenario() -> None:
        client = await echo(Careless)
        for _ in range(4):
            await client.hear("ping")
        await client.leave()

    asyncio.run(scenario())

    assert Echo.closed_count == 1


def test_a_client_that_does_not_read_is_given_up(monkeypatch):
    monkeypatch.setattr(module, "CLOSE_SECONDS", 0.2)
    sent: list[dict[str, Any]] = []
    never = asyncio.Event

    async def scenario() -> None:
        stuck = never()
        incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        incoming.put_nowait({"type": "websocket.connect"})

        async def send(message: Any) -> None:
            sent.append(message)
            if message["type"] == "websocket.send":
                await stuck.wait()

        serving = asyncio.create_task(Echo.serve({"type": "websocket"}, incoming.get, send))
        await asyncio.sleep(0.05)
        for number in range(module.MAX_WAITING + 2):
            Echo.last.post(str(number))
            await asyncio.sleep(0)
        assert Echo.last.is_closing
        await asyncio.wait_for(serving, 3)

    asyncio.run(scenario())

    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send"]
    assert Echo.closed_count == 1


@override_settings(SOCKET_LIMIT=1)
def test_a_process_takes_so_many_sockets_and_then_has_room_again():
    async def scenario() -> tuple[int, int]:
        first = await echo()
        second = await echo()
        code = await second.closed()
        await first.leave()
        third = await echo()
        await third.say({"type": "hello"})
        await third.hear("echo")
        is_open = Hub.here().open_count
        await third.leave()
        return code, is_open

    assert asyncio.run(scenario()) == (CloseCode.TRY_LATER, 1)


@override_settings(SOCKET_LIMIT=4, SOCKET_RESERVED_PERCENT=50)
def test_what_anybody_opens_leaves_places_for_the_others():
    async def scenario() -> tuple[int, int, int]:
        guests = [await echo(Public), await echo(Public)]
        refused = await (await echo(Public)).closed()
        members = [await echo(), await echo()]
        for member in members:
            await member.say({"type": "hello"})
            await member.hear("echo")
        full = await (await echo()).closed()
        await guests.pop().leave()
        guests.append(await echo(Public))
        await guests[-1].say({"type": "hello"})
        await guests[-1].hear("echo")
        for each in [*guests, *members]:
            await each.leave()
        return refused, full, Hub.here().public_count

    assert asyncio.run(scenario()) == (CloseCode.TRY_LATER, CloseCode.TRY_LATER, 0)


def test_the_hub_joins_again_after_the_layer_has_forgotten(monkeypatch):
    monkeypatch.setattr(hub_module, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(hub_module, "REFRESH_SECONDS", 0.1)
    heard: list[str] = []

    async def scenario() -> None:
        hub = Hub.here()
        hub.hear("note", lambda message: heard.append(message["text"]))
        hub.want("people")
        await hub.settled("people")
        layer = get_channel_layer()
        await layer.group_send("people", {"type": "note", "text": "before"})
        layer.groups.clear()
        await layer.group_send("people", {"type": "note", "text": "lost"})
        await asyncio.sleep(0.4)
        await layer.group_send("people", {"type": "note", "text": "after"})
        await asyncio.sleep(0.05)
        hub.part("people")
        await asyncio.sleep(0.2)
        await layer.group_send("people", {"type": "note", "text": "gone"})
        await asyncio.sleep(0.05)

    asyncio.run(scenario())

    assert heard == ["before", "after"]


def test_a_message_nobody_understands_does_not_end_the_listening(caplog):
    heard: list[str] = []

    async def scenario() -> None:
        hub = Hub.here()
        hub.hear("note", lambda message: heard.append(message["text"]))
        hub.want("people")
        await hub.settled("people")
        layer = get_channel_layer()
        for message in ({"type": "note"}, {"type": "unknown"}, {"type": "note", "text": "fine"}):
            await layer.group_send("people", message)
        await asyncio.sleep(0.05)

    asyncio.run(scenario())

    assert heard == ["fine"]
    assert "not understood" in caplog.text


async def takes_the_end_for_a_failure(*_args: Any) -> None:
    """As a client of Redis that is told to end in the middle of an answer."""
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        raise ConnectionError("no answer") from None


@pytest.mark.parametrize("part", ["looking", "listening"])
def test_what_the_hub_runs_ends_when_it_is_told_so_whatever_it_waits_for(monkeypatch, part):
    monkeypatch.setattr(hub_module, "RETRY_SECONDS", 0.05)

    async def scenario() -> list[Any]:
        hub = Hub.here()
        if part == "looking":
            task = hub.start(hub._repeat(0.01, takes_the_end_for_a_failure))
        else:
            monkeypatch.setattr(get_channel_layer(), "receive", takes_the_end_for_a_failure)
            task = hub.start(hub._listen())
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.wait([task], timeout=2)
        left = [] if task.done() else [task]
        task.cancel()  # else this test would never end
        return left

    assert asyncio.run(scenario()) == []


@override_settings(ALLOWED_HOSTS=["shop.example"], SOCKET_ORIGINS=[])
@pytest.mark.parametrize(
    ("origin", "comes_in"),
    [
        (None, True),
        ("https://shop.example", True),
        ("http://shop.example:8000", True),
        ("https://shop.example.evil.example", False),
        ("https://evil.example", False),
        ("null", False),
        ("", False),
        ("http://[", False),
        ("https://señor.example", False),
    ],
)
def test_pages_from_elsewhere_are_refused_at_the_handshake(origin, comes_in):
    async def scenario() -> str:
        client = Client("/ws/echo/", application=OriginGuard(Echo.serve), origin=origin)
        answer = await client.connect()
        await client.leave()
        return answer

    assert asyncio.run(scenario()) == ("websocket.accept" if comes_in else "websocket.close")


@override_settings(ALLOWED_HOSTS=["shop.example"], SOCKET_ORIGINS=["https://www.shop.example"])
def test_an_explicit_list_takes_the_place_of_the_hosts():
    assert is_allowed(b"https://www.shop.example")
    assert not is_allowed(b"http://www.shop.example")
    assert not is_allowed(b"https://shop.example")
