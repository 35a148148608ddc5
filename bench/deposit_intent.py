"""Deposit intents over HTTP at a fixed rate, with Redis up and with Redis killed.

    python -m bench deposit_intent [--rate 100] [--seconds 30] [--alone]

Open loop: a request's time counts from the moment it was due. Two API processes on PostgreSQL; beside them, on the same
cores, the relay and the payments worker carry the deposits out (sandbox provider), unless `--alone`.
"""

import argparse
import asyncio
import os
import signal
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID, uuid4

from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from funds.payments.models import PaymentTask
from marketplace.core.ids import uuid7
from scripts.local_services import Valkey, with_database_number
from scripts.openloop import Answer, Call, OpenLoop, percentile
from scripts.running import Running
from scripts.services import relay, worker
from users import facade as users
from users.accounts.tokens import sign_pair
from users.contracts import NewCustomer
from users.models import User

from . import served

PATH = "/api/v1/funds/"
BODY = {"amount": {"amount": "20.00", "currency": "MXN"}, "provider": "sandbox"}
CUSTOMERS = 200
GOAL_MS = 50.0


def main() -> None:
    """Seed, serve, drive, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--alone", action="store_true", help="the API only")
    options = parser.parse_args()
    ids = users.add_customers(NewCustomer(email=f"bench{n}@example.com") for n in range(CUSTOMERS))
    tokens = signed(ids)
    print(f"{queries(ids[0])} statements for one intent; load average {os.getloadavg()[0]:.1f}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis = Valkey(folder / "redis")
        stack.callback(redis.end)
        redis.start()
        os.environ["REDIS_URL"] = with_database_number(redis.url, 0)
        os.environ["CELERY_BROKER_URL"] = with_database_number(redis.url, 1)
        port = stack.enter_context(served.api())
        if not options.alone:
            for program in (relay(), worker("payments", "payments")):
                stack.enter_context(Running(program, folder))
        drive(port, tokens, rate=20.0, seconds=5.0)  # warm
        time.sleep(3)
        report("Redis up", drive(port, tokens, rate=options.rate, seconds=options.seconds))
        redis.end(signal.SIGKILL)
        report("Redis down", drive(port, tokens, rate=options.rate, seconds=options.seconds))


def drive(port: int, tokens: list[str], *, rate: float, seconds: float) -> list[Answer]:
    """One run; the answers in the order of the requests."""
    count = int(rate * seconds)
    answers: list[Answer] = [Answer(0, 0.0, b"")] * count

    def make(number: int) -> Call:
        token = tokens[number % len(tokens)]
        return Call(PATH, {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex}, BODY)

    def hear(number: int, answer: Answer) -> None:
        answers[number] = answer

    async def run() -> None:
        await OpenLoop(port).run(make, hear, rate=rate, count=count)

    asyncio.run(run())
    return answers


def report(name: str, answers: list[Answer]) -> None:
    """Print."""
    times = sorted(answer.seconds for answer in answers)
    statuses = ", ".join(f"{count} × {status}" for status, count in Counter(a.status for a in answers).items())
    done = PaymentTask.objects.filter(state=PaymentTask.State.DONE).count()
    print(
        f"{name}: p50 {percentile(times, 0.5):.1f} ms, p95 {percentile(times, 0.95):.1f} ms (goal {GOAL_MS:.0f}), "
        f"p99 {percentile(times, 0.99):.1f} ms; {statuses}; {done} carried out so far; "
        f"load average {os.getloadavg()[0]:.1f}",
        flush=True,
    )


def signed(ids: list[UUID]) -> list[str]:
    """Signed here: log-ins would measure the password hash."""
    accounts = User.objects.in_bulk(ids)
    return [sign_pair(accounts[one], uuid7()).access for one in ids]


def queries(customer_id: UUID) -> int:
    """Statements of one intent, transaction control left out."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {signed([customer_id])[0]}", HTTP_IDEMPOTENCY_KEY=uuid4().hex)
    with CaptureQueriesContext(connection) as found:
        answer = client.post(PATH, BODY, format="json")
    if answer.status_code != 202:
        raise SystemExit(answer.content)
    control = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    return sum(not query["sql"].startswith(control) for query in found)
