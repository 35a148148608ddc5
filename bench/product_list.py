"""The product list, 24 of 100,000, narrowed by subtree and price and searched, beside a bare DRF view.

    python -m bench product_list [--products 100000] [--rounds 5] [--requests 200]

One process calls the whole WSGI application: middleware, view, PostgreSQL on loopback. The bare view returns the
bytes of one of those lists from memory. Rounds of the three (bare, list, list with the cache warm) take turns;
ratios are medians of the rounds' requests a second over the bare view's of the same round. No pgbench.
"""

import argparse
import os
import random
from functools import partial
from statistics import median

from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from stores.models import Category

from .catalogue import SEED, Words, fill, milliseconds
from .wsgi_calls import BARE, Bare, Caller

PATH = "/api/v1/market/products/"


def main() -> None:
    """Seed, ask, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=200)
    options = parser.parse_args()
    said = fill(options.products)
    caller = Caller()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    shapes = {
        "subtree, price and search": partial(searched, said),
        "subtree and price, newest first": partial(narrowed, said),
        "subtree and price, by price": partial(by_price, said),
    }
    for name, shape in shapes.items():
        measure(caller, name, shape, options)


def narrowed(said: Words, dice: random.Random, roots: list[str]) -> dict[str, str]:
    """A tree and a price range of about a third."""
    least = dice.randrange(100, 3_000)
    return {"category": dice.choice(roots), "min_price": f"{least}.00", "max_price": f"{least + 2_000}.00"}


def by_price(said: Words, dice: random.Random, roots: list[str]) -> dict[str, str]:
    """The same, cheapest first."""
    return {**narrowed(said, dice, roots), "ordering": "price"}


def searched(said: Words, dice: random.Random, roots: list[str]) -> dict[str, str]:
    """The same, with a kind of thing: each is the name of one product in 300."""
    return {**narrowed(said, dice, roots), "search": dice.choice(said.kinds)}


def measure(caller: Caller, name: str, shape: "partial[dict[str, str]]", options: argparse.Namespace) -> None:
    """One shape of list."""
    dice = random.Random(SEED)
    roots = [str(pk) for pk in Category.objects.filter(parent=None).values_list("pk", flat=True)]
    queries = [shape(dice, roots) for _ in range(options.requests)]
    settings.PRODUCT_LIST_CACHE_SECONDS = 0
    Bare.body = max((caller.get(PATH, **query)[0] for query in queries[:20]), key=len)
    with CaptureQueriesContext(connection) as captured:
        caller.get(PATH, **queries[0])
    statements = len(captured)
    rates: dict[str, list[float]] = {"bare": [], "list": [], "warm": []}
    times: list[float] = []
    for _ in range(options.rounds):
        bare = caller.timed([partial(caller.get, BARE)] * options.requests)
        settings.PRODUCT_LIST_CACHE_SECONDS = 0
        cold = caller.timed([partial(caller.get, PATH, **query) for query in queries])
        settings.PRODUCT_LIST_CACHE_SECONDS = 600
        caller.get(PATH, **queries[0])
        warm = caller.timed([partial(caller.get, PATH, **queries[0])] * options.requests)
        times += cold
        for kind, seconds in (("bare", bare), ("list", cold), ("warm", warm)):
            rates[kind].append(len(seconds) / sum(seconds))
    against = {kind: median(a / b for a, b in zip(rates[kind], rates["bare"], strict=True)) for kind in rates}
    print(f"{name}: {statements} queries, {len(Bare.body)} bytes, {milliseconds(times)}")
    print("  requests a second: " + ", ".join(f"{kind} {median(each):.0f}" for kind, each in rates.items()))
    print(f"  list / bare {against['list']:.2f} (goal 0.12), warm / bare {against['warm']:.2f} (goal 0.6)")
