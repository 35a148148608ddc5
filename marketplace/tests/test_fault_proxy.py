"""Each fault of `chaos.proxy` as a client on loopback meets it."""

import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from chaos.proxy import CALM, FaultProxy, Faults

pytestmark = pytest.mark.once


class Echo(socketserver.BaseRequestHandler):
    """Sends back what it gets, until its client has ended."""

    def handle(self) -> None:
        try:
            while content := self.request.recv(65_536):
                self.request.sendall(content)
        except OSError:
            return


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@pytest.fixture(scope="module")
def echo() -> Iterator[int]:
    with Server(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(echo: int) -> Iterator[FaultProxy]:
    with FaultProxy("127.0.0.1", echo, seed=7) as running:
        yield running


@pytest.fixture
def client(proxy: FaultProxy) -> Iterator[socket.socket]:
    """Connected, and answered once."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as connected:
        assert ask(connected, b"first") == b"first"
        yield connected


def ask(client: socket.socket, content: bytes) -> bytes:
    client.sendall(content)
    return read(client, len(content))


def hello(port: int) -> bytes:
    """The first answer of a connection of its own."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        return ask(client, b"hello")


def read(client: socket.socket, count: int) -> bytes:
    """So many bytes, fewer where the connection ends."""
    heard = b""
    while len(heard) < count and (more := client.recv(count - len(heard))):
        heard += more
    return heard


def seconds_of(client: socket.socket, content: bytes) -> float:
    began = time.monotonic()
    assert ask(client, content) == content
    return time.monotonic() - began


def test_a_calm_proxy_changes_nothing(proxy: FaultProxy, client: socket.socket) -> None:
    content = bytes(range(256)) * 2_000

    threading.Thread(target=client.sendall, args=(content,)).start()

    assert read(client, len(content)) == content
    client.shutdown(socket.SHUT_WR)
    assert client.recv(1) == b""
    assert proxy.accepted == 1


def test_latency_delays_answers_and_ends_with_the_fault(proxy: FaultProxy, client: socket.socket) -> None:
    proxy.play(Faults(latency=0.15))

    late = seconds_of(client, b"late")
    proxy.play(Faults(latency=30.0))
    proxy.play(CALM)

    assert late >= 0.15
    assert ask(client, b"soon") == b"soon"


def test_jitter_is_that_of_the_seed_and_keeps_the_order(proxy: FaultProxy, client: socket.socket) -> None:
    proxy.play(Faults(latency=0.02, jitter=0.02))

    heard = [ask(client, str(number).encode()) for number in range(5)]
    client.sendall(b"abc")
    client.sendall(b"def")

    assert heard == [b"0", b"1", b"2", b"3", b"4"]
    assert read(client, 6) == b"abcdef"


def test_bandwidth_limits_bytes_a_second(proxy: FaultProxy, client: socket.socket) -> None:
    proxy.play(Faults(bandwidth=20_000))

    assert seconds_of(client, b"x" * 4_000) >= 0.2


def test_slices_come_one_by_one(proxy: FaultProxy, client: socket.socket) -> None:
    proxy.play(Faults(slices=3))
    client.sendall(b"abcdefgh")

    pieces: list[bytes] = []
    while len(b"".join(pieces)) < 8:
        pieces.append(client.recv(100))

    assert b"".join(pieces) == b"abcdefgh"
    assert len(pieces) > 1


def test_a_blackhole_holds_bytes_back_and_closes_nothing(proxy: FaultProxy, client: socket.socket) -> None:
    proxy.play(Faults(blackhole=True))
    client.settimeout(0.1)

    client.sendall(b"held")
    with pytest.raises(TimeoutError):
        client.recv(1)
    proxy.play(CALM)
    client.settimeout(5)

    assert read(client, 4) == b"held"


def test_a_blackhole_may_close_who_waited_too_long(proxy: FaultProxy, client: socket.socket) -> None:
    proxy.play(Faults(blackhole=True, close_after=0.05))

    client.sendall(b"lost")

    assert client.recv(1) == b""


def test_a_reset_falls_upon_open_and_new_connections(proxy: FaultProxy, client: socket.socket) -> None:
    proxy.play(Faults(reset_after=0))

    with pytest.raises(ConnectionResetError):
        client.recv(1)
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        hello(proxy.port)


def test_a_reset_may_come_in_the_middle_of_an_answer(proxy: FaultProxy) -> None:
    proxy.play(Faults(reset_after=4))

    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as client:
        client.sendall(b"abcdefgh")
        with pytest.raises(ConnectionResetError):
            read(client, 8)  # what came before the reset may be lost with it


def test_half_closed_the_answers_end_and_requests_are_taken(proxy: FaultProxy, client: socket.socket) -> None:
    proxy.play(Faults(half_close=True))

    assert client.recv(1) == b""
    client.sendall(b"still taken")
    proxy.play(CALM)
    client.sendall(b"and afterwards")
    assert hello(proxy.port) == b"hello"
    assert client.recv(1) == b""
    assert len(proxy.links) >= 1  # nobody has closed it


def test_refused_are_new_connections_only(proxy: FaultProxy, client: socket.socket) -> None:
    port = proxy.port
    proxy.play(Faults(refuse=True))

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    assert ask(client, b"open") == b"open"
    proxy.play(CALM)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as another:
        assert ask(another, b"back") == b"back"


def test_a_server_that_is_away_ends_the_connection(echo: int) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: refused
        with FaultProxy("127.0.0.1", nobody.getsockname()[1]) as proxy:
            assert hello(proxy.port) == b""


def test_addresses_keep_account_and_path(proxy: FaultProxy) -> None:
    assert proxy.through("postgres://me:word@10.0.0.1:5432/shop") == f"postgres://me:word@127.0.0.1:{proxy.port}/shop"
    assert proxy.through("redis://10.0.0.1:6379/3") == f"redis://127.0.0.1:{proxy.port}/3"
