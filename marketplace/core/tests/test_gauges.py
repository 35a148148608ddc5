"""The core's gauges say what its tables and the broker hold."""

import json
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings as project
from django.utils import timezone
from redis import Redis

from marketplace.core.clock import db_now
from marketplace.core.jobs import TICK, JobSlot, tick
from marketplace.core.models import EventDelivery, OutboxEvent
from marketplace.core.observability import gauges, metrics
from marketplace.core.observability.metrics import Gauge, register
from marketplace.core.outbox.tasks import deliver

pytestmark = pytest.mark.django_db
needs_redis = pytest.mark.skipif(not project.REDIS_URL, reason="needs Redis")


def event(**fields):
    return OutboxEvent.objects.create(event_id=uuid4(), wire_name="probe.probed", payload={}, **fields)


def test_the_outbox_is_seen_by_count_and_age():
    event(created_at=db_now() - timedelta(seconds=90))
    event(created_at=db_now())
    event(created_at=db_now() - timedelta(hours=1), relayed_at=db_now())

    assert gauges.waiting() == {(): 2}
    assert 90 <= gauges.lag()[()] < 150


def test_deliveries_that_wait_and_parked_ones_are_told_apart():
    none = gauges.deliveries()
    relayed = event(created_at=db_now(), relayed_at=db_now())
    for number, state in enumerate(["pending", "pending", "parked", "done"]):
        EventDelivery.objects.create(event=relayed, handler=f"probe.{number}", state=state, due_at=db_now())

    assert none == {("pending",): 0, ("parked",): 0}
    assert gauges.deliveries() == {("pending",): 2, ("parked",): 1}


def test_beat_is_as_old_as_its_last_tick_and_no_other_jobs_slot():
    before = gauges.beat_age()
    tick(timezone.now() - timedelta(minutes=3))
    JobSlot.objects.filter(job=TICK).update(taken_at=db_now() - timedelta(minutes=3))
    JobSlot.objects.create(job="probe", slot="9", taken_at=db_now())
    old = gauges.beat_age()[()]
    tick(timezone.now())
    tick(timezone.now())

    assert before == {}
    assert 180 <= old < 240
    assert gauges.beat_age()[()] < 60
    assert JobSlot.objects.filter(job=TICK).count() <= 3  # one, or two where the minute went by meanwhile


def test_queues_of_a_process_of_its_own_are_not_seen():
    assert (gauges.depth(), gauges.oldest_wait()) == ({}, {})


@needs_redis
def test_queues_in_redis_are_seen_by_length_and_age(settings):
    names = ("quiet", "busy", "foreign")
    settings.QUEUES = tuple(f"probe-{uuid4().hex}-{name}" for name in names)
    settings.CELERY_BROKER_URL = settings.REDIS_URL
    quiet, busy, foreign = settings.QUEUES
    first, second = ({"headers": {"sent_at": time.time() - age}} for age in (40, 10))
    with Redis.from_url(settings.REDIS_URL) as broker:
        broker.lpush(busy, json.dumps(first), json.dumps(second))
        broker.lpush(foreign, b"\xff", json.dumps({"headers": {}}))
        try:
            depth, oldest = gauges.depth(), gauges.oldest_wait()
        finally:
            broker.delete(*settings.QUEUES)

    assert depth == {(quiet,): 0, (busy,): 2, (foreign,): 2}
    assert (oldest[quiet,], oldest[foreign,]) == (0.0, 0.0)
    assert 40 <= oldest[busy,] < 100


def test_every_message_says_when_it_was_sent():
    began = time.time()
    app, queue = deliver.app, f"probe-{uuid4().hex}"
    deliver.apply_async(args=(1,), queue=queue)

    with app.connection_for_read() as broker, broker.SimpleQueue(queue) as waiting:
        message = waiting.get(block=False)

    assert began <= float(message.headers["sent_at"]) <= time.time()


def test_a_dear_gauge_is_read_once_in_its_time(client, monkeypatch):
    monkeypatch.setattr(metrics, "_GAUGES", {})
    reads = {"dear": 0, "cheap": 0}

    def read(name):
        reads[name] += 1
        return {(): reads[name]}

    register(Gauge("marketplace_dear", "a test", lambda: read("dear"), kept_seconds=3_600))
    register(Gauge("marketplace_cheap", "a test", lambda: read("cheap")))
    client.get("/metrics")
    kept = client.get("/metrics").content.decode()
    metrics.forget_kept()
    fresh = client.get("/metrics").content.decode()
    metrics.forget_kept()

    assert ("marketplace_dear 1.0" in kept, "marketplace_cheap 2.0" in kept) == (True, True)
    assert ("marketplace_dear 2.0" in fresh, "marketplace_cheap 3.0" in fresh) == (True, True)
