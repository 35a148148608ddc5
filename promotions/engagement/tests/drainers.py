"""Workers that drain and are killed: reads how many deaths there are to be, and says when they have been.

    python -m promotions.engagement.tests.drainers WORKERS DEATHS SEED

Set up once, then forked; each worker drains until it is killed at some moment, and another takes its place.
"""

import os
import random
import signal
import sys
import time

import django
from django.utils import timezone


def work() -> None:
    """In the fork: drain, whatever comes, until the end."""
    from promotions.engagement.services.draining import drain_once  # noqa: PLC0415 - Django is set up by now

    while True:
        if drain_once(at=timezone.now(), batches=3) is None:
            time.sleep(0.002)


def fork() -> int:
    """A worker; its number."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:
            print(f"a worker ended: {error!r}", file=sys.stderr)  # noqa: T201
        finally:
            os._exit(1)
    return child


def main() -> None:
    """Kill one, start another, until the deaths are done; then the rest dies, too."""
    workers, deaths, seed = map(int, sys.argv[1:])
    chance = random.Random(seed)
    django.setup()
    alive = [fork() for _ in range(workers)]
    for _ in range(deaths):
        time.sleep(chance.uniform(0.02, 0.15))
        victim = alive.pop(chance.randrange(workers))
        os.kill(victim, signal.SIGKILL)
        os.waitpid(victim, 0)
        alive.append(fork())
    for child in alive:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
