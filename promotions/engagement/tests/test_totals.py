"""Totals are exact on both engines: a third of the batches sent again, workers killed at random moments.

`ENGAGEMENT_DEATHS` and `ENGAGEMENT_BATCHES` make it longer.
"""

import os
import random
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction

from promotions.engagement import decay, orm_counting, statements
from promotions.engagement.inbox import Said
from promotions.engagement.inbox import put as put_said
from promotions.engagement.models import (
    ActorHour,
    CustomerInterest,
    DeadEvent,
    EngagementEvent,
    EngagementHourly,
    EngagementPolicy,
    EventBatch,
    EventDrain,
    EventKind,
    ProductSignal,
    TouchedDay,
)
from promotions.engagement.selectors import weights
from promotions.engagement.services.draining import drain_events, drain_once, run

from .factories import NOON, inbox_event, make_product

DEATHS = int(os.environ.get("ENGAGEMENT_DEATHS", "16"))
BATCHES = int(os.environ.get("ENGAGEMENT_BATCHES", "120"))
WORKERS = 4


def some_batches(seed: int, count: int, products: list[UUID]) -> list[Said]:
    """Of a few actors, products and hours, so that everything meets; a tenth is suspect, a third signed in."""
    chance = random.Random(seed)
    actors = [UUID(int=chance.getrandbits(128)) for _ in range(9)]
    batches = []
    for _ in range(count):
        actor = chance.choice(actors)
        events = [
            inbox_event(
                chance.choice(products),
                EventKind(chance.choice([1, 2, 2, 2, 3, 4, 5])),
                at=NOON - timedelta(hours=chance.randrange(60), seconds=chance.randrange(1000)),
                **({"exposure": UUID(int=chance.getrandbits(128)).hex} if chance.random() < 0.5 else {}),
                **({"quantity": chance.randrange(1, 4), "amount": chance.randrange(10_000)}),
            )
            for _ in range(chance.randrange(1, 25))
        ]
        is_customer = actors.index(actor) % 3 == 0
        batches.append(Said(actor, actor if is_customer else None, chance.random() < 0.1, events))
    return batches


def expected(batches: list[Said]) -> tuple[Counter[Any], Counter[Any], Counter[Any], dict[UUID, decay.Decayed]]:
    """Counts, counted and amounts by (hour, product, kind), weights by product: from the batches, each once."""
    counts, counted, amounts, views = Counter(), Counter(), Counter(), Counter()
    parts = defaultdict(list)
    weight = weights(EngagementPolicy())
    for said in batches:
        for event in said.events if not said.is_suspect else ():
            bucket = decay.hour_of(datetime.fromisoformat(event["at"]))
            key = (bucket, UUID(event["product"]), event["kind"])
            counts[key] += 1
            amounts[key] += event["amount"]
            views[bucket, said.actor, key[1]] += event["kind"] == EventKind.VIEW
            counts_now = event["kind"] != EventKind.VIEW or views[bucket, said.actor, key[1]] <= 3
            counted[key] += counts_now
            parts[key[1]].append(decay.Decayed(weight[event["kind"]] * counts_now, bucket))
    per_second = decay.rate(EngagementPolicy().half_life_hours)
    return counts, counted, amounts, {key: decay.merge_all(each, per_second) for key, each in parts.items()}


def assert_exact(batches: list[Said]) -> None:
    counts, counted, amounts, signals = expected(batches)
    rows = EngagementHourly.objects.values_list("bucket", "product_id", "kind", "count", "counted", "amount_minor")
    found = {row[:3]: row[3:] for row in rows}
    assert found == {key: (number, counted[key], amounts[key]) for key, number in counts.items()}
    assert EngagementEvent.objects.count() == sum(len(said.events) for said in batches)
    assert sum(EventDrain.objects.values_list("events_count", flat=True)) == EngagementEvent.objects.count()
    assert not EventBatch.objects.exists()
    assert not DeadEvent.objects.exists()
    for signal in ProductSignal.objects.all():
        assert signal.moment == signals[signal.product_id].moment
        assert signal.weight == pytest.approx(signals[signal.product_id].value, rel=1e-9)
    assert ProductSignal.objects.count() == len(signals)


def kill_while_draining(seed: int, deaths: int = DEATHS) -> "subprocess.Popen[bytes]":
    known = connection.settings_dict
    if connection.vendor == "postgresql":
        url = f"postgres://{known['USER']}:{known['PASSWORD']}@{known['HOST']}:{known['PORT']}/{known['NAME']}"
    else:
        url = f"sqlite:///{known['NAME']}"
    return subprocess.Popen(
        [sys.executable, "-m", "promotions.engagement.tests.drainers", str(WORKERS), str(deaths), str(seed)],
        env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "marketplace.settings.test"},
    )


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_with_a_third_sent_twice_and_workers_killed_at_random_totals_are_exact():
    products = [make_product().pk for _ in range(6)]
    seed = 20_260_310
    batches = some_batches(seed, BATCHES, products)
    sent = batches + random.Random(seed).sample(batches, BATCHES // 3)
    random.Random(seed).shuffle(sent)
    put_said(sent[: BATCHES // 2], NOON)

    killed = kill_while_draining(seed)
    for said in sent[BATCHES // 2 :]:
        put_said([said], NOON)
    assert killed.wait(120) == 0
    drain_events(at=NOON)

    assert_exact(batches)


@pytest.mark.slow
@pytest.mark.django_db
def test_without_the_key_of_events_the_same_repeats_are_seen():
    """The control: were an event stored under another id each time, the totals would be off."""
    batches = some_batches(1, 12, [make_product().pk])
    again = [
        said._replace(events=[{**event, "id": inbox_event(UUID(event["product"]))["id"]} for event in said.events])
        for said in batches[:4]
    ]
    put_said(batches + again, NOON)
    drain_events(at=NOON)

    with pytest.raises(AssertionError):
        assert_exact(batches)


def everything() -> tuple[Any, ...]:
    """All that counting leaves, floats rounded."""
    return (
        sorted(EngagementHourly.objects.values_list("bucket", "product_id", "kind", "count", "counted", "exposed",
                                                    "quantity", "amount_minor")),
        sorted(ActorHour.objects.values_list("bucket", "actor", "product_id", "views")),
        {
            row[0]: (row[1], pytest.approx(row[2], rel=1e-9), pytest.approx(row[3]), pytest.approx(row[4]))
            for row in ProductSignal.objects.values_list("product_id", "moment", "weight", "impressions", "clicks")
        },
        {
            row[:2]: (row[2], pytest.approx(row[3], rel=1e-9))
            for row in CustomerInterest.objects.values_list("customer_id", "category_id", "moment", "weight")
        },
        sorted(TouchedDay.objects.values_list("day", flat=True)),
        sorted(EngagementEvent.objects.values_list("event_id", "actor", "at", "is_suspect", "quantity")),
    )  # fmt: skip


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize("seed", [1, 2])
def test_python_and_sql_count_the_same(monkeypatch, seed):
    products = [make_product().pk for _ in range(4)]
    batches = some_batches(seed, 25, products)
    put_said(batches[:20] + batches[:6], NOON)
    drain_once(at=NOON, batches=7)
    put_said(batches[15:], NOON)

    with transaction.atomic():
        drain_events(at=NOON)
        in_sql = everything()
        transaction.set_rollback(True)

    def in_python(statement, ids, drain_id, policy):
        assert statement == statements.count_inbox()
        fresh, said = orm_counting.take_batches(ids, drain_id)
        orm_counting.count(fresh, policy, NOON)
        return said, len(fresh)

    assert run is not in_python
    monkeypatch.setattr("promotions.engagement.services.draining.run", in_python)
    drain_events(at=NOON)

    assert everything() == in_sql
