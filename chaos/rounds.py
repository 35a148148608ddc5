"""One round of `chaos.kill_payments`: what is asked for, who is killed where, what must be there afterwards."""

import json
import random
import signal
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import connection
from rest_framework.test import APIClient

from funds import facade as funds
from funds.payments import work
from funds.payments.models import (
    Deposit,
    PaymentAttempt,
    PaymentEvent,
    PaymentTask,
    Payout,
    ProviderEvent,
    ProviderPayment,
    Refund,
)
from funds.payments.providers.sandbox import SandboxProvider
from funds.payments.services import request_deposit, request_refund, request_withdrawal
from funds.payments.tests.crash_points import POINTS, Plant, answered, before_sending
from funds.payments.tests.mercadopago.notifications import deliver, webhook
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from users import facade as users
from users.accounts.tokens import sign_pair
from users.contracts import NewCustomer
from users.models import User

from .forked import READY, STANDING, Forked, celery_worker, load, relay
from .score import Score
from .stage import SECRET, TOKEN, WEBHOOKS, Stage

CUSTOMERS: Final = 12
SHORT_LEASE: Final = timedelta(seconds=2)
OWN_LEASE: Final = work.LEASE
PATIENCE: Final = 60.0
AT_ONCE: Final = 20
TWENTY, ONE = Money(20_00, "MXN"), Money(1_00, "MXN")
BANK_ACCOUNT: Final = "032180000118359719"
LEFT_BEHIND: Final[dict[int, dict[str, Any]]] = {
    2: {"state": "queued", "attempts": 0},
    3: {"state": "queued", "attempts": 0},
    4: {"state": "sending", "tries__outcome": "open"},
    5: {"state": "sending", "tries__outcome": "open"},
    6: {"state": "sending", "tries__outcome": "open"},
    7: {"state": "done"},
    8: {"state": "sending", "tries__outcome": "open"},
    9: {},
}
"""What the table says about a task whose worker died there."""


@dataclass
class Asked:
    """The subjects of one round."""

    deposits: list[UUID] = field(default_factory=list)
    refunds: list[UUID] = field(default_factory=list)
    payouts: list[UUID] = field(default_factory=list)
    told_about: list[str] = field(default_factory=list)

    def tasks(self) -> list[PaymentTask]:
        """Theirs, and those of the webhooks about the deposits."""
        return [
            *PaymentTask.objects.filter(deposit__in=self.deposits),
            *PaymentTask.objects.filter(refund__in=self.refunds),
            *PaymentTask.objects.filter(payout__in=self.payouts),
            *PaymentTask.objects.filter(event__payment_id__in=self.payment_ids()),
        ]

    def payment_ids(self) -> list[str]:
        """The provider's, as far as we know them."""
        known = ProviderPayment.objects.filter(deposit__in=self.deposits).values_list("payment_id", flat=True)
        return [*known, *self.told_about]

    def have_ended(self) -> bool:
        """Everything settled and no task left, that of the webhooks included."""
        return (
            Deposit.objects.filter(pk__in=self.deposits, state=Deposit.State.CREDITED).count() == len(self.deposits)
            and Refund.objects.filter(pk__in=self.refunds, state=Refund.State.SETTLED).count() == len(self.refunds)
            and Payout.objects.filter(pk__in=self.payouts, state=Payout.State.SETTLED).count() == len(self.payouts)
            and all(task.state == PaymentTask.State.DONE for task in self.tasks())
        )

    def credits_too_many(self) -> int:
        """Deposits credited more than once, and tasks that used more than one key."""
        credited = Counter(
            PaymentEvent.objects.filter(
                payment__deposit__in=self.deposits, kind=PaymentEvent.Kind.APPROVED
            ).values_list("payment__deposit", flat=True)
        )
        keys = Counter(task for task, _key in set(
            PaymentAttempt.objects.filter(task__in=[task.pk for task in self.tasks()]).values_list("task", "key")
        ))  # fmt: skip
        return sum(count > 1 for count in (*credited.values(), *keys.values()))


class Rounds:
    """Holds the processes that go on, and customers with money to give back and to draw."""

    def __init__(self, found: Stage, dice: random.Random) -> None:
        self._found, self._dice = found, dice
        self._log = found.folder / "forked.log"
        self._payouts_log = found.folder / "payouts.log"
        self._alive: list[Forked] = []
        self._relay: Forked | None = None
        self._refunds_asked = 0
        self._strangers: list[str] = []
        load()
        self._note_payouts()
        self._customers = users.add_customers(NewCustomer(email=f"chaos{n}@example.com") for n in range(CUSTOMERS))
        funds.fund_wallets(rows=((one, Money(100_000_00, "MXN"), f"chaos:{one}") for one in self._customers))
        self._payments: list[int] = []

    def __enter__(self) -> "Rounds":
        self._relay = self._fork(relay)
        healthy = self._worker(OWN_LEASE)
        big = Money(50_000_00, "MXN")
        asked = Asked([
            request_deposit(customer_id=one, amount=big, provider="mercadopago").pk for one in self._customers[:4]
        ])  # fmt: skip
        self._wait_for(asked)
        healthy.kill()
        self._payments = list(ProviderPayment.objects.filter(deposit__in=asked.deposits).values_list("pk", flat=True))
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for process in self._alive:
            process.kill()

    def play(self, point: int, number: int, score: Score) -> None:
        """One kill and what came after it."""
        lease = OWN_LEASE if number % 10 == 9 else SHORT_LEASE
        if point == 1:
            asked, killed_at, standing, expected, healthy = self._kill_requester(lease)
        elif point == 2:
            asked, killed_at, standing, expected, healthy = self._kill_publisher(number, lease)
        else:
            asked, killed_at, standing, expected, healthy = self._kill_worker(point, number, lease)
        seconds = self._wait_for(asked, killed_at)
        healthy.kill()
        score.killed += 1
        score.standing += standing
        score.expected += expected
        score.lost += not asked.have_ended()
        score.doubled += asked.credits_too_many() + sum(work.run_task(task_id=task.pk) for task in asked.tasks())
        (score.own_lease if lease == OWN_LEASE else score.quick).append(seconds)
        if not asked.have_ended():
            for task in asked.tasks():
                print("  left:", task.kind, task.state, task.attempts, task.last_error, flush=True)

    # --- who is killed

    def _kill_worker(self, point: int, number: int, lease: timedelta) -> tuple[Asked, float, int, int, Forked]:
        if point in {3, 7}:
            # These two stop at any message: those of rounds long ago, handed out once more, would take the places.
            self._found.empty_broker()
        doomed = self._worker(lease, self._plant(point, number))
        asked = self._ask_webhooks() if point == 9 else self._ask(deposits=4 if point == 8 else 2)
        if point == 8:
            self._pay_as_a_stranger()
        tasks = [task.pk for task in asked.tasks() if point != 9 or task.event_id]
        doomed.heard(STANDING, count=len(tasks), first=20.0, others=3.0)
        if point == 8:
            self._wait_for_webhooks(asked)
        doomed.kill()
        killed_at = time.monotonic()
        standing = PaymentTask.objects.filter(pk__in=tasks, **LEFT_BEHIND[point]).distinct().count()
        return asked, killed_at, standing, len(tasks), self._worker(lease)

    def _kill_publisher(self, number: int, lease: timedelta) -> tuple[Asked, float, int, int, Forked]:
        healthy = self._worker(lease)
        if number % 2:
            return self._kill_redis(healthy)
        assert self._relay is not None
        self._relay.kill()
        doomed = self._fork(relay, POINTS[2][0])
        asked = self._ask(deposits=2)
        doomed.heard(STANDING, count=1, first=20.0, others=0.0)
        doomed.kill()
        killed_at = time.monotonic()
        tasks = asked.tasks()
        standing = sum(task.state == "queued" and task.attempts == 0 for task in tasks)
        self._relay = self._fork(relay)
        return asked, killed_at, standing, len(tasks), healthy

    def _kill_redis(self, healthy: Forked) -> tuple[Asked, float, int, int, Forked]:
        self._found.server.end(signal.SIGKILL)
        killed_at = time.monotonic()
        asked = self._ask(deposits=2)
        tasks = asked.tasks()
        standing = sum(task.state == "queued" and task.attempts == 0 for task in tasks)
        self._wait_for(asked)
        self._found.server.start()
        return asked, killed_at, standing, len(tasks), healthy

    def _kill_requester(self, lease: timedelta) -> tuple[Asked, float, int, int, Forked]:
        healthy = self._worker(lease)
        keys = [uuid7().hex, uuid7().hex]
        payer, drawer = self._customers[:2], self._customers[4]
        before = self._rows()
        requests: list[Callable[[], object]] = [
            lambda: self._post(payer[0], keys[0]),
            lambda: self._post(payer[1], keys[1]),
            self._refund,
            lambda: request_withdrawal(customer_id=drawer, amount=ONE, destination=BANK_ACCOUNT),
        ]
        doomed = self._fork(lambda: _together(requests), POINTS[1][0])
        standing = doomed.heard(STANDING, count=4, first=20.0, others=5.0)
        doomed.kill()
        killed_at = time.monotonic()
        if self._rows() != before:
            raise SystemExit("something was left behind by a request that was never committed")
        first = [self._ask_http(one, key) for one, key in zip(payer, keys, strict=True)]
        again = [self._ask_http(one, key) for one, key in zip(payer, keys, strict=True)]
        if first != again:
            raise SystemExit(f"another answer to the same key: {first} {again}")
        rest = self._ask(deposits=0)
        return Asked(first, rest.refunds, rest.payouts), killed_at, standing, 4, healthy

    # --- what is asked for

    def _ask(self, *, deposits: int) -> Asked:
        chosen = self._dice.sample(self._customers, deposits + 1)
        asked = Asked()
        for one in chosen[1:]:
            asked.deposits.append(request_deposit(customer_id=one, amount=TWENTY, provider="mercadopago").pk)
        if deposits <= 2:
            asked.refunds.append(self._refund())
            asked.payouts.append(request_withdrawal(customer_id=chosen[0], amount=ONE, destination=BANK_ACCOUNT).pk)
            self._refunds_asked += 1
        return asked

    def _refund(self) -> UUID:
        payment = self._dice.choice(self._payments)
        return request_refund(payment_id=payment, amount=ONE, reason="chaos", requested_by=None).pk

    def _ask_webhooks(self) -> Asked:
        """Deposits paid and known to us, each told about in twenty equal webhooks at once."""
        asked = Asked()
        for one in self._dice.sample(self._customers, 2):
            asked.deposits.append(request_deposit(customer_id=one, amount=TWENTY, provider="mercadopago").pk)
        for task in asked.tasks():
            while not work.run_task(task_id=task.pk) and PaymentTask.objects.get(pk=task.pk).state != "done":
                time.sleep(0.05)  # the doomed worker has it, or too many calls
        paid = {row["external_reference"]: row["id"] for row in self._found.fake.state()["payments"]}
        url = f"http://127.0.0.1:{self._found.api_port}{WEBHOOKS}"
        for deposit in asked.deposits:
            made = webhook(secret=SECRET, payment_id=paid[str(deposit)])
            _together([partial(deliver, url, made)] * AT_ONCE)
            asked.told_about.append(str(paid[str(deposit)]))
        return asked

    def _ask_http(self, customer: UUID, key: str) -> UUID:
        """As a client does."""
        token = sign_pair(User.objects.get(pk=customer), uuid7()).access
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": key}
        body = {"amount": {"amount": "20.00", "currency": "MXN"}, "provider": "mercadopago"}
        url = f"http://127.0.0.1:{self._found.api_port}/api/v1/funds/"
        with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)) as response:
            return UUID(json.loads(response.read())["id"])

    def _post(self, customer: UUID, key: str) -> object:
        """The same request, within the process that will be killed."""
        client = APIClient()
        client.force_authenticate(User.objects.get(pk=customer))
        body = {"amount": {"amount": "20.00", "currency": "MXN"}, "provider": "mercadopago"}
        return client.post("/api/v1/funds/", body, format="json", HTTP_IDEMPOTENCY_KEY=key)

    def _pay_as_a_stranger(self) -> None:
        """A payment under a reference that is not ours; its webhook comes all the same."""
        reference = str(uuid4())
        body = {"transaction_amount": 77, "external_reference": reference}
        headers = {"Authorization": f"Bearer {TOKEN}", "X-Idempotency-Key": reference}
        url = f"{self._found.fake.url}/v1/payments"
        with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)) as response:
            self._strangers.append(str(json.loads(response.read())["id"]))

    # --- what must be there

    def _wait_for(self, asked: Asked, since: float | None = None) -> float:
        since = since or time.monotonic()
        while not asked.have_ended() and time.monotonic() - since < PATIENCE:
            time.sleep(0.05)
        return time.monotonic() - since

    def _wait_for_webhooks(self, asked: Asked) -> None:
        paid = {row["external_reference"]: str(row["id"]) for row in self._found.fake.state()["payments"]}
        ids = [paid[str(one)] for one in asked.deposits if str(one) in paid]
        deadline = time.monotonic() + 5
        while ProviderEvent.objects.filter(payment_id__in=ids).count() < len(ids) and time.monotonic() < deadline:
            time.sleep(0.05)

    def counts_are_right(self) -> bool:
        """Books against the provider, over all rounds."""
        state = self._found.fake.state()
        paid = Counter(row["external_reference"] for row in state["payments"])
        known = {str(pk) for pk in Deposit.objects.filter(provider="mercadopago").values_list("pk", flat=True)}
        made = Counter(state["preferences"].values())
        refunds = sum(len(row["refunds"]) for row in state["payments"])
        payouts = [line.split() for line in self._payouts_log.read_text().splitlines()]
        keys = Counter(reference for reference, _key in {tuple(line) for line in payouts})
        aside = ProviderPayment.objects.filter(payment_id__in=self._strangers, state="quarantined").count()
        print(
            f"at the provider: {sum(paid[one] for one in known)} payments for {len(known)} deposits, {refunds} refunds "
            f"for {self._refunds_asked}, {len(payouts)} payout calls for {len(keys)} payouts, "
            f"{sum(count - 1 for count in made.values())} surplus links, "
            f"{aside} of {len(self._strangers)} strangers' payments set aside"
        )
        return (
            all(paid[one] == 1 for one in known)
            and refunds == self._refunds_asked == Refund.objects.filter(state="settled").count()
            and all(count == 1 for count in keys.values())
            and len(keys) == Payout.objects.filter(state="settled").count() == Payout.objects.count()
            and aside == len(self._strangers)
        )

    # --- processes

    def _plant(self, point: int, number: int) -> Plant:
        plants = {8: POINTS[6], 9: (before_sending, answered, POINTS[7][0])}.get(point) or POINTS[point]
        return plants[number % len(plants)]

    def _worker(self, lease: timedelta, plant: Plant | None = None) -> Forked:
        def set_lease() -> None:
            work.LEASE = lease  # type: ignore[misc]

        made = self._fork(celery_worker(set_lease, processes=6 if plant else 3), plant)
        if plant:
            made.heard(READY, count=1, first=PATIENCE, others=0.0)
        return made

    def _fork(self, doing: Callable[[], None], plant: Plant | None = None) -> Forked:
        made = Forked(doing, self._log, plant)
        self._alive.append(made)
        return made

    def _note_payouts(self) -> None:
        """The sandbox forgets with its process: what it was asked for is written down beside it."""
        original, path = SandboxProvider.start_payout, self._payouts_log
        path.touch()

        def noted(provider: SandboxProvider, *, key: UUID, reference: UUID, **other: object) -> object:
            with path.open("a") as log:
                log.write(f"{reference} {key}\n")
            return original(provider, key=key, reference=reference, **other)  # type: ignore[arg-type]

        SandboxProvider.start_payout = noted  # type: ignore[method-assign, assignment]

    @staticmethod
    def _rows() -> tuple[int, ...]:
        # Webhooks of the round before may still arrive, each with a task that reads its payment back.
        tasks = PaymentTask.objects.exclude(kind=PaymentTask.Kind.READ_PAYMENT)
        return tasks.count(), *(model.objects.count() for model in (Deposit, Refund, Payout))


def _together(requests: list[Callable[[], object]]) -> None:
    def run(request: Callable[[], object]) -> None:
        try:
            request()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(request,)) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
