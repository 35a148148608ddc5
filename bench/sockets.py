"""Many sockets: memory of each, a message to all, drops and catching up, and the whole stack from `starts_at` on.

    python -m bench sockets [--sockets 5000] [--processes 2] [--whole 10000] [--redis redis://127.0.0.1:6379/15]

Relay, workers and socket processes as in production, on loopback; the clients are processes of their own that speak
just enough WebSocket. `--sockets` are on one process; `--whole` are spread over `--processes`. 0 leaves a part out.
"""

import argparse
import hashlib
import multiprocessing
import os
import resource
import secrets
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from marketplace.core.ids import uuid7
from marketplace.core.models import EventDelivery, OutboxEvent
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish
from notifications.audiences.statement import CHUNK
from notifications.events import InboxFilled
from notifications.inbox.models import InboxItem
from notifications.inbox.services import write_message
from notifications.sockets.models import SocketTicket
from promotions.facade import Offer, schedule_promo
from scripts import services
from users import facade as users
from users.contracts import NewCustomer

from . import served
from ._socket_clients import run_clients, spread
from .claim import LATITUDE, LONGITUDE, seed_variant

SEED = 20260131
DROPPED = 0.3
PATIENCE = 120.0
UNREAD_SECONDS = 5.0
"""By then the numbers of unread ones have followed."""
WORKERS = {"core": "holds,events,default", "outside": "notify,fetch"}


class Crowd:
    """A process full of clients of one socket process, the line to it, and how many notifications each is due."""

    def __init__(self, port: int, people: list[UUID], line: Connection) -> None:
        self.port, self.people, self.line = port, people, line
        self.due: Counter[UUID] = Counter()

    def tell(self, *order: Any) -> None:
        """Have it done; the answer is fetched later."""
        self.line.send(order)

    def ask(self, *order: Any) -> Any:
        """Have it done; the answer."""
        self.tell(*order)
        return self.line.recv()


def main() -> None:
    """Seed, serve, drive, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, default=5_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--whole", type=int, default=10_000)
    parser.add_argument("--redis", default="redis://127.0.0.1:6379/15")
    options = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(f"open files: {soft}, raised to {hard}; load average {os.getloadavg()[0]:.1f}", flush=True)
    os.environ |= {
        "REDIS_URL": options.redis,
        "CELERY_BROKER_URL": options.redis,
        "CACHE_KEY_PREFIX": f"bench-{os.getpid()}",
    }
    people = users.add_customers(
        NewCustomer(email=f"socket{n}@example.com", latitude=LATITUDE, longitude=LONGITUDE)
        for n in range(max(options.sockets, options.whole))
    )
    with background():
        if options.sockets:
            one_process(sorted(people)[: options.sockets])
        if options.whole:
            whole_stack(sorted(people)[: options.whole], options.processes)


def one_process(people: list[UUID]) -> None:
    """Memory, a message to all, drops."""
    with socket_process() as (port, process), crowds([(port, people)]) as [crowd]:
        before, idle = rss_kb(process), cpu_seconds(process)
        seconds = crowd.ask("connect", port, tickets(people))
        grown, work = (rss_kb(process) - before) / len(people), (cpu_seconds(process) - idle) / len(people)
        print(f"{len(people)} sockets on one process, opened in {seconds:.1f} s ({len(people) / seconds:.0f}/s)")
        print(f"  memory of each: {grown:.1f} KB (goal 100); work to open one: {work * 1000:.1f} ms", flush=True)
        warm_up(crowd)
        for _ in range(3):
            busy = cpu_seconds(process)
            report("a message to all, from its commit (goal 2 s)", [crowd], tell([crowd], people))
            time.sleep(UNREAD_SECONDS)
            print(f"    the process's own work for it, unread ones counted: {cpu_seconds(process) - busy:.2f} s")
        some = people[:: max(1, len(people) // 200)]
        started = time.time()
        for person in some:
            tell([crowd], [person])
        report(f"{len(some)} messages to one person each", [crowd], started)
        come_back(crowd)
        print(f"  memory of each afterwards: {(rss_kb(process) - before) / len(people):.1f} KB", flush=True)


def warm_up(crowd: Crowd) -> None:
    """Workers need some seconds to start; until they are there sockets live by looking."""
    tell([crowd], crowd.people)
    crowd.ask("wait_for", crowd.due.total(), PATIENCE)
    while OutboxEvent.objects.filter(relayed_at__isnull=True).exists() or EventDelivery.objects.exclude(state="done"):
        time.sleep(0.5)


def come_back(crowd: Crowd) -> None:
    """Drop some, tell everybody three times, let the dropped return: every id must be everywhere once."""
    dropped = [UUID(name) for name in crowd.ask("drop", DROPPED, SEED)]
    for _ in range(3):
        tell([crowd], crowd.people)
    time.sleep(2)
    seconds = crowd.ask("connect", crowd.port, tickets(dropped))
    total, _last = crowd.ask("wait_for", crowd.due.total(), PATIENCE)
    counts, repeats, open_count = crowd.ask("report")
    is_whole = counts == {str(person): count for person, count in crowd.due.items()}
    print(f"  {len(dropped)} dropped, missed three messages, came back in {seconds:.1f} s; {open_count} open")
    print(f"  every id at every client: {is_whole} ({total} of {crowd.due.total()}; {repeats} repeats dropped by id)")


def whole_stack(people: list[UUID], processes: int) -> None:
    """From `starts_at` of a flash promotion to the last socket of its audience."""
    with ExitStack() as stack:
        ports = [stack.enter_context(socket_process())[0] for _ in range(processes)]
        shares = list(zip(ports, spread(people, processes), strict=True))
        all_crowds = stack.enter_context(crowds(shares))
        for crowd in all_crowds:
            crowd.tell("connect", crowd.port, tickets(crowd.people))
        seconds = max(crowd.line.recv() for crowd in all_crowds)
        print(f"{len(people)} sockets on {processes} processes, opened in {seconds:.1f} s", flush=True)
        starts_at = timezone.now() + timedelta(seconds=5)
        offer = Offer(
            variant_id=seed_variant(),
            promo_price=Money(100, "MXN"),
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
        )
        schedule_promo(offer=offer, actor_id=None, at=timezone.now())
        for crowd in all_crowds:
            crowd.due.update(crowd.people)
        report("from starts_at to the last socket (goal 5 s)", all_crowds, starts_at.timestamp())
        print(f"  open at the end: {sum(crowd.ask('report')[2] for crowd in all_crowds)}")
        written = InboxItem.objects.filter(created_at__gte=starts_at).order_by("-created_at").first()
        if written is not None:
            seconds = (written.created_at - starts_at).total_seconds()
            print(f"  of that until the last inbox row was written: {seconds:.2f} s")


def tell(all_crowds: Sequence[Crowd], people: list[UUID]) -> float:
    """Write a message into these inboxes, in chunks as an audience's; when the last was committed."""
    at = timezone.now()
    message = write_message(
        kind="announcement", params={"title": "Hello", "body": "To all."}, dedupe_key=f"bench:{uuid7()}", at=at
    )
    committed = time.time()
    for start in range(0, len(people), CHUNK):
        chunk = people[start : start + CHUNK]
        with transaction.atomic():
            InboxItem.objects.bulk_create(
                (InboxItem(customer=person, message=message, created_at=at) for person in chunk), batch_size=CHUNK
            )
            publish(InboxFilled(message_id=message.pk, from_customer=chunk[0], to_customer=chunk[-1]))
        committed = time.time()
    for crowd in all_crowds:
        crowd.due.update(people)
    return committed


def report(what: str, all_crowds: Sequence[Crowd], started: float) -> None:
    """Wait for what is due, and say when the last came."""
    for crowd in all_crowds:
        crowd.tell("wait_for", crowd.due.total(), PATIENCE)
    answers = [crowd.line.recv() for crowd in all_crowds]
    due = sum(crowd.due.total() for crowd in all_crowds)
    got, last = sum(total for total, _last in answers), max(last for _total, last in answers)
    print(f"  {what}: {last - started:.2f} s; {got} of {due} came", flush=True)


def tickets(people: Sequence[UUID]) -> dict[str, str]:
    """An address for each, by person. Written straight, because issuing them is not what is measured."""
    secret = {person: secrets.token_urlsafe(32) for person in people}
    until = timezone.now() + timedelta(minutes=10)
    SocketTicket.objects.bulk_create(
        (
            SocketTicket(
                ticket_hash=hashlib.sha256(secret[person].encode()).hexdigest(),
                customer=person,
                generation=1,
                expires_at=until,
            )
            for person in people
        ),
        batch_size=1_000,
    )
    return {str(person): f"/ws/notifications/?ticket={secret[person]}" for person in people}


@contextmanager
def background() -> Iterator[None]:
    """Relay and workers."""
    programs = [services.relay(), *(services.worker(name, queues) for name, queues in WORKERS.items())]
    with ExitStack() as stack:
        for program in programs:
            stack.enter_context(running(program))
        yield


@contextmanager
def socket_process() -> Iterator[tuple[int, int]]:
    """A process behind /ws/; its port and its process id."""
    port = served.free_port()
    with running(services.sockets(port)) as process:
        served.wait_for(port)
        yield port, process.pid


@contextmanager
def running(program: services.Program) -> Iterator["subprocess.Popen[bytes]"]:
    """One process of the layout."""
    process = subprocess.Popen(program.command, cwd=services.ROOT, env={**os.environ, **program.settings})
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def crowds(shares: Sequence[tuple[int, list[UUID]]]) -> Iterator[list[Crowd]]:
    """A process of clients for each (port, people)."""
    context, made = multiprocessing.get_context("spawn"), []
    for port, people in shares:
        ours, theirs = context.Pipe()
        process = context.Process(target=run_clients, args=(theirs,), daemon=True)
        process.start()
        made.append((Crowd(port, people, ours), process))
    try:
        yield [crowd for crowd, _process in made]
    finally:
        for crowd, process in made:
            crowd.tell("end")
            process.join(5)
            process.kill()


def cpu_seconds(process: int) -> float:
    """User and system time so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_kb(process: int) -> int:
    """Resident memory."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])
