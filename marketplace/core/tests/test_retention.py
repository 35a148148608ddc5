"""What the core forgets, and what it keeps."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from marketplace.core import retention
from marketplace.core.models import EventDelivery, IdempotencyKey, JobSlot, OutboxEvent
from marketplace.core.retention import Forgotten, forget_old
from marketplace.core.tasks import forget_old as forget_old_task

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def key(age):
    return IdempotencyKey.objects.create(
        caller=uuid4(), route="POST /x", key=str(uuid4()), fingerprint="", created_at=NOW - age
    )


def event(age, *states, relayed=True):
    made = OutboxEvent.objects.create(
        event_id=uuid4(),
        wire_name="probe.probed",
        payload={},
        created_at=NOW - age,
        relayed_at=NOW - age if relayed else None,
    )
    for state in states:
        EventDelivery.objects.create(event=made, handler=str(uuid4()), state=state, due_at=NOW)
    return made


def test_only_what_outlived_its_use_goes():
    day, minute = timedelta(days=1), timedelta(minutes=1)
    kept = [
        key(day - minute),
        event(timedelta(days=13), "done"),
        event(timedelta(days=99), relayed=False),
        event(timedelta(days=99), "done", "parked"),
        event(timedelta(days=99), "pending"),
        JobSlot.objects.create(job="probe", slot="new", taken_at=NOW - timedelta(days=29)),
    ]
    gone = [
        key(day + minute),
        event(timedelta(days=15), "done", "done"),
        event(timedelta(days=15)),
        JobSlot.objects.create(job="probe", slot="old", taken_at=NOW - timedelta(days=31)),
    ]

    forgotten = forget_old(NOW)

    assert forgotten == Forgotten(idempotency_keys=1, events=2, job_slots=1)
    assert all(type(row).objects.filter(pk=row.pk).exists() for row in kept)
    assert not any(type(row).objects.filter(pk=row.pk).exists() for row in gone)
    assert EventDelivery.objects.count() == 4
    assert forget_old(NOW) == Forgotten(0, 0, 0)


def test_it_works_in_batches(monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        key(timedelta(days=2))

    forget_old_task.run()

    assert not IdempotencyKey.objects.exists()
