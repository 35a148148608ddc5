"""What logs, metrics and traces cost: requests a second through granian with them ÷ without.

    python -m bench instrumentation [--rounds 5] [--seconds 5] [--products 2000] [--traces]

Two servers of one worker each on one PostgreSQL, with and without, are asked in turn for the same list of products by
as many connections as there are workers; a round is both, the order changing. "Without" is by settings alone:
LOG_LEVEL=ERROR, METRICS_COUNTING=0. Logs are JSON lines into a file. With --traces every tenth request is traced as
well, and its spans go to a collector in a process of its own, which counts them. The list's cache is off, so that a
request is one that works. The ratio is the median of the rounds' ratios.
"""

import argparse
import http.client
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

from .catalogue import fill
from .served import free_port, wait_for, wsgi

GOAL: Final = 0.9
GOAL_TRACED: Final = 0.7
# Of several, the connections may all come to one, and then it is that which is measured.
WORKERS: Final = 1
PATH: Final = "/api/v1/market/products/?limit=24"
ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
SENT_WITHIN_SECONDS: Final = 6.0
OFF: Final = {"LOG_LEVEL": "ERROR", "METRICS_COUNTING": "0"}
ON: Final = {"LOG_LEVEL": "INFO", "LOG_FORMAT": "json", "METRICS_COUNTING": "1"}
# What switches sampled traces on, on top of ON and the collector's address.
TRACES: Final = {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_TRACES_SAMPLER_ARG": "0.1"}


def main() -> None:
    """Seed, serve twice, ask in turn, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--products", type=int, default=2_000)
    parser.add_argument("--traces", action="store_true", help="with sampled traces as well")
    options = parser.parse_args()
    fill(options.products)
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        collector(wanted=options.traces) as traces,
        served(Path(folder) / "off", OFF) as off,
        served(Path(folder) / "on", {**ON, **traces}) as on,
    ):
        ratios = [one_round(number, off, on, options.seconds) for number in range(options.rounds)]
        lines = (Path(folder) / "on" / "log").read_text().count("\n")
        if traces:
            time.sleep(SENT_WITHIN_SECONDS)
            print(f"{received(traces)} spans came to the collector")
    goal = GOAL_TRACED if options.traces else GOAL
    print(f"on ÷ off: {median(ratios):.3f} (goal {goal}); {lines} lines of log; load {os.getloadavg()[0]:.1f}")


@contextmanager
def collector(*, wanted: bool) -> Iterator[dict[str, str]]:
    """A sink for spans in a process of its own. Yields what makes a server send them there; nothing unless wanted."""
    if not wanted:
        yield {}
        return
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench._trace_sink", str(port)])
    variables = {**TRACES, ENDPOINT: f"http://127.0.0.1:{port}"}
    try:
        wait_for(port)
        yield variables
    finally:
        process.terminate()
        process.wait()


def received(variables: dict[str, str]) -> int:
    """How many spans came. None means that nothing was measured: leaves."""
    with urllib.request.urlopen(variables[ENDPOINT], timeout=5) as answer:
        spans = int(answer.read())
    if not spans:
        raise SystemExit("no span came: this was no measurement of traces")
    return spans


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
