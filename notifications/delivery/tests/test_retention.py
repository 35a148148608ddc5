"""Which deliveries are forgotten, and which are not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.core import retention as core_retention
from marketplace.core.ids import uuid7
from notifications.delivery.models import Delivery, Straggler
from notifications.delivery.retention import KEPT_FOR
from notifications.delivery.tasks import forget_old_deliveries
from notifications.delivery.tests.factories import DeliveryFactory

pytestmark = pytest.mark.django_db


def delivery(state: str, *, age: timedelta = KEPT_FOR + timedelta(minutes=1)) -> Delivery:
    customer = uuid7()
    done_at = timezone.now() - age if state == "done" else None
    made: Delivery = DeliveryFactory(state=state, done_at=done_at, from_customer=customer, to_customer=customer)
    return made


def left_behind(of: Delivery, state: str) -> Delivery:
    Straggler.objects.create(
        delivery=of, customer=of.from_customer, state=state, reason="failed", due_at=timezone.now()
    )
    return of


def test_done_deliveries_go_after_thirty_days_and_nothing_that_somebody_waits_for(monkeypatch):
    monkeypatch.setattr(core_retention, "BATCH", 2)
    for _ in range(5):
        delivery("done")
    left_behind(delivery("done"), "given_up")
    stay = {
        delivery("done", age=KEPT_FOR - timedelta(minutes=1)),
        left_behind(delivery("done"), "waiting"),
        delivery("pending"),
        delivery("parked"),
    }

    for _ in range(2):
        forget_old_deliveries()

    assert set(Delivery.objects.all()) == stay
    assert Straggler.objects.get().state == "waiting"
