"""From a fresh clone to the first answer of /healthz: `make run` with an empty HOME and a warm package cache.

    python bench/cold_start.py [--limit 60] [--cold-cache]

Clones what is committed, starts `make run` on a free port, asks until /healthz answers 200, stops it, and prints the
seconds of each part. Fails when the limit is exceeded or when stopping leaves something running.
"""

import argparse
import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GIVE_UP_AFTER = 300
ASK_EVERY = 0.1


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def bare_environment(home: Path, port: int, *, cold_cache: bool) -> dict[str, str]:
    """What a login shell in an empty container would have, and the package caches unless they are unwanted."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in {"PATH", "LANG", "LC_ALL", "SSL_CERT_FILE"} or name.startswith(("PIP_", "UV_"))
    }
    old_cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    if not cold_cache:
        kept = {"UV_CACHE_DIR": str(old_cache / "uv"), "PIP_CACHE_DIR": str(old_cache / "pip"), **kept}
    return {**kept, "HOME": str(home), "PORT": str(port)}


def answers(port: int) -> bool:
    """Whether /healthz says 200."""
    with (
        contextlib.suppress(OSError, http.client.HTTPException),
        contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=1)) as connection,
    ):
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    return False


def wait_for_answer(process: subprocess.Popen[bytes], port: int, started: float) -> float:
    """Seconds from the start to the first 200."""
    while not answers(port):
        if process.poll() is not None:
            sys.exit(f"make run ended with {process.returncode} before it answered")
        if time.monotonic() - started > GIVE_UP_AFTER:
            process.terminate()
            sys.exit(f"no answer within {GIVE_UP_AFTER} s")
        time.sleep(ASK_EVERY)
    return time.monotonic() - started


def stop(process: subprocess.Popen[bytes]) -> float:
    """Press Ctrl-C, as a terminal does it: SIGINT to the whole group. Seconds until all of it has ended."""
    started = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    process.wait(timeout=10)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, 0)
        sys.exit("make has ended, but something that it started still runs")
    return time.monotonic() - started


def measure(folder: Path, *, cold_cache: bool) -> dict[str, float]:
    """Seconds to clone, to answer and to stop."""
    port = free_port()
    home = folder / "home"
    home.mkdir()
    started = time.monotonic()
    subprocess.run(["git", "clone", "--quiet", ROOT, folder / "clone"], check=True)
    cloned = time.monotonic() - started
    environment = bare_environment(home, port, cold_cache=cold_cache)
    process = subprocess.Popen(
        ["make", "run"], cwd=folder / "clone", env=environment, stdin=subprocess.DEVNULL, start_new_session=True
    )
    answered = wait_for_answer(process, port, started)
    return {"clone": cloned, "clone to first 200 of /healthz": answered, "Ctrl-C to end": stop(process)}


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=float, default=60.0, help="seconds that are allowed")
    parser.add_argument("--cold-cache", action="store_true", help="download the packages too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seconds = measure(Path(folder), cold_cache=options.cold_cache)
    for name, value in seconds.items():
        print(f"{name:<32} {value:6.1f} s")
    return 0 if seconds["clone to first 200 of /healthz"] <= options.limit else 1


if __name__ == "__main__":
    sys.exit(main())
