"""`make run-services`: the served layout on this machine, without Docker.

PostgreSQL as in `local_services`, a Redis of our own unless REDIS_URL names another; then the processes of
production: API, sockets, a Celery worker per group of queues, beat, relay, a consumer of the outside queue (SNS and SQS
are played by moto's server, unless AWS_ENDPOINT_URL or PUSH_SERVICE say otherwise). PORT answers for both API and
sockets; PORT+1 is the API alone (measure there), PORT+2 the sockets alone. Ctrl-C stops everything; when one process
dies, the others are stopped and the exit code is 1.
"""

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts import amazon_stand_in, local_services, socket_process

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
# Several checkouts may share one PostgreSQL.
DATABASE = f"marketplace_{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"
CACHE_DATABASE, BROKER_DATABASE = 0, 1
# A million notifications must not keep a payment waiting, nor a handler that kills its worker the end of a hold: their
# queues never share one.
QUEUE_GROUPS = {"payments": "payments", "core": "holds,default", "events": "events", "outside": "notify,fetch"}
# A payment worker mostly waits for providers; with four at it, four time-outs open the circuit in the time of one.
PROCESSES = {"payments": 4}
# Where all share two cores, requests go before the work they cause: what was accepted is safe and can wait.
BEHIND: tuple[str, ...] = ("nice", "-n", "10") if shutil.which("nice") else ()
LOOK_EVERY = 0.2
# Celery ends the tasks it has begun; past this it is cut off, and the outbox hands them out again.
STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Program:
    """One process of the layout."""

    name: str
    command: Sequence[str | Path]
    settings: dict[str, str] = field(default_factory=dict)


def granian(interface: str, port: int, application: str, *options: str) -> list[str | Path]:
    """The web server's command line."""
    quiet = ["--log-level", "warning", "--workers-kill-timeout", "2"]
    return [BIN / "granian", "--interface", interface, "--port", str(port), *quiet, *options, application]


def sockets(port: int) -> Program:
    """The process behind /ws/."""
    return Program("sockets", socket_process.command(port), socket_process.SETTINGS)


def worker(name: str, queues: str, *, processes: int | None = None) -> Program:
    """A Celery worker for a group of queues. Processes, not threads: only these can enforce the hard time limit."""
    shape: list[str | Path] = [
        "--queues",
        queues,
        "--hostname",
        f"{name}@%h",
        "--concurrency",
        str(processes or PROCESSES.get(name, 2)),
        "--without-gossip",
        "--without-mingle",
    ]
    celery: list[str | Path] = [BIN / "celery", "--quiet", "-A", "marketplace", "worker", "--loglevel", "WARNING"]
    return Program(name, [*BEHIND, *celery, *shape])


def relay() -> Program:
    """From committed events to the queues."""
    return Program("relay", [sys.executable, "manage.py", "run_relay"])


def beat() -> Program:
    """The clock of periodic work."""
    command: list[str | Path] = [
        BIN / "celery",
        "--quiet",
        "-A",
        "marketplace",
        "beat",
        "--loglevel",
        "WARNING",
        "--pidfile",
        "",
    ]
    return Program("beat", command)


def outside() -> list[Program]:
    """What takes push and text messages out of the house, where they go through a queue."""
    return [Program("pushes", [*BEHIND, sys.executable, "manage.py", "run_outside_deliveries"])]


def layout(address: str, port: int) -> list[Program]:
    """Every process, in the order of starting."""
    front = ["--address", address, "--port", str(port), "--api-port", str(port + 1), "--sockets-port", str(port + 2)]
    api_shape = ["--workers", "2", "--blocking-threads", "1", "--no-ws"]
    return [
        Program("api", granian("wsgi", port + 1, "marketplace.wsgi:application", *api_shape)),
        sockets(port + 2),
        *(worker(name, queues) for name, queues in QUEUE_GROUPS.items()),
        beat(),
        relay(),
        Program("front", [sys.executable, "-m", "scripts.front", *front]),
    ]


class Supervisor:
    """Starts programs, shows their lines under their names, and stops them all together."""

    def __init__(self, settings: dict[str, str]) -> None:
        self._environment = {**os.environ, "PYTHONUNBUFFERED": "1", **settings}
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._stop = threading.Event()

    def request_stop(self, *_signal: object) -> None:
        """Signal handler."""
        self._stop.set()

    def run(self, programs: Sequence[Program]) -> int:
        """Start all and wait; 0 when told to stop, 1 when one died by itself."""
        for program in programs:
            self._start(program)
        dead: list[str] = []
        while not self._stop.wait(LOOK_EVERY) and not dead:
            dead = [name for name, process in self._processes.items() if process.poll() is not None]
        for name in dead:
            print(f"services: {name} died with {self._processes[name].returncode}; stopping the others", flush=True)
        self._stop_all()
        return 1 if dead else 0

    def _start(self, program: Program) -> None:
        # A session of its own: Ctrl-C reaches the supervisor only, which then stops them in order.
        process = subprocess.Popen(
            program.command,
            cwd=ROOT,
            env={**self._environment, **program.settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._processes[program.name] = process
        threading.Thread(target=show_lines, args=(program.name, process), daemon=True).start()

    def _stop_all(self) -> None:
        for process in reversed(self._processes.values()):
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._processes.values():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def show_lines(name: str, process: subprocess.Popen[str]) -> None:
    """Copy a program's output, each line under its name."""
    if process.stdout is not None:
        for line in process.stdout:
            print(f"{name:<9}| {line}", end="", flush=True)


def service_settings(stack: contextlib.ExitStack, var_dir: Path) -> dict[str, str]:
    """Addresses of PostgreSQL, cache and broker; servers started here end with the stack."""
    database_url, database_words = stack.enter_context(local_services.postgres(var_dir / "services", "DATABASE_URL"))
    # A Redis of our own rather than this machine's: queues have no room for a second checkout's messages.
    redis_url, redis_words = stack.enter_context(
        local_services.redis_server(var_dir / "services", "REDIS_URL", take_installed=False)
    )
    print(f"services: {database_words}, {redis_words}", flush=True)
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        database_url = local_services.ensure_database(database_url, DATABASE)
    if not os.environ.get("REDIS_URL"):
        redis_url = local_services.with_database_number(redis_url, CACHE_DATABASE)
    broker = os.environ.get("CELERY_BROKER_URL", "")
    if not broker or broker.startswith("memory:"):
        broker = local_services.with_database_number(redis_url, BROKER_DATABASE)
    return {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "CELERY_BROKER_URL": broker}


def main() -> int:
    """Find or start the servers, prepare the database, run the layout until Ctrl-C."""
    local_services.read_dotenv()
    port = int(os.environ.get("PORT", "8000"))
    var_dir = Path(os.environ.get("VAR_DIR", ROOT / "var")).resolve()
    var_dir.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        settings = service_settings(stack, var_dir)
        settings |= stack.enter_context(amazon_stand_in.amazon())
        supervisor = Supervisor(settings)
        environment = {**os.environ, **settings}
        if subprocess.run([sys.executable, "manage.py", "prepare"], cwd=ROOT, env=environment, check=False).returncode:
            return 1
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, supervisor.request_stop)
        subprocess.run([sys.executable, "manage.py", "welcome"], cwd=ROOT, env=environment, check=False)
        print(f"services: API and sockets on {port}; API alone on {port + 1}, sockets alone on {port + 2}", flush=True)
        programs = layout(os.environ.get("BIND_ADDRESS", "127.0.0.1"), port)
        queue = settings.get("OUTSIDE_QUEUE_URL") or os.environ.get("OUTSIDE_QUEUE_URL")
        return supervisor.run([*programs, *(outside() if queue else [])])


if __name__ == "__main__":
    sys.exit(main())
