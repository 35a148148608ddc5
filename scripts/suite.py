"""`make test`: the whole suite on SQLite with nothing beside it, then on PostgreSQL + Redis.

What is long and says the same on either engine runs in one half: marked `once` in the first, `served` in the second.
The second half takes its servers from TEST_DATABASE_URL / TEST_REDIS_URL, DATABASE_URL / REDIS_URL, from this machine,
or from the wheels, in this order; without any it is left out and the last line says so. REQUIRE_SERVICES=1 turns that
into a failure. Arguments after `--` go to pytest.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from scripts import local_services

ROOT = Path(__file__).resolve().parent.parent
VAR_DIR = ROOT / "var"
# Our own numbered database of a Redis that others may use too; the test settings add a key prefix per checkout.
REDIS_DATABASE = 9
EMBEDDED = "SQLite, no servers"
SERVED = "PostgreSQL + Redis"


@dataclass(frozen=True)
class Half:
    """How one half of the suite went."""

    name: str
    result: str
    seconds: float

    @property
    def failed(self) -> bool:
        """Skipped is not failed; whether it is accepted is decided at the end."""
        return self.result == "FAILED"


def run_pytest(settings: dict[str, str], arguments: Sequence[str]) -> bool:
    """One run of pytest under these settings. No test collected is a failure like any other."""
    # For two cores: a quarter of the time a test waits for a page, a server or a clock.
    workers = os.environ.get("TEST_WORKERS", "3")
    # By halves of the list, and who is done first helps the other: what a module made for all its tests is used by all.
    spread = ["-n", workers, "--dist", "worksteal"]
    command = [sys.executable, "-m", "pytest", *spread, "--durations=25", *arguments]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "marketplace.settings.test", "DOCUMENTS_URL": "", **settings}
    return subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=False).returncode == 0


def on_embedded(arguments: Sequence[str], *, chosen: str = "not postgres") -> str:
    """Without any server; tests that need PostgreSQL's row locks are for the other half."""
    settings = {"DATABASE_URL": f"sqlite:///{VAR_DIR / 'db.sqlite3'}", "REDIS_URL": ""}
    return "passed" if run_pytest(settings, ["-m", chosen, *arguments]) else "FAILED"


def on_served(arguments: Sequence[str]) -> str:
    """With servers, wherever they come from; what says the same on any engine has been tried on the other."""
    local_services.read_dotenv()
    with contextlib.ExitStack() as stack:
        try:
            database_url, database_words = stack.enter_context(
                local_services.postgres(VAR_DIR / "services", "TEST_DATABASE_URL", "DATABASE_URL")
            )
            redis_url, redis_words = stack.enter_context(
                local_services.redis_server(VAR_DIR / "services", "TEST_REDIS_URL", "REDIS_URL")
            )
        except Exception as error:
            # Whatever a wheel stumbles over means the same: no servers.
            print(f"suite: no servers to be had: {error}", flush=True)
            return "SKIPPED"
        print(f"suite: {database_words}, {redis_words}", flush=True)
        redis_url = local_services.with_database_number(redis_url, REDIS_DATABASE)
        settings = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
        return "passed" if run_pytest(settings, ["-m", "not once", *arguments]) else "FAILED"


def timed(name: str, half: Callable[[Sequence[str]], str], arguments: Sequence[str]) -> Half:
    """Run one half under a headline."""
    print(f"\n=== suite on {name}", flush=True)
    started = time.monotonic()
    return Half(name, half(arguments), time.monotonic() - started)


def verdict(halves: Sequence[Half], *, services_required: bool) -> int:
    """Print one line per half, the loudest last; the exit code."""
    for half in halves:
        print(f"suite on {half.name:<20} {half.result:<8} {half.seconds:6.0f} s")
    if any(half.result == "SKIPPED" for half in halves):
        print(f"!!! NOT TESTED on {SERVED}: name servers in DATABASE_URL and REDIS_URL !!!", flush=True)
        if services_required:
            return 1
    return 1 if any(half.failed for half in halves) else 0


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["embedded", "served"], help="one half only")
    options, arguments = parser.parse_known_args()
    arguments = [argument for argument in arguments if argument != "--"]
    VAR_DIR.mkdir(exist_ok=True)
    halves = []
    if options.only == "embedded":
        halves.append(timed(EMBEDDED, on_embedded, arguments))
    if options.only is None:
        halves.append(timed(EMBEDDED, partial(on_embedded, chosen="not postgres and not served"), arguments))
    if options.only != "embedded":
        halves.append(timed(SERVED, on_served, arguments))
        if halves[-1].result == "SKIPPED":
            halves.append(timed(f"{EMBEDDED}: the rest", partial(on_embedded, chosen="served"), arguments))
    return verdict(halves, services_required=os.environ.get("REQUIRE_SERVICES") == "1")


if __name__ == "__main__":
    sys.exit(main())
