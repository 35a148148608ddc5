"""One unit, everybody at once: the product's claim beside pgbench, on the bare statement and on the FOR UPDATE shape.

    python -m bench claim [--seconds 5] [--clients 64] [--few 8]

Figures are attempts a second, all of this run on this PostgreSQL; nearly every attempt is a refusal, as in an on-sale
second. Exactly one client may win; the run fails if it was not so.
"""

import argparse
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg2
import psycopg2.extras
from django.apps import apps
from django.db import connection, connections
from django.utils import timezone

from marketplace.core.money import Money
from promotions.facade import Offer, schedule_promo
from promotions.flash import statements
from promotions.flash.errors import PromoHeldError
from promotions.flash.models import PromoUnit
from promotions.flash.services.claims import HOLD, reserve_unit
from stores import facade as stores
from stores.contracts import CategoryRow, ProductRow, StoreRow, VariantRow
from users import facade as users
from users.contracts import NewCustomer

SQL = Path(__file__).parent / "sql"
LATITUDE, LONGITUDE = 19.4326, -99.1332
PROCESSES = 4
MOST_CLIENTS = 64


@dataclass(frozen=True)
class Result:
    """What a crowd of clients did."""

    attempts: int
    wins: int
    seconds: float

    @property
    def rate(self) -> float:
        """Attempts a second."""
        return self.attempts / self.seconds


def main() -> None:
    """Seed, race, compare, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--few", type=int, default=8, help="clients of the comparison with pgbench -M simple")
    options = parser.parse_args()
    Bench(options.seconds).run(options.clients, options.few)


class Bench:
    """Every measurement gets a fresh promotion of one unit."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.customers = users.add_customers(
            NewCustomer(email=f"claim{number}@example.com", latitude=LATITUDE, longitude=LONGITUDE)
            for number in range(MOST_CLIENTS)
        )
        self.variant_id = seed_variant()
        with connection.cursor() as cursor:
            cursor.execute((SQL / "claim_schema.sql").read_text())

    def run(self, many: int, few: int) -> None:
        """All of it, printed as it comes."""
        service = self.race("service, whole (look, customer, claim)", self.service, many)
        product = self.race("product's statement, psycopg2", self.raw_statement, many)
        waiting = self.race("SELECT … FOR UPDATE shape, psycopg2", self.waiting_statements, many)
        bare = self.pgbench("pgbench, bare conditional update", SQL / "claim_bare.sql", many)
        whole = self.pgbench("pgbench, product's statement", self.product_script(), many)
        queue = self.pgbench("pgbench, FOR UPDATE shape", SQL / "claim_for_update.sql", many)
        django = self.race("product's statement, through Django", self.django_statement, few)
        simple = self.pgbench("pgbench, product's statement", self.product_script(), few)
        few_service = self.race("service, whole (look, customer, claim)", self.service, few)
        print(f"{many} clients: product's statement / bare update by pgbench   {product.rate / bare:6.2f}")
        alike = product.rate / waiting.rate
        # Clients in Python share the two cores and are most of the cost; pgbench shows what the database can do.
        print(f"{many} clients: product's statement / FOR UPDATE, both psycopg2 {alike:6.2f}")
        print(f"{many} clients: product's statement / FOR UPDATE, both pgbench  {whole / queue:6.2f}  (goal 5)")
        print(f"{many} clients: product's statement / FOR UPDATE by pgbench    {product.rate / queue:6.2f}")
        print(f"{many} clients: bare update / FOR UPDATE, both by pgbench      {bare / queue:6.2f}")
        print(f"{many} clients: service / FOR UPDATE by pgbench                {service.rate / queue:6.2f}")
        print(f"{few} clients: through Django / pgbench, same statement       {django.rate / simple:6.2f}  (goal 0.4)")
        print(f"{few} clients: whole service / pgbench, claim statement       {few_service.rate / simple:6.2f}")

    def promo(self) -> UUID:
        """A running promotion of one unit."""
        now = timezone.now()
        offer = Offer(self.variant_id, Money(100, "MXN"), now - timedelta(minutes=1), now + timedelta(hours=1))
        return schedule_promo(offer=offer, actor_id=None, at=now).pk

    def race(self, name: str, client: "Client", clients: int) -> Result:
        """The clients for some seconds, in a few processes; who wins is counted."""
        result = crowd(client, self.promo(), self.customers, clients, self.seconds)
        print(f"{clients:3} clients  {name:42} {result.rate:9.0f}/s  {result.wins} winner")
        if result.wins != 1:
            sys.exit(f"{result.wins} winners of one unit")
        return result

    def pgbench(self, name: str, script: Path, clients: int) -> float:
        """Transactions a second of the script, `-M simple`."""
        command = ["pgbench", "-n", "-M", "simple", "-c", str(clients), "-j", "2", "-T", f"{self.seconds:.0f}"]
        target = psycopg2.extensions.make_dsn(**dsn())
        done = subprocess.run([*command, "-f", script, target], capture_output=True, text=True, check=True)
        found = re.search(r"tps = ([0-9.]+)", done.stdout)
        rate = float(found.group(1)) if found else 0.0
        print(f"{clients:3} clients  {name:42} {rate:9.0f}/s  -M simple")
        return rate

    def product_script(self) -> Path:
        """The product's own statement as a pgbench script, on a promotion of its own."""
        literal = {
            "promo": f"'{self.promo()}'",
            "customer": f"'{self.customers[0]}'",
            "until": "clock_timestamp() + interval '60 s'",
        }
        path = Path(tempfile.gettempdir()) / f"claim_product_{os.getpid()}.sql"
        path.write_text((statements.sql("claim_unit") % literal) + ";\n")
        return path

    @staticmethod
    def service(promo_id: UUID, customer_id: UUID) -> Callable[[], bool]:
        """The service a view calls."""
        connection.ensure_connection()

        def attempt() -> bool:
            try:
                return reserve_unit(promo_id=promo_id, customer_id=customer_id).is_new
            except PromoHeldError:
                return False

        return attempt

    @staticmethod
    def django_statement(promo_id: UUID, customer_id: UUID) -> Callable[[], bool]:
        """The claim alone, through Django's connection."""
        connection.ensure_connection()
        until = timezone.now() + HOLD

        def attempt() -> bool:
            return statements.claim_unit(promo_id=promo_id, customer_id=customer_id, until=until) is not None

        return attempt

    @staticmethod
    def raw_statement(promo_id: UUID, customer_id: UUID) -> Callable[[], bool]:
        """The claim alone, through psycopg2."""
        psycopg2.extras.register_uuid()
        own = psycopg2.connect(**dsn())
        own.autocommit = True
        cursor = own.cursor()
        values = {"promo": promo_id, "customer": customer_id, "until": timezone.now() + HOLD}
        # Put together once, as below: how fast Python quotes is not what is measured.
        text = cursor.mogrify(statements.sql("claim_unit"), values)

        def attempt() -> bool:
            cursor.execute(text)
            return cursor.fetchone() is not None

        return attempt

    @staticmethod
    def waiting_statements(promo_id: UUID, customer_id: UUID) -> Callable[[], bool]:
        """What is usually written instead, through psycopg2 too: lock the unit, look at it, write, commit."""
        psycopg2.extras.register_uuid()
        own = psycopg2.connect(**dsn())
        cursor = own.cursor()
        table = PromoUnit._meta.db_table
        look = cursor.mogrify(
            f"SELECT id, held_until FROM {table} WHERE promo_id = %s AND sold_at IS NULL FOR UPDATE", [promo_id]
        )
        take = f"UPDATE {table} SET holder = %s, held_until = clock_timestamp() + interval '60 s' WHERE id = %s"

        def attempt() -> bool:
            cursor.execute(look)
            unit_id, held_until = cursor.fetchone()
            if held_until is None:
                cursor.execute(take, [customer_id, unit_id])
            own.commit()
            return held_until is None

        return attempt


Client = Callable[[UUID, UUID], Callable[[], bool]]


def crowd(client: Client, promo_id: UUID, customers: list[UUID], clients: int, seconds: float) -> Result:
    """`clients` threads over a few processes, started together."""
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    processes = min(PROCESSES, clients)
    start: Any = fork.Barrier(processes)
    answers: Any = fork.Queue()
    shares = [customers[number:clients:processes] for number in range(processes)]
    workers = [
        fork.Process(target=work, args=(client, promo_id, share, seconds, start, answers), daemon=True)
        for share in shares
    ]
    for worker in workers:
        worker.start()
    counts = [answers.get() for _ in workers]
    for worker in workers:
        worker.join()
    if start.broken:
        sys.exit("not every client could connect")
    return Result(sum(attempts for attempts, _ in counts), sum(wins for _, wins in counts), seconds)


def work(client: Client, promo_id: UUID, share: list[UUID], seconds: float, start: Any, answers: Any) -> None:
    """One process: a thread per client, each with its own connection."""
    attempts, wins = [0] * len(share), [0] * len(share)
    ready = threading.Barrier(len(share) + 1)

    def ask(number: int) -> None:
        try:
            attempt = client(promo_id, share[number])
            ready.wait()
            ready.wait()
        except BaseException:
            ready.abort()
            raise
        end = time.perf_counter() + seconds
        # Who has won stops asking: the holder's own repetitions are not what is measured.
        while not wins[number] and time.perf_counter() < end:
            wins[number] += attempt()
            attempts[number] += 1
        connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(share))]
    for thread in threads:
        thread.start()
    try:
        ready.wait()
        start.wait()
        ready.wait()
    except threading.BrokenBarrierError:
        start.abort()
    for thread in threads:
        thread.join()
    answers.put((sum(attempts), sum(wins)))


def dsn() -> dict[str, Any]:
    """Where Django's database is, for psycopg2 and pgbench."""
    settings = connection.settings_dict
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    return {name: settings[key] for name, key in names.items() if settings[key]}


def seed_variant() -> UUID:
    """A variant with stock, in an open store."""
    department = apps.get_model("users.Department").objects.create(name="Bench", slug="bench")
    stores.add_stores([StoreRow("bench", "Bench", LATITUDE, LONGITUDE, "MXN")])
    stores.add_categories([CategoryRow(slug="bench", name="Bench", department_id=department.pk)])
    product = ProductRow(
        store_slug="bench",
        slug="bench",
        name="Bench",
        category_slug="bench",
        variants=(VariantRow(sku="BENCH", price=Money(200, "MXN"), opening_stock=100),),
    )
    return stores.add_catalog([product]).variant_ids["bench", "BENCH"]


if __name__ == "__main__":
    sys.exit("run it as: python -m bench claim")
