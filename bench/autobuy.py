"""One run of the engine over everybody's plan, all of them due, on PostgreSQL.

    python -m bench autobuy [--customers 100000] [--buying 500] [--engines 2]

Each customer has a list of three things (two in other shops, one of the catalogue), money, and a plan that is due: a
third waits for a target price, a third for a day, a third is short of money. Of `--buying` more the plan buys the
product of the catalogue. `--engines` processes work at once, as the workers of a deployment do. Statements are counted
of each further purchase in a chunk, beside a checkout by wallet of the same product.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from funds import facade as funds
from links.models import Gift, GiftList, Page, ProductLink
from marketplace.core.clock import platform_day
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from purchases.autobuy.models import AutoPurchase, Plan, Run, Schedule
from purchases.autobuy.moments import moment_of
from purchases.autobuy.services import run_due_plans
from purchases.carts.models import Cart, CartLine
from purchases.checkout.services import check_out
from purchases.checkout.values import Acceptance, PaymentPlan
from users import facade as users
from users.addresses.models import Address
from users.contracts import NewCustomer

from .checkout import PRICE, shelves

GOAL_SECONDS, GOAL_QUERIES, PAGES, BATCH = 60.0, 3, 2_000, 2_000
TRIED: Final = (1, 11)
"""Plans that buy in two chunks: what the second costs more, its further purchases cost."""
ROOT = Path(__file__).resolve().parent.parent
ENGINE = "import django; django.setup(); from bench._autobuy_engine import work; work()"
CONTROL: Final = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


def main() -> None:
    """Seed, run, count, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--buying", type=int, default=500)
    parser.add_argument("--engines", type=int, default=2)
    options = parser.parse_args()
    at = timezone.now()
    shelf = shelves()
    everybody = seed(options.customers, options.buying + 1 + sum(TRIED), shelf, at)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SET statement_timeout = 0")  # in the end so many books are examined, which takes its time
    Plan.objects.filter(customer__in=everybody[-1 - sum(TRIED) :]).update(due_at=at - timedelta(days=1))
    run_due_plans(at=at, limit=1)  # the process knows the rule book
    few, many = (queries_of(lambda count=count: run_due_plans(at=at, limit=count)) for count in TRIED)
    each = (many - few) / (TRIED[1] - TRIED[0])
    fill(everybody[-1], shelf[0])
    usual = queries_of(lambda: by_cart(everybody[-1]))
    print(f"load average {os.getloadavg()[0]:.1f} before, on {os.cpu_count()} cores; {options.engines} engines at once")
    seconds, engines = run_all(at, options.engines)
    plans = round(sum(each["plans"] for each in engines))
    bought = AutoPurchase.objects.count() - 1 - sum(TRIED)
    print(f"{plans} plans in {seconds:.1f} s (goal {GOAL_SECONDS:.0f}), {plans / seconds:.0f}/s, {bought} bought")
    busy = ", ".join(f"{each['busy']:.1f} s" for each in engines)
    print(f"  of that each engine itself worked {busy}")
    print(f"  longest chunk {max(each['longest'] for each in engines):.2f} s; outcomes {dict(outcomes())}")
    print(
        f"  statements of a chunk with one that buys: {few}; of each more: {each:g}; of a checkout by wallet: {usual}"
    )
    print(f"  of each bought item beyond checkout: {each - usual:g} (goal {GOAL_QUERIES})")
    print(f"  memory {max(each['peak'] for each in engines):.0f} MB at its peak, {engines[0]['before']:.0f} before")
    print(f"  {len(funds.verify_books(at=timezone.now(), is_full=True))} faults in the books")


def run_all(at: datetime, engines: int) -> tuple[float, list[dict[str, float]]]:
    """So many engines at once until nothing is due: seconds, and what each did."""
    command = [sys.executable, "-c", ENGINE, at.isoformat()]
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) for _ in range(engines)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    started = time.perf_counter()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    told = [json.loads(process.communicate()[0]) for process in processes]
    return time.perf_counter() - started, told


def seed(customers: int, buying: int, shelf: Sequence[Any], at: datetime) -> list[UUID]:
    """People, wallets, addresses, pages, lists, gifts, plans, schedules, set-wise; those that will buy come last."""
    total = customers + buying
    ids: list[UUID] = []
    for first in range(0, total, 10_000):
        rows = (NewCustomer(email=f"plan{n}@example.com") for n in range(first, min(first + 10_000, total)))
        ids.extend(users.add_customers(rows))
    rich = set(ids[-buying:])
    for some in batches(ids):
        funds.fund_wallets(
            rows=[(one, Money(1_000_000 if one in rich else 10_000, "MXN"), f"bench:{one}") for one in some]
        )
    pages = [
        Page(
            canonical_url=f"https://tienda.example/{n}",
            address_hash=f"{n:064d}",
            host="tienda.example",
            state="read",
            title=f"Bicicleta {n}",
            price_minor=50_000 + n,
            currency="MXN",
            availability="in_stock",
            method="json_ld",
            may_be_bought=True,
            read_at=at,
        )
        for n in range(PAGES)
    ]
    Page.objects.bulk_create(pages, batch_size=BATCH)
    place = 0
    for some in batches(ids):
        add_plans(some, place, rich, pages, shelf, at)
        place += len(some)
    return ids


@transaction.atomic
def add_plans(
    some: list[UUID], place: int, rich: set[UUID], pages: list[Page], shelf: Sequence[Any], at: datetime
) -> None:
    """Of these customers."""
    day = platform_day(at) + timedelta(days=10)
    rows: dict[type[Any], list[Any]] = {model: [] for model in (GiftList, ProductLink, Gift, Plan, Schedule, Address)}
    for number, owner in enumerate(some, start=place):
        wishes = GiftList(owner_id=owner, name="Bench", currency="MXN", share_token=uuid7().hex)
        plan = Plan(customer_id=owner, due_at=at)
        rules: list[dict[str, Any]] = [
            {"kind": "target_price", "target_minor": 100, "currency": "MXN"},
            {"kind": "on_date", "starts_on": day, "next_at": moment_of(day)},
            {"kind": "balance"},
        ]
        when = rules[number % 3]
        if owner in rich:
            when = {"kind": "on_date", "starts_on": platform_day(at), "next_at": moment_of(platform_day(at))}
        for each in range(2):
            page = pages[(number * 2 + each) % PAGES]
            link = ProductLink(customer_id=owner, page=page, url=page.canonical_url)
            rows[ProductLink].append(link)
            rows[Gift].append(wish(wishes, owner, priority=1 + each % 2, link=link, seen=page.price_minor or 0))
        variant = shelf[number % len(shelf)]
        rows[Gift].append(wish(wishes, owner, priority=3, variant_id=variant, seen=PRICE.minor))
        rows[GiftList].append(wishes)
        rows[Plan].append(plan)
        rows[Schedule].append(Schedule(plan=plan, gift_list=wishes, **when))
        rows[Address].append(
            Address(customer_id=owner, recipient="Ana", line1="Uno", city="Puebla", country="MX", is_default=True)
        )
    for model, made in rows.items():
        model._default_manager.bulk_create(made, batch_size=BATCH)


def wish(wishes: GiftList, owner: UUID, *, seen: int, **values: Any) -> Gift:
    """A gift whose price its owner has seen."""
    return Gift(gift_list=wishes, added_by_id=owner, seen_price_minor=seen, seen_currency="MXN", **values)


def batches(ids: list[UUID]) -> Iterator[list[UUID]]:
    """Some thousands at a time."""
    rest = iter(ids)
    while some := list(islice(rest, BATCH)):
        yield some


def fill(customer_id: UUID, variant_id: UUID) -> None:
    """The same product in the customer's cart."""
    cart, _is_new = Cart.objects.get_or_create(customer_id=customer_id, defaults={"touched_at": timezone.now()})
    Cart.objects.filter(pk=cart.pk).update(currency="MXN")
    CartLine.objects.create(cart=cart, variant_id=variant_id, quantity=1, seen_price_minor=PRICE.minor)


def by_cart(customer_id: UUID) -> None:
    """Bought by the checkout."""
    check_out(customer_id=customer_id, accepted=Acceptance(plan=PaymentPlan()), at=timezone.now())


def queries_of(work: Any) -> int:
    """Statements, transaction control left out."""
    with CaptureQueriesContext(connection) as queries:
        work()
    return sum(not query["sql"].startswith(CONTROL) for query in queries)


def outcomes() -> Counter[str]:
    """Over every gift that was considered."""
    counted: Counter[str] = Counter()
    for considered in Run.objects.values_list("considered", flat=True).iterator():
        counted.update(row["outcome"] for row in considered)
    return counted
