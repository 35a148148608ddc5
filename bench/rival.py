"""The usual hold beside ours: the same crowd over HTTP, the same machine, the same minute.

    python -m bench rival [--clients 64] [--seconds 5] [--rounds 50]

First rounds: a fresh promotion of one unit each, and every client asks for it once, all at the same moment. Whoever
holds a unit that somebody else holds too was sold it double. Then seconds: every client asks for one unit that is
held, again and again; nearly every answer is a refusal, as in an on-sale minute.

The rival (`bench/rival_shop`) looks first and creates then, with its minute in a cache key. It is measured twice: with
a database connection for each request, which is Django's default, and with kept ones, as ours. Both serve from two
granian processes on the same PostgreSQL and Redis.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from promotions.models import Reservation
from scripts.local_services import Valkey, with_database_number

from . import served
from .crowd import Crowd
from .seed import flash_sales

OURS = "/api/v1/promotions/promo-reservations/"
THEIRS = "/holds/"


@dataclass(frozen=True)
class Result:
    """What one server did."""

    name: str
    rate: float
    answers: Counter[int]
    units: int
    held: int
    twice: int

    def line(self) -> str:
        """For people."""
        return (
            f"{self.name:<40} {self.rate:7.0f} answers/s   {self.units} units: {self.held} holds, "
            f"{self.twice} units held twice or more   {dict(self.answers.most_common())}"
        )


def main() -> None:
    """Seed, serve, drive both, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=50)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-rival-")))
        valkey = Valkey(folder)
        stack.callback(valkey.end)
        valkey.start()
        os.environ["REDIS_URL"] = with_database_number(valkey.url, 0)
        results = [ours(options)]
        rivals = (("rival, Django's default connections", "0"), ("rival, kept connections", "600"))
        for number, (name, age) in enumerate(rivals, start=1):
            with rival_database() as url:
                variables = {
                    **os.environ,
                    "RIVAL_DATABASE_URL": url,
                    "RIVAL_REDIS_URL": with_database_number(valkey.url, number),
                    "RIVAL_CONN_MAX_AGE": age,
                }
                results.append(theirs(name, options, variables))
    for result in results:
        print(result.line())
    for result in results[1:]:
        print(f"ours ÷ {result.name}: {results[0].rate / result.rate:.1f}")
    if results[0].twice or results[0].held != results[0].units:
        raise SystemExit("ours held a unit twice, or not at all")


def ours(options: argparse.Namespace) -> Result:
    """The product."""
    sales = flash_sales(customers=options.clients, units=1, count=options.rounds + 1)
    with served.api() as port:
        crowd = Crowd(port, OURS, sales.tokens)
        # One hold a customer: each round's winner gives it back, as a shop's customers would have to.
        for promo_id in sales.promo_ids[:-1]:
            crowd.once({"promo": str(promo_id)})
            sales.let_go()
        answers, rate = crowd.for_seconds({"promo": str(sales.promo_ids[-1])}, options.seconds)
    counts = Counter(Reservation.objects.values_list("promo_id", flat=True))
    return Result("ours", rate, answers, len(sales.promo_ids), counts.total(), sum(n > 1 for n in counts.values()))


def theirs(name: str, options: argparse.Namespace, variables: dict[str, str]) -> Result:
    """The rival, in processes of its own."""
    seeded = _seed(variables, str(options.clients), str(options.rounds + 1))
    with served.wsgi("bench.rival_shop.wsgi:application", environment=variables) as port:
        crowd = Crowd(port, THEIRS, seeded["tokens"])
        for promotion in seeded["promotions"][:-1]:
            crowd.once({"promotion": promotion})
        answers, rate = crowd.for_seconds({"promotion": seeded["promotions"][-1]}, options.seconds)
    held = _seed(variables, "--holds")
    return Result(name, rate, answers, held["units"], held["held"], held["twice"])


def _seed(variables: dict[str, str], *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.rival_shop", *arguments]
    found = subprocess.run(command, env=variables, check=True, stdout=subprocess.PIPE, text=True).stdout
    answer: dict[str, Any] = json.loads(found.splitlines()[-1])
    return answer


@contextmanager
def rival_database() -> Iterator[str]:
    """A throwaway database of the rival's own; its URL."""
    name = f"mp_rival_{os.getpid()}"
    served.administer(f"CREATE DATABASE {name}")
    try:
        yield urlunsplit(urlsplit(served.SERVER)._replace(path=f"/{name}"))
    finally:
        served.administer(f"DROP DATABASE {name} WITH (FORCE)")
