"""`/healthz` touches nothing; `/readyz` says what is missing."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.utils import timezone

from marketplace.core.clock import db_now
from marketplace.core.jobs import TICK, JobSlot, tick
from marketplace.core.models import EventDelivery, OutboxEvent
from marketplace.core.observability import health


def test_a_process_that_answers_is_alive_whatever_else_is_out(client):
    assert client.get("/healthz").json() == {"status": "ok"}  # without a database: this test has none
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
def test_ready_when_everything_is_there(client):
    tick(timezone.now())

    answer = client.get("/readyz")

    assert answer.status_code == 200
    names = ["database", "cache", "broker", "outbox", "deliveries", "beat"]
    assert answer.json() == {"ready": True, "checks": dict.fromkeys(names, "ok")}


@pytest.mark.django_db
def test_without_its_database_it_is_not_ready_and_names_no_detail(client, monkeypatch):
    def lost():
        raise OperationalError("could not connect to server 10.1.2.3 as shop")

    monkeypatch.setitem(health.CHECKS, "database", lost)

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "OperationalError"
    assert "10.1.2.3" not in answer.content.decode()


@pytest.mark.django_db
def test_an_outbox_that_stands_still_is_said_but_does_not_take_the_process_out(client):
    OutboxEvent.objects.create(
        event_id=uuid4(), wire_name="probe.probed", payload={}, created_at=db_now() - timedelta(minutes=5)
    )

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["checks"]["outbox"].startswith("oldest event waits 30")


@pytest.mark.django_db
def test_redis_and_broker_out_are_said_soon(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 1},
        }
    }

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["checks"]["cache"] == "ConnectionError"


def parked_delivery(number, state=EventDelivery.State.PARKED):
    event = OutboxEvent.objects.create(
        event_id=uuid4(), wire_name="probe.probed", payload={}, created_at=db_now(), relayed_at=db_now()
    )
    EventDelivery.objects.create(event=event, handler=f"probe.{number}", state=state, due_at=db_now())


@pytest.mark.django_db
def test_parked_deliveries_are_said_and_those_that_wait_are_not(client):
    parked_delivery(1)
    parked_delivery(2, EventDelivery.State.PENDING)

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["checks"]["deliveries"]) == (200, "1 parked")


@pytest.mark.django_db
def test_many_parked_deliveries_are_not_counted_to_the_end(client, monkeypatch):
    monkeypatch.setattr(health, "MOST_COUNTED", 2)
    for number in range(3):
        parked_delivery(number)

    assert client.get("/readyz").json()["checks"]["deliveries"] == "2 or more parked"


@pytest.mark.django_db
def test_a_beat_that_stands_still_is_said_but_does_not_take_the_process_out(client):
    never = client.get("/readyz")
    tick(timezone.now())
    JobSlot.objects.filter(job=TICK).update(taken_at=db_now() - timedelta(minutes=6))

    answer = client.get("/readyz")

    assert (never.status_code, never.json()["checks"]["beat"]) == (200, "no tick yet")
    assert answer.status_code == 200
    assert answer.json()["checks"]["beat"].startswith("last tick 36")
