"""`/healthz` touches nothing; `/readyz` says what is missing."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import OperationalError

from marketplace.core.clock import db_now
from marketplace.core.models import OutboxEvent
from marketplace.core.observability import health


def test_a_process_that_answers_is_alive_whatever_else_is_out(client):
    assert client.get("/healthz").json() == {"status": "ok"}  # without a database: this test has none
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
def test_ready_when_everything_is_there(client):
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "checks": dict.fromkeys(["database", "cache", "broker", "outbox"], "ok")}


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
