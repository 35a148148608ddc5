"""What became of the deposits of a stage: waiting for them, counting them in the books and at the provider."""

import time
from collections import Counter
from datetime import datetime
from typing import Final

from django.db import connection
from django.db.models import F, Max

from funds.payments.models import Deposit, PaymentEvent, PaymentTask

from .stage import Stage

PROVIDER: Final = "mercadopago"


def waiting() -> int:
    """Deposits not credited and tasks not ended."""
    return (
        Deposit.objects.filter(provider=PROVIDER).exclude(state=Deposit.State.CREDITED).count()
        + PaymentTask.objects.filter(state__in=PaymentTask.LIVE_STATES).count()
    )


def wait_for_all(*, patience: float, tell_every: float = 30.0) -> float:
    """Seconds until nothing waits any more; gives up after `patience`."""
    started = told = time.monotonic()
    while (left := waiting()) and time.monotonic() - started < patience:
        if time.monotonic() - told > tell_every:
            told = time.monotonic()
            print(f"  {left} still waiting after {told - started:.0f} s", flush=True)
        time.sleep(0.25)
    return time.monotonic() - started


def slowest(*, asked_before: datetime | None = None, since: datetime | None = None) -> float:
    """Seconds from intent (or from `since`) to credit, of the slowest deposit."""
    events = PaymentEvent.objects.filter(kind=PaymentEvent.Kind.APPROVED, payment__deposit__provider=PROVIDER)
    if asked_before:
        events = events.filter(payment__deposit__created_at__lt=asked_before)
    if since:
        last = events.aggregate(last=Max("created_at"))["last"]
        return (last - since).total_seconds() if last else 0.0
    found = events.aggregate(longest=Max(F("created_at") - F("payment__deposit__created_at")))["longest"]
    return found.total_seconds() if found else 0.0


def is_right(found: Stage, *, accepted: int) -> bool:
    """Count everything and print it; whether nothing was lost or doubled and the books are sound."""
    connection.close()
    deposits = Deposit.objects.filter(provider=PROVIDER)
    credited = Counter(
        PaymentEvent.objects.filter(kind=PaymentEvent.Kind.APPROVED).values_list("payment__deposit", flat=True)
    )
    state = found.fake.state()
    paid = Counter(row["external_reference"] for row in state["payments"])
    links = len(state["preferences"])
    doubled = sum(count > 1 for count in credited.values()) + sum(count > 1 for count in paid.values())
    recorded = deposits.count()
    lost = max(0, accepted - recorded) + recorded - sum(count >= 1 for count in credited.values())
    parked = PaymentTask.objects.filter(state=PaymentTask.State.NEEDS_REVIEW).count()
    print(
        f"{accepted} accepted, {recorded} recorded, {len(credited)} credited, {len(paid)} paid at the provider "
        f"({links - len(paid)} surplus links), {lost} lost, {doubled} doubled, {parked} parked; "
        f"webhooks answered {state['webhooks']}",
        flush=True,
    )
    return found.manage("verify_ledger", "--full") == 0 and not lost and not doubled
