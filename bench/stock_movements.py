"""Stock movements of one hot item through Django, beside pgbench `-M simple` on the very same statements.

    python -m bench stock_movements [--seconds 4] [--rounds 5] [--clients 64]

Every client reserves and releases single units of the same item, so that all of them wait for one row. The product
sends one statement in a transaction of its own; pgbench sends the same three (BEGIN, the statement, COMMIT), and the
four-statement shape beside it: lock, look for the key, update, insert. A ratio is the median of the rounds' ratios, a
rate the best of the rounds. Synchronous commit is on. At the end the counters are compared with the movements.
"""

import argparse
import multiprocessing
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg2.extensions
from django.apps import apps
from django.db import connection, connections, transaction

from marketplace.core.money import Money
from stores import facade as stores
from stores.contracts import CategoryRow, ProductRow, StockLine, StoreRow, VariantRow
from stores.inventory.reconciliation import reconcile_stock

PROCESSES = 4
PLENTY = 500_000


def main() -> None:
    """Seed, measure in turn, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=64)
    options = parser.parse_args()
    line = seed()
    shapes: dict[str, Callable[[], float]] = {
        "product": lambda: crowd(line, options.clients, options.seconds),
        "pgbench same": lambda: pgbench(caught(line, "reserve"), options.clients, options.seconds),
        "pgbench four": lambda: pgbench(four_statements(line), options.clients, options.seconds),
    }
    rounds: list[dict[str, float]] = []
    for number in range(1, options.rounds + 1):
        rounds.append({})
        for name, shape in shapes.items():
            rounds[-1][name] = shape()
            print(f"round {number}  {name:14} {rounds[-1][name]:9.0f}/s", flush=True)
    report(rounds, options.clients)


def report(rounds: list[dict[str, float]], clients: int) -> None:
    """Rates, ratios, the machine's load, and whether the books agree."""
    print(f"\n{clients} clients on one item; best of the rounds; load average {os.getloadavg()[0]:.1f}")
    for name in rounds[0]:
        print(f"{name:14} {max(each[name] for each in rounds):9.0f}/s")
    for below, goal in (("pgbench same", "goal 0.4"), ("pgbench four", "goal 0.15")):
        ratio = statistics.median(each["product"] / each[below] for each in rounds)
        print(f"through Django / {below:14} {ratio:6.2f}  {goal}")
    run = reconcile_stock()
    print(f"{run.drift_count} of {run.items_count} items adrift")


def seed() -> StockLine:
    """One item with plenty of units, in an open store."""
    department = apps.get_model("users.Department").objects.create(name="Bench", slug="bench")
    stores.add_stores([StoreRow("bench", "Bench", 19.4326, -99.1332, "MXN")])
    stores.add_categories([CategoryRow(slug="bench", name="Bench", department_id=department.pk)])
    product = ProductRow(
        store_slug="bench",
        slug="bench",
        name="Bench",
        category_slug="bench",
        variants=(VariantRow(sku="BENCH", price=Money(200, "MXN"), opening_stock=900_000_000),),
    )
    added = stores.add_catalog([product])
    line = StockLine(added.variant_ids["bench", "BENCH"], added.store_ids["bench"], 1)
    bulk = StockLine(line.variant_id, line.store_id, PLENTY)
    stores.reserve_stock(lines=[bulk], idem_key="plenty")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return line


def crowd(line: StockLine, clients: int, seconds: float) -> float:
    """Movements a second of so many threads over a few processes."""
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    processes = min(PROCESSES, clients)
    start: Any = fork.Barrier(processes)
    answers: Any = fork.Queue()
    workers = [
        fork.Process(target=work, args=(line, clients // processes, seconds, start, answers), daemon=True)
        for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    done: int = sum(answers.get() for _ in workers)
    for worker in workers:
        worker.join()
    return done / seconds


def work(line: StockLine, threads: int, seconds: float, start: Any, answers: Any) -> None:
    """One process: a thread per client, each with its own connection."""
    counts = [0] * threads
    ready = threading.Barrier(threads + 1)

    def ask(number: int) -> None:
        connection.ensure_connection()
        ready.wait()
        ready.wait()
        end = time.perf_counter() + seconds
        acts = (stores.reserve_stock, stores.release_stock)
        while time.perf_counter() < end:
            acts[counts[number] % 2](lines=[line], idem_key=uuid4().hex, cause="bench")
            counts[number] += 1
        connection.close()

    crew = [threading.Thread(target=ask, args=(number,)) for number in range(threads)]
    for thread in crew:
        thread.start()
    ready.wait()
    start.wait()
    ready.wait()
    for thread in crew:
        thread.join()
    answers.put(sum(counts))


def pgbench(path: Path, clients: int, seconds: float) -> float:
    """Transactions a second of the script, `-M simple`."""
    command = ["pgbench", "-n", "-M", "simple", "-c", str(clients), "-j", "2", "-T", f"{max(1, seconds):.0f}"]
    target = psycopg2.extensions.make_dsn(**dsn())
    done = subprocess.run([*command, "-f", str(path), target], capture_output=True, text=True, check=True)
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    return float(found.group(1)) if found else 0.0


def caught(line: StockLine, name: str) -> Path:
    """What the service itself sends, caught on its way, with the key drawn by pgbench."""
    sent: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append(context["cursor"].mogrify(sql, params).decode())
        return execute(sql, params, many, context)

    key = uuid4().hex
    with connection.execute_wrapper(note), transaction.atomic():
        stores.reserve_stock(lines=[line], idem_key=key, cause="bench")
    [statement] = [each for each in sent if "UPDATE" in each]
    return script(name, f"BEGIN;\n{statement.replace(key, ':k1-:k2')};\nCOMMIT;\n")


def four_statements(line: StockLine) -> Path:
    """Lock, look for the key, update, insert: what the product does for several items at once, cut down to one."""
    where = f"variant_id = '{line.variant_id}' AND store_id = '{line.store_id}'"
    item: UUID = apps.get_model("stores.StockItem").objects.get(variant=line.variant_id).pk
    return script(
        "four",
        "BEGIN;\n"
        f"SELECT * FROM stores_stockitem WHERE {where} ORDER BY id FOR NO KEY UPDATE;\n"
        "SELECT * FROM stores_stockmovement WHERE idem_key IN (':k1-:k2', ':k1-:k2#1') ORDER BY id;\n"
        f"UPDATE stores_stockitem SET allocated = allocated + 1 WHERE {where};\n"
        "INSERT INTO stores_stockmovement (stock_item_id, kind, quantity, from_allocated, on_hand_after, "
        "allocated_after, idem_key, cause, reason, created_at) SELECT id, 'reserve', 1, 0, on_hand, allocated, "
        f"':k1-:k2', 'bench', '', clock_timestamp() FROM stores_stockitem WHERE id = '{item}';\n"
        "COMMIT;\n",
    )


def script(name: str, body: str) -> Path:
    """A script of pgbench with a drawn key."""
    drawn = f"\\set k1 random(1, {10**18})\n\\set k2 random(1, {10**18})\n"
    path = Path(tempfile.gettempdir()) / f"stock_{name}_{connection.settings_dict['NAME']}.sql"
    path.write_text(drawn + body)
    return path


def dsn() -> dict[str, Any]:
    """Where Django's database is, for pgbench."""
    settings = connection.settings_dict
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    return {name: settings[key] for name, key in names.items() if settings[key]}


if __name__ == "__main__":
    sys.exit("run it as: python -m bench stock_movements")
