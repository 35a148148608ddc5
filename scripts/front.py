"""One port in front of the API and the socket process, for `make run-services` only; nginx does this in production.

The first request line of a connection decides where all of it goes: browsers open a connection of its own for every
WebSocket, so nothing is ever sent to the wrong side.
"""

import argparse
import asyncio
import contextlib
import signal
import sys

SOCKETS_PREFIX = b"GET /ws/"
CHUNK_BYTES = 65_536
LOOK_EVERY = 0.1


async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Copy until the source ends, then tell the sink so."""
    with contextlib.suppress(ConnectionError):
        while chunk := await source.read(CHUNK_BYTES):
            sink.write(chunk)
            await sink.drain()
    with contextlib.suppress(ConnectionError, RuntimeError):
        sink.write_eof()


class Front:
    """Accepts connections and joins each to one of the two processes behind."""

    def __init__(self, *, api_port: int, sockets_port: int) -> None:
        self._api_port = api_port
        self._sockets_port = sockets_port

    async def wait_for_both(self) -> None:
        """Return once both processes accept connections."""
        for port in (self._api_port, self._sockets_port):
            while True:
                with contextlib.suppress(ConnectionError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                await asyncio.sleep(LOOK_EVERY)

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            first_line = await reader.readuntil(b"\n")
            port = self._sockets_port if first_line.startswith(SOCKETS_PREFIX) else self._api_port
            behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", port)
            behind_writer.write(first_line)
            await asyncio.gather(pump(reader, behind_writer), pump(behind_reader, writer))
            behind_writer.close()
        writer.close()


async def run(address: str, port: int, front: Front) -> None:
    """Serve until SIGINT or SIGTERM; from the moment that both sides behind listen, so that an answer is an answer."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    ready = asyncio.create_task(front.wait_for_both())
    await asyncio.wait({ready, asyncio.create_task(stopped.wait())}, return_when=asyncio.FIRST_COMPLETED)
    if stopped.is_set():
        return
    await asyncio.start_server(front.join, address, port)
    print(f"answering on {address}:{port}", flush=True)
    await stopped.wait()


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--api-port", type=int, required=True)
    parser.add_argument("--sockets-port", type=int, required=True)
    options = parser.parse_args()
    front = Front(api_port=options.api_port, sockets_port=options.sockets_port)
    asyncio.run(run(options.address, options.port, front))
    return 0


if __name__ == "__main__":
    sys.exit(main())
