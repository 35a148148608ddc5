"""kill -9 PostgreSQL itself, postmaster and backends, while transfers are posted; start it again and look.

    python -m chaos.kill_ledger [--rounds 50] [--writers 4]

On a private server of its own with default settings (`synchronous_commit` is on). Writers note each key that was
acknowledged; after recovery each must be in the books exactly once, a call that got no answer must be complete after
it was made again, and `verify_ledger --full` must find nothing. Prints a line a round; exit code 1 on a loss.
"""

import argparse
import importlib
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

import django
from django.core.management import CommandError, call_command

from chaos.cluster import Cluster, private_cluster


def main() -> int:
    """All rounds on one database."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--writers", type=int, default=4)
    options = parser.parse_args()
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    moments = random.Random(seed)
    with private_cluster() as cluster, tempfile.TemporaryDirectory() as notes:
        load = prepared(cluster.url)
        rounds = [
            play(cluster, load, Path(notes), number, options.writers, moments.uniform(0.2, 1.5))
            for number in range(1, options.rounds + 1)
        ]
    acknowledged = sum(count for _fine, count in rounds)
    fine = all(is_fine for is_fine, _count in rounds) and acknowledged > 0
    told = f"{acknowledged} acknowledged transfers: 0 lost, 0 doubled, books sound" if fine else "FAILED"
    print(f"{len(rounds)} kills, {told}")
    return 0 if fine else 1


def prepared(url: str) -> ModuleType:
    """Django on the private server, migrated; only then can the load be imported."""
    os.environ.update(
        DATABASE_URL=url, DJANGO_SETTINGS_MODULE="marketplace.settings.local", REDIS_URL="", LOG_LEVEL="ERROR"
    )
    django.setup()
    call_command("migrate", verbosity=0)
    load = importlib.import_module("chaos.ledger_load")
    load.fill_wallets()
    return load


def play(cluster: Cluster, load: ModuleType, notes: Path, number: int, writers: int, after: float) -> tuple[bool, int]:
    """One round; whether nothing was lost, doubled or bent, and how many were acknowledged."""
    processes = load.start_writers(notes, number, writers)
    time.sleep(after)
    killed = cluster.kill()
    for process in processes:
        process.join()
    seconds = cluster.start()
    outcome = load.examine(notes, number)
    try:
        is_sound = load.books_are_sound()
    except CommandError as broken:
        print(broken)
        is_sound = False
    print(
        f"round {number}: killed {killed} processes after {after:.2f} s, back in {seconds:.2f} s; "
        f"{outcome.acknowledged} acknowledged: {outcome.missing} missing, {outcome.doubled} doubled; "
        f"{outcome.unanswered} unanswered, {outcome.stranded} stranded; books {'sound' if is_sound else 'BROKEN'}",
        flush=True,
    )
    is_fine = is_sound and not (outcome.missing or outcome.doubled or outcome.stranded)
    return is_fine, outcome.acknowledged


if __name__ == "__main__":
    sys.exit(main())
