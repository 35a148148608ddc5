"""What logs, metrics and traces cost: requests a second through granian with them ÷ without.

    python -m bench instrumentation [--rounds 5] [--seconds 5] [--products 2000] [--traces]

Two servers of two workers each on one PostgreSQL, with and without, are asked in turn for the same list of products by
as many connections as there are workers; a round is both, the order changing. "Without" is by settings alone:
LOG_LEVEL=ERROR, METRICS_COUNTING=0. Logs are JSON lines into a file. The list's cache is off, so that a request is one
that works. The ratio is the median of the rounds' ratios.
"""

import argparse
import http.client
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

from .catalogue import fill
from .served import wsgi

GOAL: Final = 0.9
GOAL_TRACED: Final = 0.7
WORKERS: Final = 2
PATH: Final = "/api/v1/market/products/?limit=24"
OFF: Final = {"LOG_LEVEL": "ERROR", "METRICS_COUNTING": "0"}
ON: Final = {"LOG_LEVEL": "INFO", "LOG_FORMAT": "json", "METRICS_COUNTING": "1"}
# What switches sampled traces on, on top of ON.
TRACES: dict[str, str] = {}


def main() -> None:
    """Seed, serve twice, ask in turn, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--products", type=int, default=2_000)
    parser.add_argument("--traces", action="store_true", help="with sampled traces as well")
    options = parser.parse_args()
    if options.traces and not TRACES:
        raise SystemExit("there are no traces to measure: TRACES is empty")
    fill(options.products)
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        served(Path(folder) / "off", OFF) as off,
        served(Path(folder) / "on", {**ON, **(TRACES if options.traces else {})}) as on,
    ):
        ratios = [one_round(number, off, on, options.seconds) for number in range(options.rounds)]
        lines = (Path(folder) / "on" / "log").read_text().count("\n")
    goal = GOAL_TRACED if options.traces else GOAL
    print(f"on ÷ off: {median(ratios):.3f} (goal {goal}); {lines} lines of log; load {os.getloadavg()[0]:.1f}")


@contextmanager
def served(folder: Path, variables: dict[str, str]) -> Iterator[int]:
    """The API with these settings, its output in `folder/log`. Yields the port."""
    folder.mkdir()
    environment = {
        **os.environ, **variables, "METRICS_FOLDER": str(folder / "metrics"), "PRODUCT_LIST_CACHE_SECONDS": "0",
    }  # fmt: skip
    with (
        (folder / "log").open("w") as log,
        wsgi("marketplace.wsgi:application", workers=WORKERS, environment=environment, output=log) as port,
    ):
        yield port


def one_round(number: int, off: int, on: int, seconds: float) -> float:
    """Requests a second with ÷ without."""
    ports = [off, on] if number % 2 else [on, off]
    rates = {port: rate(port, seconds) for port in ports}
    print(f"round {number + 1}: off {rates[off]:.0f}/s, on {rates[on]:.0f}/s", flush=True)
    return rates[on] / rates[off]


def rate(port: int, seconds: float) -> float:
    """Answers a second over kept connections, one a worker; a tenth of the time only warms up."""
    counts = [0] * WORKERS
    begins = time.monotonic() + seconds / 10
    ends = begins + seconds

    def ask(mine: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        while (now := time.monotonic()) < ends:
            connection.request("GET", PATH)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise SystemExit(f"{answer.status} instead of a list")
            counts[mine] += now >= begins
        connection.close()

    threads = [threading.Thread(target=ask, args=(mine,)) for mine in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds
