"""PostgreSQL restarted in mid-transaction, by kill -9 and in order in turn, under a load of deposits.

    python -m chaos postgres_restarted [--rounds 6] [--rate 8]

On a private server with default settings; the product runs as served. In each round a journal is posted and not
committed while the server goes; API, relay, worker and beat run on. Nothing of that journal may be there afterwards,
the API must answer well again at most 10 s after PostgreSQL went, every process must have lived through it, and a
deposit asked for afterwards must be credited. At the end every accepted deposit is credited once and
`verify_ledger --full` finds nothing. Exit code 1 otherwise.
"""

import argparse
import random
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q

from funds import facade as funds
from funds.ledger.models import Journal, Posting
from funds.payments.models import Deposit
from funds.payments.services import request_deposit
from marketplace.core.money import Money
from users import facade as users
from users.contracts import NewCustomer

from . import outcome
from .crowd import FUNDS, Crowd, Floor
from .stage import Stage

GOAL_SECONDS: Final = 10.0
PATIENCE: Final = 60.0
AMOUNT: Final = Money(12_34, "MXN")


class HalfPosted:
    """A journal that is posted and not committed, in a connection of its own, when the server goes."""

    def __init__(self, customer_id: UUID, key: str) -> None:
        self._posted, self._gone = threading.Event(), threading.Event()
        self.committed = False
        self._thread = threading.Thread(target=self._post, args=(customer_id, key), daemon=True)
        self._thread.start()
        if not self._posted.wait(PATIENCE):
            raise SystemExit("nothing was posted")

    def end(self) -> None:
        """Try to commit, now that the server has gone."""
        self._gone.set()
        self._thread.join()

    def _post(self, customer_id: UUID, key: str) -> None:
        try:
            with transaction.atomic():
                funds.fund_wallets(rows=[(customer_id, AMOUNT, key)])
                self._posted.set()
                self._gone.wait(PATIENCE)
            self.committed = True
        except (OperationalError, InterfaceError):
            pass
        finally:
            connection.close()


def main(found: Stage) -> int:
    """Load, restarts, counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--rate", type=float, default=8.0)
    options = parser.parse_args()
    floor, crowd = Floor(found), Crowd(found.api_port)
    crowd.warm_up()
    names = ("half-posted", "afterwards")
    half, other = users.add_customers(NewCustomer(email=f"{name}@example.com") for name in names)
    crowd.begin(count=int(options.rate * options.rounds * 12), rate=options.rate)
    fine = True
    for number in range(1, options.rounds + 1):
        time.sleep(random.uniform(1.0, 4.0))
        fine = play(found, floor, crowd, (half, other), number) and fine
    crowd.end()
    outcome.wait_for_all(patience=300)
    print(f"intents: {crowd.intents.line()}")
    print(f"GET funds/: {crowd.looks.line()}")
    longest = max((*crowd.intents.seconds, *crowd.looks.seconds))
    print(f"longest answer of all: {longest:.1f} s")
    fine = outcome.is_right(found, accepted=crowd.accepted) and fine
    print("no partial posting, 0 lost, 0 doubled, books sound" if fine else "FAILED")
    return 0 if fine else 1


def play(found: Stage, floor: Floor, crowd: Crowd, customers: tuple[UUID, UUID], number: int) -> bool:
    """One restart; whether it held."""
    assert found.cluster is not None
    customer_id, other_id = customers
    key = f"half-posted-{number}"
    half = HalfPosted(customer_id, key)
    went_at = time.monotonic()
    if number % 2:
        found.cluster.kill()
    else:
        found.cluster.stop_fast()
    half.end()
    started = found.cluster.start()
    back = seconds_until(lambda: is_served(found, crowd), since=went_at)
    connection.close()
    left = Journal.objects.filter(idem_key__contains=key).count()
    left += Posting.objects.filter(Q(debit__owner_id=customer_id) | Q(credit__owner_id=customer_id)).count()
    one = request_deposit(customer_id=other_id, amount=Money(20_00, "MXN"), provider="mercadopago")
    credited = seconds_until(lambda: Deposit.objects.filter(pk=one.pk, state=Deposit.State.CREDITED).exists())
    crowd.earlier += 1
    dead = [name for name in ("relay", "worker", "beat") if getattr(floor, name).pid is None]
    print(
        f"round {number}: {'kill -9' if number % 2 else 'restart'}; PostgreSQL up after {started:.1f} s, API well "
        f"{back:.1f} s after it went; half a posting: {left} rows{' COMMITTED' if half.committed else ''}; a new "
        f"deposit credited in {credited:.1f} s; dead: {', '.join(dead) or 'nobody'}",
        flush=True,
    )
    return not left and not half.committed and back <= GOAL_SECONDS and credited <= PATIENCE and not dead


def is_served(found: Stage, crowd: Crowd) -> bool:
    """Whether a wallet can be looked at."""
    request = urllib.request.Request(f"http://127.0.0.1:{found.api_port}{FUNDS}", headers=crowd.bearer(0))
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return bool(response.status == 200)
    except (OSError, urllib.error.HTTPError):
        return False


def seconds_until(holds: Callable[[], bool], *, since: float | None = None) -> float:
    """Since then, or from now; infinite when it does not come."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > PATIENCE:
            return float("inf")
        time.sleep(0.05)
    return time.monotonic() - (since or began)
