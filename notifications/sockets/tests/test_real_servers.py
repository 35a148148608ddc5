"""Sockets through real web servers and a real client: the process of `make run`, and the served one on Redis."""

import asyncio
import contextlib
import json
import os
import re
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_redis import get_redis_connection
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from marketplace.core.outbox.relay import drain
from marketplace.core.sockets.protocol import CloseCode
from marketplace.core.tests.sockets import aside
from marketplace.embedded.tests.servers import environment, free_port, migrate, start, wait_for_health
from marketplace.settings.env import BASE_DIR
from notifications.inbox.groups import EVERY_PROCESS, group_of
from notifications.inbox.services import tell_customer
from notifications.sockets.services import issue_ticket
from promotions.flash.services.claims import reserve_unit
from promotions.flash.tests.factories import make_customer, make_promo
from scripts.socket_process import SETTINGS, command
from users.accounts.services.administration import change_account
from users.accounts.tests.factories import AdministratorFactory, UserFactory

PATIENCE_SECONDS = 20.0
PASSWORD = "correct-horse-battery"


async def hear(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of that type."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (message := json.loads(await socket.recv()))["type"] != kind:
            pass
        return dict(message)


async def code_of(socket: ClientConnection) -> int:
    """Wait for the server to close it."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        await socket.wait_closed()
    return int(socket.close_code or 0)


# --- `make run`


def post(port: int, path: str, body: Any, token: str = "") -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/{path}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - loopback
        return json.loads(answer.read() or b"null")


def mailed_token(folder: Path) -> str:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for letter in folder.glob("mail/*"):
            if found := re.search(r"token=3?D?([\w-]+)", letter.read_text().replace("=\n", "")):
                return found[1]
        time.sleep(0.1)
    raise AssertionError("no mail came")


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """`manage.py serve` in an empty folder: its port, and the folder."""
    port = free_port()
    variables = environment(tmp_path, port)
    migrate(variables)
    server = start(variables)
    try:
        wait_for_health(server, port)
        yield port, tmp_path
    finally:
        server.terminate()
        output, _ = server.communicate(timeout=15)
        assert "Traceback" not in output, output


def test_in_one_process_what_a_worker_writes_reaches_an_idle_socket(embedded):
    port, folder = embedded
    account = {"email": "ana@example.com", "password": PASSWORD}
    post(port, "users/", {**account, "name": "Ana"})
    access = post(port, "auth/token/", account)["access"]
    ticket = post(port, "notifications/ws-ticket/", {}, access)
    address = f"ws://127.0.0.1:{port}{ticket['path']}?ticket={ticket['ticket']}&after={ticket['cursor']}"

    async def scenario() -> dict[str, Any]:
        async with connect(address) as socket:
            assert (await hear(socket, "unread"))["unread_count"] == 0
            await asyncio.to_thread(post, port, "users/verify-email/", {"token": mailed_token(folder)})
            message = await hear(socket, "notification")
            assert (await hear(socket, "unread"))["unread_count"] == 1
            told: dict[str, Any] = message["notification"]
            return told

    notification = asyncio.run(scenario())

    assert notification["kind"] == "welcome"
    with pytest.raises(InvalidStatus):
        asyncio.run(opened(address, origin="https://evil.example"))
    assert asyncio.run(opened(address)) == CloseCode.UNAUTHORIZED


async def opened(address: str, **options: Any) -> int:
    async with connect(address, **options) as socket:
        return await code_of(socket)


# --- the served process


class Line:
    """A line to Redis that can be cut: sockets' process sees Redis go away, nobody else does."""

    def __init__(self) -> None:
        self.port = free_port()
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def restore(self) -> None:
        asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result(5)

    def cut(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(5)

    async def _serve(self) -> None:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", self.port)

    async def _end(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", 6379)
        self._writers |= {writer, back}
        await asyncio.gather(self._pump(reader, back), self._pump(there, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        self._writers.discard(writer)
        writer.close()


@contextlib.contextmanager
def served(redis_url: str) -> Iterator[int]:
    """The socket process on this test's database; its port."""
    of = connection.settings_dict
    port = free_port()
    variables = {
        **os.environ,
        **SETTINGS,
        "DATABASE_URL": f"postgres://{of['USER']}:{of['PASSWORD']}@{of['HOST']}:{of['PORT']}/{of['NAME']}",
        "DJANGO_SETTINGS_MODULE": "marketplace.settings.test",
        "REDIS_URL": redis_url,
        "SOCKET_LOOK_SECONDS": "1",
    }
    server = subprocess.Popen(
        command(port), cwd=BASE_DIR, env=variables, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        wait_for_health(server, port)
        yield port
    finally:
        server.terminate()
        server.communicate(timeout=15)


def address_of(port: int, user: Any, **query: str) -> str:
    ticket = issue_ticket(customer_id=user.pk, generation=user.token_version).ticket
    return "&".join([f"ws://127.0.0.1:{port}/ws/notifications/?ticket={ticket}", *map("=".join, query.items())])


def tell(user: Any, key: str) -> None:
    params = {"title": key, "body": "b"}
    tell_customer(kind="announcement", customer_id=user.pk, params=params, dedupe_key=key, at=timezone.now())
    drain()


def listeners(group: str) -> int:
    """How many processes Redis would tell."""
    prefix = settings.CHANNEL_LAYERS["default"]["CONFIG"]["prefix"]
    [(_name, count)] = get_redis_connection("default").pubsub_numsub(f"{prefix}__group__{group}")
    return int(count)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_served_process_delivers_closes_and_refuses():
    user, staff, promo = UserFactory(), AdministratorFactory(), make_promo(units=1)

    def take_unit() -> None:
        reserve_unit(promo_id=promo.pk, customer_id=make_customer().pk)
        drain()

    async def scenario(port: int) -> None:
        assert await opened(f"ws://127.0.0.1:{port}/ws/notifications/?ticket=x") == CloseCode.UNAUTHORIZED
        async with connect(f"ws://127.0.0.1:{port}/ws/promotions/{promo.pk}/") as watcher:
            assert (await hear(watcher, "promotion"))["units_free"] == 1
            await aside(take_unit)
            assert (await hear(watcher, "promotion"))["units_free"] == 0
        async with connect(await aside(address_of, port, user)) as long_winded:
            await hear(long_winded, "unread")
            await long_winded.send("x" * 65_537)
            assert await code_of(long_winded) == CloseCode.TOO_BIG
        async with connect(await aside(address_of, port, user)) as socket:
            await hear(socket, "unread")
            await aside(tell, user, "first")
            first = await hear(socket, "notification")
        await aside(tell, user, "missed")
        async with connect(await aside(address_of, port, user, after=first["cursor"])) as socket:
            titles = [(await hear(socket, "notification"))["notification"]["title"] for _ in range(2)]
            assert titles == ["first", "missed"]
            await hear(socket, "unread")
            await aside(change_account, actor=staff, account_id=user.pk, is_active=False)
            assert await code_of(socket) == CloseCode.SIGNED_OUT

    with served(settings.REDIS_URL) as port:
        asyncio.run(scenario(port))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_sockets_outlive_redis_and_hear_again_when_it_is_back():
    user, line = UserFactory(), Line()
    line.restore()

    async def scenario(port: int) -> list[str]:
        async with connect(await aside(address_of, port, user)) as socket:
            await hear(socket, "unread")
            assert await aside(listeners, EVERY_PROCESS) == 1
            line.cut()
            await aside(tell, user, "unheard")
            titles = [(await hear(socket, "notification"))["notification"]["title"]]
            async with connect(await aside(address_of, port, user)) as newcomer:
                await hear(newcomer, "unread")
                line.restore()
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while await aside(listeners, group_of(user.pk)) != 1:
                        await asyncio.sleep(0.1)
                await aside(tell, user, "heard")
                # A look at what is new may bring it the one of before it came, too.
                while (await hear(newcomer, "notification"))["notification"]["title"] != "heard":
                    pass
            titles.append((await hear(socket, "notification"))["notification"]["title"])
            return titles

    with served(re.sub(r"//[^/]*/", f"//127.0.0.1:{line.port}/", settings.REDIS_URL)) as port:
        titles = asyncio.run(scenario(port))
    line.cut()

    assert titles == ["unheard", "heard"]
