"""The whole attack on a database of its own that is thrown away, and its report."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.test.utils import setup_test_environment, teardown_test_environment

from marketplace.tests.world import build_world

from .office import attack_pages
from .operations import operations
from .running import Attack, Tally


@contextmanager
def throwaway() -> Iterator[None]:
    """A migrated database where the settings' tests have theirs, and one transaction that is never committed."""
    setup_test_environment()
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    around = transaction.atomic()
    # As a test case's own: transactions inside are whole ones, to durability and to the order of locks.
    around._from_testcase = True  # type: ignore[attr-defined]
    try:
        with around:
            yield
            transaction.set_rollback(True)
    finally:
        teardown_test_environment()


def attack_here(*, seed: int, pattern: str, at_most: int, only: str | None = None) -> int:
    """Attack everything, or one half in this process, print what was found; 1 when anything was."""
    started = time.monotonic()
    with throwaway():
        random.seed(seed)
        attack = Attack(build_world(), seed=seed, at_most=at_most)
        ready = time.monotonic()
        print(f"attack: database and people ready after {ready - started:.0f} s", flush=True)
        tally = attack.tally
        if only != "pages":
            attack.run(pattern)
        if only != "api" and not pattern:
            attack_pages(attack)
    return report(tally, seed=seed, seconds=time.monotonic() - ready, base="http://127.0.0.1:8000")


def report(tally: Tally, *, seed: int, seconds: float, base: str) -> int:
    """Print figures and findings; 1 when there is a finding, 2 when nothing was tried at all."""
    found = tally.kinds()
    for each in found:
        print(each.report(base))
    counts = ", ".join(f"{count} × {status}" for status, count in sorted(tally.statuses.items()))
    print(f"attack: {tally.requests} requests in {seconds:.0f} s: {counts}")
    tried = [each for each in operations() if each.name in tally.tried]
    print(f"attack: {len(tally.reached)} of {len(tried)} operations were let through with a success at least once")
    print(f"attack: seed {seed}, {len(found)} findings")
    if not tally.requests:
        return 2
    return 1 if found else 0
