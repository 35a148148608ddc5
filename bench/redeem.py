"""Many devices on one balance: the whole redemption beside pgbench on the bare conditional update of the same lot.

    python -m bench redeem [--clients 64] [--rewards 400] [--seconds 5]

One customer has points for just so many rewards; every client asks until it is refused. The run fails unless exactly
so many got through and the lots, the statement and the wallet say the same. The baseline is what any such race costs at
least: `UPDATE … SET left = left - 1 WHERE left >= 1` on one row, by as many clients, in the same minute.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg2
from django.db import connection
from django.utils import timezone

from funds import facade as funds
from marketplace.core.money import Money
from promotions.loyalty.errors import InsufficientPointsError
from promotions.loyalty.models import LoyaltyMember, PointsEntry, PointsLot, Redemption
from promotions.loyalty.services.adjusting import adjust_points
from promotions.loyalty.services.offering import RewardTerms, create_reward
from promotions.loyalty.services.redeeming import redeem_reward
from users import facade as users
from users.contracts import NewCustomer

from .claim import dsn

COST = 100
LOTS = 20
LEFT_OVER = 50


def main() -> None:
    """Race, examine, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--rewards", type=int, default=400, help="how many the points pay for")
    parser.add_argument("--seconds", type=float, default=5.0, help="of the baseline")
    options = parser.parse_args()
    for kind in ("voucher", "wallet_credit"):
        rate = race(kind, options.clients, options.rewards)
        bare = baseline(options.clients, options.seconds)
        print(f"{options.clients} clients: {kind} / bare update by pgbench   {rate / bare:6.3f}")


def race(kind: str, clients: int, rewards: int) -> float:
    """Redemptions a second until the points are gone."""
    customer_id = customer_with(rewards * COST + LEFT_OVER, kind)
    reward_id = make_reward(kind)
    wins, refused = [0] * clients, [0] * clients
    start = threading.Barrier(clients + 1)

    def ask(number: int) -> None:
        connection.ensure_connection()
        start.wait()
        while not refused[number]:
            try:
                redeem_reward(customer_id=customer_id, reward_id=reward_id, at=timezone.now())
                wins[number] += 1
            except InsufficientPointsError:
                refused[number] = 1
        connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    examine(kind, customer_id, sum(wins), rewards)
    print(f"{clients:3} clients  {kind:14} {sum(wins)} redemptions, {rewards / seconds:7.0f}/s, {sum(refused)} refused")
    return rewards / seconds


def examine(kind: str, customer_id: UUID, wins: int, rewards: int) -> None:
    """Exactly what the lots allow, in every place that says it."""
    member = LoyaltyMember.objects.get(customer_id=customer_id)
    left = sum(PointsLot.objects.filter(member=member).values_list("left", flat=True))
    lines = sum(PointsEntry.objects.filter(member=member).values_list("points", flat=True))
    taken = Redemption.objects.filter(member=member).count()
    wallet = sum(balance.available.minor for balance in funds.wallets_of(customer_id))
    money = rewards * 500 if kind == "wallet_credit" else 0
    seen = (wins, taken, left, member.points, lines, wallet)
    if seen != (rewards, rewards, LEFT_OVER, LEFT_OVER, LEFT_OVER, money):
        sys.exit(f"not what the lots allow: {seen}")


def customer_with(points: int, name: str) -> UUID:
    """A customer with so many points in twenty lots."""
    (customer_id,) = users.add_customers([NewCustomer(email=f"redeem-{name}@example.com")])
    at = timezone.now() - timedelta(days=LOTS)
    for number in range(LOTS):
        share = points // LOTS + (points % LOTS if number == 0 else 0)
        adjust_points(
            customer_id=customer_id,
            points=share,
            reason="bench",
            key=f"{name}:{number}",
            actor_id=None,
            at=at + timedelta(days=number),
        )
    return customer_id


def make_reward(kind: str) -> UUID:
    """For 100 points."""
    amount = Money(500, "MXN")
    ticket = amount if kind == "voucher" else None
    terms = RewardTerms(name=kind, kind=kind, cost=COST, amount=amount, min_ticket=ticket)
    return create_reward(terms=terms, actor_id=None).pk


def baseline(clients: int, seconds: float) -> float:
    """Transactions a second of the bare conditional update on one row, `-M simple`."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_lot (id int PRIMARY KEY, points bigint NOT NULL)")
        cursor.execute("INSERT INTO bench_lot VALUES (1, 1000000000) ON CONFLICT DO NOTHING")
    command = ["pgbench", "-n", "-M", "simple", "-c", str(clients), "-j", "2", "-T", f"{seconds:.0f}"]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "bare.sql"
        script.write_text("UPDATE bench_lot SET points = points - 1 WHERE id = 1 AND points >= 1;\n")
        target = psycopg2.extensions.make_dsn(**dsn())
        done = subprocess.run([*command, "-f", script, target], capture_output=True, text=True, check=True)
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    rate = float(found.group(1)) if found else 0.0
    print(f"{clients:3} clients  pgbench, bare conditional update {rate:7.0f}/s  -M simple")
    return rate


if __name__ == "__main__":
    sys.exit("run it as: python -m bench redeem")
