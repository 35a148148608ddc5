"""Transfers a second through Django, beside pgbench `-M simple` on the very same statement and on the least one.

    python -m bench ledger [--seconds 2] [--rounds 7] [--only random,hot]

Four processes (pgbench: four clients) over 10,000 wallets. Every shape is measured once a round, one after the other:
a ratio is the median of the rounds' ratios, a rate the best of the rounds. Synchronous commit is on.
"""

import argparse
import multiprocessing
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg2.extensions
from django.db import connection, connections

from funds.ledger.models import AccountKind, JournalKind
from funds.ledger.orm_engine import OrmEngine
from funds.ledger.services import capture_hold, place_hold, post_transfer, post_transfers
from funds.ledger.terms import AccountKey, Leg, Transfer, tally_of
from marketplace.core.money import Money

SQL = Path(__file__).parent / "sql"
PROCESSES = 4
WALLETS = 10_000
FIRST = 10**11
"""The last twelve digits of the first customer's id, so that pgbench can draw a customer as a number."""
BATCH = 100
ESCROW = AccountKey.house(AccountKind.ESCROW, "MXN")
WALLET = [AccountKey.wallet(UUID(f"00000000-0000-0000-0000-{FIRST + number}"), "MXN") for number in range(WALLETS)]
SAMPLE = (uuid4(), uuid4())
"""Customers that `script` replaces by drawn ones."""


@dataclass(frozen=True)
class Rate:
    """Transfers a second, and the slowest hundredth's milliseconds where that was taken."""

    per_second: float
    p99: float = 0.0

    def __str__(self) -> str:
        return f"{self.per_second:9.0f}/s" + (f"  p99 {self.p99:6.2f} ms" if self.p99 else "")


def main() -> None:
    """Seed, measure in turn, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default="", help="comma-separated names of shapes")
    options = parser.parse_args()
    seed()
    shapes = {name: shape for name, shape in measured().items() if not options.only or name in options.only.split(",")}
    rounds: list[dict[str, Rate]] = []
    for number in range(1, options.rounds + 1):
        rounds.append({})
        for name, shape in shapes.items():
            rounds[-1][name] = rate = shape(options.seconds)
            print(f"round {number}  {name:18} {rate}", flush=True)
    report(rounds)


def measured() -> dict[str, Callable[[float], Rate]]:
    """Every shape under its name."""
    return {
        "pgbench bare": lambda seconds: pgbench(SQL / "ledger_bare.sql", seconds),
        "pgbench same": lambda seconds: pgbench(script(AccountKey.wallet(SAMPLE[1], "MXN"), "random"), seconds),
        "random": lambda seconds: crowd(random_pair, 1, seconds),
        "hot": lambda seconds: crowd(to_the_house, 1, seconds),
        "pgbench hot": lambda seconds: pgbench(script(ESCROW, "hot"), seconds),
        "orm": lambda seconds: crowd(through_the_orm, 1, seconds),
        "batch": lambda seconds: crowd(batch_of_pairs, BATCH, seconds),
        "batch hot": lambda seconds: crowd(batch_to_the_house, BATCH, seconds),
        "hold and capture": lambda seconds: crowd(hold_and_capture, 1, seconds),
    }


def report(rounds: list[dict[str, Rate]]) -> None:
    """The best of each shape, and the ratios with their goals."""
    print(f"\n{PROCESSES} processes through Django, {PROCESSES} clients of pgbench -M simple; best of the rounds")
    for name in rounds[0]:
        print(f"{name:18} {max((each[name] for each in rounds), key=lambda rate: rate.per_second)}")
    print("\nmedian of the rounds' ratios")
    pairs = [
        ("random", "pgbench same", "through Django / pgbench, same statement", "goal 0.35"),
        ("random", "pgbench bare", "through Django / pgbench, least statement", "goal 0.35"),
        ("pgbench same", "pgbench bare", "same statement / least statement, both by pgbench", ""),
        ("hot", "random", "hot house account / random pairs", "goal 0.8"),
        ("random", "orm", "one call / ORM, random pairs", "goal 5"),
    ]
    for above, below, words, goal in pairs:
        if {above, below} <= rounds[0].keys():
            ratio = statistics.median(each[above].per_second / each[below].per_second for each in rounds)
            print(f"{words:52} {ratio:6.2f}  {goal}")
    if {"hot", "random"} <= rounds[0].keys():
        slow = statistics.median(each["hot"].p99 / each["random"].p99 for each in rounds)
        print(f"{'p99 of the hot account / p99 of random pairs':52} {slow:6.2f}  goal at most 2")


def seed() -> None:
    """Rich wallets, a little history so that plans are made for full tables, and the bare schema."""
    for start in range(0, WALLETS, 1000):
        post_transfers(
            transfers=[
                Transfer("seed", f"{number}", JournalKind.DEPOSIT, (Leg(ESCROW, WALLET[number], Money(10**9, "MXN")),))
                for number in range(start, start + 1000)
            ]
        )
    with connection.cursor() as cursor:
        cursor.execute((SQL / "ledger_bare_schema.sql").read_text())
        cursor.execute("SELECT bare_post(gen_random_uuid(), n, n % 10000 + 1, 1) FROM generate_series(1, 10000) AS n")
        cursor.execute("VACUUM ANALYZE")
    # Plans cached on empty tables would be kept by the connection.
    connections.close_all()


def random_legs() -> tuple[Leg, ...]:
    """From one wallet to another."""
    debit = random.randrange(WALLETS)
    credit = debit - 1 - random.randrange(WALLETS - 1)
    return (Leg(WALLET[debit], WALLET[credit], Money(random.randrange(1, 1001), "MXN")),)


def house_legs() -> tuple[Leg, ...]:
    """From a wallet to the one account that everybody pays to."""
    return (Leg(WALLET[random.randrange(WALLETS)], ESCROW, Money(random.randrange(1, 1001), "MXN")),)


def random_pair() -> None:
    """One transfer as a service of ours makes it."""
    post_transfer(scope="bench", key=uuid4().hex, kind=JournalKind.TRANSFER, legs=random_legs())


def to_the_house() -> None:
    """The same, to the hot account."""
    post_transfer(scope="bench", key=uuid4().hex, kind=JournalKind.ORDER_PAYMENT, legs=house_legs())


def through_the_orm() -> None:
    """A random pair by the portable engine on the same PostgreSQL."""
    kind = JournalKind.TRANSFER
    OrmEngine().post(Transfer("bench", uuid4().hex, kind, random_legs(), tally=tally_of(kind)))


def batch_of_pairs() -> None:
    """A hundred random pairs in one call."""
    post_transfers(
        transfers=[Transfer("bench", uuid4().hex, JournalKind.TRANSFER, random_legs()) for _ in range(BATCH)]
    )


def batch_to_the_house() -> None:
    """A hundred payments to the hot account in one call."""
    post_transfers(
        transfers=[Transfer("bench", uuid4().hex, JournalKind.ORDER_PAYMENT, house_legs()) for _ in range(BATCH)]
    )


def hold_and_capture() -> None:
    """Money set aside and paid out: two calls."""
    placed = place_hold(
        scope="bench",
        key=uuid4().hex,
        payer=WALLET[random.randrange(WALLETS)],
        payee=ESCROW,
        amount=Money(random.randint(1, 1000), "MXN"),
        lasts=timedelta(minutes=1),
    )
    capture_hold(hold_id=placed.hold_id, key="")


def crowd(act: Callable[[], None], each: int, seconds: float) -> Rate:
    """Processes with a connection of their own that do nothing else; `each` transfers are one call."""
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    start: Any = fork.Barrier(PROCESSES)
    answers: Any = fork.Queue()
    workers = [fork.Process(target=work, args=(act, seconds, start, answers), daemon=True) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    taken = sorted(took for _ in workers for took in answers.get())
    for worker in workers:
        worker.join()
    return Rate(len(taken) * each / seconds, taken[len(taken) * 99 // 100] * 1000)


def work(act: Callable[[], None], seconds: float, start: Any, answers: Any) -> None:
    """One process; a few calls before the start, so that its plans are made."""
    random.seed()
    for _ in range(10):
        act()
    start.wait()
    taken = []
    now = time.perf_counter()
    end = now + seconds
    while now < end:
        act()
        before, now = now, time.perf_counter()
        taken.append(now - before)
    connection.close()
    answers.put(taken)


def pgbench(path: Path, seconds: float) -> Rate:
    """Transactions a second of the script, `-M simple`."""
    command = [
        "pgbench",
        "-n",
        "-M",
        "simple",
        "-c",
        str(PROCESSES),
        "-j",
        "2",
        "-T",
        f"{seconds:.0f}",
        "-f",
        str(path),
    ]
    target = psycopg2.extensions.make_dsn(**dsn())
    done = subprocess.run([*command, target], capture_output=True, text=True, check=True)
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    return Rate(float(found.group(1)) if found else 0.0)


def script(credit: AccountKey, name: str) -> Path:
    """What `post_transfer` itself sends, caught on its way, with wallets, key and amount drawn by pgbench."""
    sent: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append(context["cursor"].mogrify(sql, params).decode())
        return execute(sql, params, many, context)

    payer = AccountKey.wallet(SAMPLE[0], "MXN")
    post_transfers(
        transfers=[Transfer("seed", uuid4().hex, JournalKind.DEPOSIT, (Leg(ESCROW, payer, Money(10**9, "MXN")),))]
    )
    key, minor = uuid4().hex, 424_242
    with connection.execute_wrapper(note):
        post_transfer(scope="bench", key=key, kind=JournalKind.TRANSFER, legs=[Leg(payer, credit, Money(minor, "MXN"))])
    statement = sent[-1].replace(key, ":k1-:k2").replace(f"{minor})", ":amount)")
    for sample, variable in zip(SAMPLE, (":a", ":b"), strict=True):
        statement = statement.replace(str(sample), f"00000000-0000-0000-0000-{variable}")
    drawn = [
        f"\\set a random({FIRST}, {FIRST + WALLETS - 1})",
        f"\\set b0 random({FIRST}, {FIRST + WALLETS - 2})",
        "\\set b CASE WHEN :b0 >= :a THEN :b0 + 1 ELSE :b0 END",
        "\\set amount random(1, 1000)",
        f"\\set k1 random(1, {10**18})",
        f"\\set k2 random(1, {10**18})",
    ]
    path = Path(tempfile.gettempdir()) / f"ledger_{name}_{connection.settings_dict['NAME']}.sql"
    path.write_text("\n".join([*drawn, f"{statement};\n"]))
    return path


def dsn() -> dict[str, Any]:
    """Where Django's database is, for pgbench."""
    settings = connection.settings_dict
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    return {name: settings[key] for name, key in names.items() if settings[key]}


if __name__ == "__main__":
    sys.exit("run it as: python -m bench ledger")
