"""Kill -9 between commit and publish: how many of N committed events does the outbox deliver?

    python -m chaos.outbox_kill --events 10000 --kills 10

Children publish in the database of DATABASE_URL (migrated; the embedded one by default) and are killed right after a
commit; then everything that waits is relayed and run. Prints one line; exit code 1 if an event is missing or doubled.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import django

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings.local")
django.setup()

from django.db import transaction  # noqa: E402 - Django must be set up first

from marketplace.core.events import Event  # noqa: E402
from marketplace.core.ids import uuid7  # noqa: E402
from marketplace.core.models import OutboxEvent  # noqa: E402
from marketplace.core.outbox.handlers import handles  # noqa: E402
from marketplace.core.outbox.publishing import publish  # noqa: E402
from marketplace.core.outbox.relay import drain  # noqa: E402

PER_TRANSACTION = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosHappened(Event):
    """Number `number` of one run of this script."""

    wire_name: ClassVar[str] = "chaos.happened"

    run: UUID
    number: int


def publish_and_die(run: UUID, first: int, last: int) -> None:
    """In the child: publish, and be killed by the commit of the last transaction."""
    for start in range(first, last, PER_TRANSACTION):
        end = min(start + PER_TRANSACTION, last)
        with transaction.atomic():
            publish(*(ChaosHappened(run=run, number=number) for number in range(start, end)))
            if end == last:
                transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))


def kill_children(run: UUID, events: int, kills: int) -> int:
    """How many children died by the signal, as they should."""
    each = -(-events // kills)
    died = 0
    for first in range(0, events, each):
        child = [
            sys.executable,
            "-m",
            "chaos.outbox_kill",
            "--child",
            str(run),
            str(first),
            str(min(first + each, events)),
        ]
        died += subprocess.run(child, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    return died


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--child", nargs=3, metavar=("RUN", "FIRST", "LAST"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        publish_and_die(UUID(options.child[0]), int(options.child[1]), int(options.child[2]))
        return 1  # not reached: the commit killed us

    heard: Counter[int] = Counter()
    run = uuid7()
    handles(ChaosHappened)(lambda event: heard.update([event.number] * (event.run == run)))
    died = kill_children(run, options.events, options.kills)
    started = time.perf_counter()
    while drain(limit=options.events):
        pass
    seconds = time.perf_counter() - started
    OutboxEvent.objects.filter(wire_name=ChaosHappened.wire_name).delete()
    missing, doubled = options.events - len(heard), sum(count > 1 for count in heard.values())
    print(f"killed {died}, committed {options.events}, missing {missing}, doubled {doubled}, {seconds:.1f} s")
    return 1 if missing or doubled or died != options.kills else 0


if __name__ == "__main__":
    sys.exit(main())
