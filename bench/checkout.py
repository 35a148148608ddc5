"""Checkouts over HTTP on PostgreSQL, beside pgbench `-M simple` on the very same statements.

    python -m bench checkout [--orders 1500] [--clients 8] [--seconds 8] [--last-ten]

Each customer buys a cart of three lines of three stores by wallet; two API processes as in production. pgbench then
sends what one such request sends, savepoints and all, with keys of its own, for customers picked by chance. Afterwards
stock and books are compared. `--last-ten`: 64 customers at once go for the last ten of one variant, once the processes
are warm.
"""

import argparse
import http.client
import itertools
import json
import os
import re
import subprocess
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg2.extensions
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from funds import facade as funds
from marketplace.core.money import Money
from purchases.models import Cart, CartLine, Order
from stores import facade as stores
from stores.contracts import CategoryRow, ProductRow, StoreRow, VariantRow
from stores.inventory.reconciliation import reconcile_stock
from users import facade as users
from users.contracts import NewCustomer

from .seed import tokens_of
from .served import api
from .stock_movements import dsn

PATH = "/api/v1/checkout/"
STORES, EACH, LINES, PICKED = 3, 20, 3, 500
PRICE = Money(34_900, "MXN")
CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


@dataclass(frozen=True)
class Shopper:
    """A customer with a full cart."""

    customer_id: UUID
    cart_id: UUID
    token: str
    lines: list[CartLine]


def main() -> None:
    """Seed, drive, replay, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=1_500)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--last-ten", action="store_true")
    options = parser.parse_args()
    if options.last_ten:
        last_ten()
        return
    shelf = shelves()
    shoppers = carts(options.orders + PICKED + 2, shelf)
    ask(shoppers.pop())  # the process knows the rule book
    sent, own = caught(shoppers.pop())
    with api() as port:
        times, seconds, answers = drive(port, shoppers[: options.orders], options.clients)
    rate = len(times) / seconds
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{options.clients} clients: {rate:.0f} checkouts/s, answers {dict(answers)}")
    print(f"  p50 {times[len(times) // 2] * 1000:.1f} ms, p95 {times[int(len(times) * 0.95)] * 1000:.1f} ms")
    print(f"  statements of one: {sum(not each.startswith(CONTROL) for each in sent)} (budget 20)")
    bare = pgbench(script(sent, own, shoppers[options.orders :]), options.clients, options.seconds)
    print(f"pgbench -M simple, the same statements: {bare:.0f}/s; over HTTP / pgbench {rate / bare:.2f} (goal 0.10)")
    orders = Order.objects.count()
    print(f"{orders} orders; {reconcile_stock().drift_count} items adrift before pgbench's own count")


def last_ten() -> None:
    """64 at once, ten units."""
    everyday = shelves()
    [variant] = shelves(count=1, stock=10)
    warming, shoppers = carts(100, everyday), carts(64, [variant], lines=1)
    with api() as port:
        drive(port, warming, 8)
        times, seconds, answers = drive(port, shoppers, len(shoppers))
    refused = sorted(each for each, status in zip(times, answers_in_order, strict=True) if status != 201)
    faults = funds.verify_books(at=timezone.now(), is_full=True)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    sold = Order.objects.count() - len(warming)
    print(f"64 customers for 10 units in {seconds:.2f} s: {dict(answers)}, {sold} orders")
    print(f"  refused: p95 {refused[int(len(refused) * 0.95)] * 1000:.0f} ms (goal 500)")
    print(f"  {reconcile_stock().drift_count} items adrift, {len(faults)} faults in the books")


answers_in_order: list[int] = []


def shelves(*, count: int = EACH, stock: int = 500_000) -> list[Any]:
    """Variants of three stores in turn, so many of each; or one variant."""
    department = users.add_departments({"bench": "Bench"})["bench"]
    stores.add_stores(StoreRow(f"bench-{n}", f"Bench {n}", 19.4, -99.1, "MXN") for n in range(STORES))
    stores.add_categories([CategoryRow("bench", "Bench", department)])
    rows = [
        ProductRow(
            store_slug=f"bench-{number % STORES}",
            slug=f"plato-{stock}-{number}",
            name=f"Plato {number}",
            category_slug="bench",
            variants=(VariantRow(sku=f"P-{stock}-{number}", price=PRICE, opening_stock=stock),),
        )
        for number in range(count * STORES if count > 1 else 1)
    ]
    added = stores.add_catalog(rows)
    return [added.variant_ids[row.store_slug, row.variants[0].sku] for row in rows]


def carts(count: int, variants: list[UUID], *, lines: int = LINES) -> list[Shopper]:
    """Customers with money for many purchases, and something of each store in the cart."""
    ids = users.add_customers(NewCustomer(email=f"shopper-{uuid4().hex}@example.com") for _ in range(count))
    funds.fund_wallets(rows=((pk, Money(9_000_000_00, "MXN"), f"bench:{pk}") for pk in ids))
    made = [Cart(customer_id=pk, currency="MXN", touched_at=timezone.now()) for pk in ids]
    Cart.objects.bulk_create(made)
    full = [
        [
            CartLine(
                cart=cart, variant_id=variants[(place * 7 + number) % len(variants)], quantity=number + 1,
                seen_price_minor=PRICE.minor,
            )
            for number in range(lines)
        ]
        for place, cart in enumerate(made)
    ]  # fmt: skip
    CartLine.objects.bulk_create(itertools.chain.from_iterable(full))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    found = zip(made, tokens_of(ids), full, strict=True)
    return [Shopper(cart.customer_id, cart.pk, token, mine) for cart, token, mine in found]  # type: ignore[arg-type]


def ask(shopper: Shopper, key: str | None = None) -> None:
    """One purchase in this process."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {shopper.token}")
    answer = client.post(PATH, {"payment": "wallet"}, format="json", HTTP_IDEMPOTENCY_KEY=key or uuid4().hex)
    assert answer.status_code == 201, answer.content


def drive(port: int, shoppers: list[Shopper], clients: int) -> tuple[list[float], float, Counter[int]]:
    """Everybody buys once, `clients` at a time, each on its own connection; times, sorted unless all are at once."""
    times, work = [0.0] * len(shoppers), itertools.count()
    answers_in_order[:] = [0] * len(shoppers)
    ready = threading.Barrier(clients + 1)

    def client() -> None:
        wire = http.client.HTTPConnection("127.0.0.1", port)
        wire.connect()
        ready.wait()
        while (place := next(work)) < len(shoppers):
            headers = {
                "Authorization": f"Bearer {shoppers[place].token}", "Content-Type": "application/json",
                "Idempotency-Key": str(uuid4()),
            }  # fmt: skip
            started = time.perf_counter()
            wire.request("POST", PATH, json.dumps({"payment": "wallet"}), headers)
            response = wire.getresponse()
            response.read()
            times[place], answers_in_order[place] = time.perf_counter() - started, response.status

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    ready.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    return (sorted(times) if clients < len(shoppers) else times), seconds, Counter(answers_in_order)


def caught(shopper: Shopper) -> tuple[list[str], Shopper]:
    """What one request sends, and whose it was."""
    sent: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append(context["cursor"].mogrify(sql, params).decode())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        ask(shopper, key="KEY-OF-THIS-ONE")
    return sent, shopper


def script(sent: list[str], own: Shopper, others: list[Shopper]) -> Path:
    """The statements with keys drawn anew: whatever the request made gets a new id, whoever asked is one of many."""
    names: dict[str, str] = {str(own.customer_id): "customer", str(own.cart_id): "cart"}
    for place, line in enumerate(own.lines):
        names[str(line.pk)], names[str(line.variant_id)] = f"line{place}", f"variant{place}"
    picked = list(names.values())
    _remember(others, picked)
    text = ";\n".join(each.replace("\n", " ") for each in sent if not each.startswith("BEGIN"))
    order = Order.objects.get(customer=own.customer_id)
    known = {str(row) for row in lasting_ids()}
    made = dict.fromkeys(re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", text))
    fresh = {each: f"new{place}" for place, each in enumerate(made) if each not in names and each not in known}
    for each, name in {**names, **fresh, "KEY-OF-THIS-ONE": "key", order.number: "number"}.items():
        text = text.replace(each, f":{name}")
    draw = ", ".join(f"gen_random_uuid() AS {name}" for name in fresh.values())
    path = Path(tempfile.gettempdir()) / f"checkout_{connection.settings_dict['NAME']}.sql"
    path.write_text(
        f"\\set n random(0, {len(others) - 1})\n"
        f"SELECT {', '.join(picked)} FROM bench_shopper WHERE n = :n \\gset\n"
        f"SELECT {draw}, gen_random_uuid() AS key, substr(gen_random_uuid()::text, 1, 14) AS number \\gset\n"
        f"BEGIN;\n{text};\nCOMMIT;\n"
    )
    return path


def lasting_ids() -> list[UUID]:
    """Ids that stay: stores, and the house's own."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM stores_store UNION SELECT '00000000-0000-0000-0000-000000000000'::uuid")
        return [row[0] for row in cursor.fetchall()]


def _remember(shoppers: list[Shopper], columns: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE bench_shopper (n int PRIMARY KEY, {', '.join(f'{name} uuid' for name in columns)})"
        )
        for place, each in enumerate(shoppers):
            values: list[Any] = [place, each.customer_id, each.cart_id]
            for line in each.lines:
                values += [line.pk, line.variant_id]
            cursor.execute(f"INSERT INTO bench_shopper VALUES ({', '.join(['%s'] * len(values))})", values)


def pgbench(path: Path, clients: int, seconds: int) -> float:
    """Scripts a second."""
    command = ["pgbench", "-n", "-M", "simple", "-c", str(clients), "-j", "2", "-T", str(seconds), "-f", str(path)]
    target = psycopg2.extensions.make_dsn(**dsn())
    done = subprocess.run([*command, target], capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if done.returncode or not found:
        raise SystemExit(done.stdout[-500:] + done.stderr[-2_000:])
    return float(found.group(1))
