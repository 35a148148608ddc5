"""`manage.py verify_ledger --full` over a million transfers: seconds, and memory beside that over a thousand.

    python -m bench verify_ledger [--transfers 1000000] [--explain]

The books are filled by the product's own batches. `--explain` also prints the seconds of each invariant.
"""

import argparse
import contextlib
import multiprocessing
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

from django.db import connection, connections
from django.utils import timezone

from funds.ledger.invariants import LEDGER
from funds.ledger.models import AccountKind, JournalKind, Posting
from funds.ledger.services import post_transfers
from funds.ledger.terms import AccountKey, Leg, Transfer
from funds.ledger.verification import find_faults
from funds.payments.invariants import PAYMENTS
from funds.payments.services import fund_wallets
from marketplace.core.money import Money
from users import facade as users
from users.contracts import NewCustomer

ROOT = Path(__file__).resolve().parent.parent
WALLETS = 20_000
PROCESSES = 2
PER_CALL = 2_000
ESCROW = AccountKey.house(AccountKind.ESCROW, "MXN")
WALLET: list[AccountKey] = []


def main() -> None:
    """Fill, measure, fill more, measure again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transfers", type=int, default=1_000_000)
    parser.add_argument("--explain", action="store_true", help="seconds of each invariant, too")
    options = parser.parse_args()
    owners = users.add_customers(
        NewCustomer(email=f"books{number}@example.com", latitude=19.4326, longitude=-99.1332)
        for number in range(WALLETS)
    )
    WALLET.extend(AccountKey.wallet(owner, "MXN") for owner in owners)
    deposits = [(owner, Money(10**8, "MXN"), str(owner)) for owner in owners]
    fund_wallets(rows=deposits[:1000])
    verify()
    fund_wallets(rows=deposits[1000:])
    fill(options.transfers - WALLETS)
    with connection.cursor() as cursor:
        # As autovacuum would have done by the time that anybody has so much history.
        cursor.execute("VACUUM ANALYZE")
    for _ in range(3):
        verify()
    if options.explain:
        explain()


def verify() -> None:
    """Run the command as a cron job would."""
    count = Posting.objects.count()
    connections.close_all()
    started = time.perf_counter()
    command = [sys.executable, "manage.py", "verify_ledger", "--full"]
    with tempfile.TemporaryFile("w+") as out:
        child = subprocess.Popen(command, cwd=ROOT, stdout=out)
        peak = 0.0
        while child.poll() is None:
            peak = max(peak, peak_megabytes(child.pid))
            time.sleep(0.02)
        seconds = time.perf_counter() - started
        out.seek(0)
        if child.returncode or "sound" not in out.read():
            sys.exit("the books are not sound")
    print(f"{count:9} transfers: {seconds:6.2f} s, command's peak memory {peak:6.1f} MB", flush=True)


def peak_megabytes(pid: int) -> float:
    """The process's high-water mark so far. (Its `ru_maxrss` would begin with the memory of who started it.)"""
    with contextlib.suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        return int(found.group(1)) / 1024 if found else 0.0
    return 0.0


def fill(transfers: int) -> None:
    """Payments to the house and transfers between wallets, by the product's own batches."""
    connections.close_all()
    started = time.perf_counter()
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=work, args=(transfers // PROCESSES,)) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        sys.exit("filling failed")
    seconds = time.perf_counter() - started
    print(f"filled with {transfers} in {seconds:.0f} s ({transfers / seconds:.0f}/s, {PER_CALL} a call)", flush=True)


def work(transfers: int) -> None:
    """One process's share."""
    random.seed()
    for start in range(0, transfers, PER_CALL):
        post_transfers(transfers=[any_transfer() for _ in range(min(PER_CALL, transfers - start))])
    connection.close()


def any_transfer() -> Transfer:
    """Mostly payments, some gifts."""
    amount = Money(random.randint(1, 1000), "MXN")
    if random.random() < 0.8:
        leg = Leg(random.choice(WALLET), ESCROW, amount)
        return Transfer("bench", uuid4().hex, JournalKind.ORDER_PAYMENT, (leg,))
    giver, taker = random.sample(WALLET, 2)
    return Transfer("bench", uuid4().hex, JournalKind.TRANSFER, (Leg(giver, taker, amount),))


def explain() -> None:
    """Where the seconds go."""
    for invariant in (*LEDGER, *PAYMENTS):
        started = time.perf_counter()
        faults = find_faults([invariant], at=timezone.now(), is_full=True)
        print(f"  {invariant.name:40} {time.perf_counter() - started:6.2f} s  {len(faults)} faults", flush=True)


if __name__ == "__main__":
    sys.exit("run it as: python -m bench verify_ledger")
