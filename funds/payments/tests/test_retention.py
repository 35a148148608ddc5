"""Webhooks and looks are forgotten after a while; what moved money is not."""

from datetime import timedelta

from django.utils import timezone

from funds.ledger.tests.factories import customer_with
from funds.payments.models import PaymentEvent, PaymentTask, ProviderEvent, ReconciliationRun
from funds.payments.providers.protocol import Notification
from funds.payments.retention import KEPT_FOR, forget_old
from funds.payments.services import receive_notification

from .readings import paid_deposit


def webhook(key: str, *, days: int, state: str = "done") -> None:
    at = timezone.now() - timedelta(days=days)
    receive_notification(provider="sandbox", notification=Notification(key, "p-1"), at=at)
    ProviderEvent.objects.filter(event_key=key).update(processed_at=at if state == "done" else None)
    PaymentTask.objects.filter(event__event_key=key).update(state=state)


def test_only_old_webhooks_that_were_read_back_are_forgotten():
    paid_deposit(customer_with())
    webhook("old", days=KEPT_FOR.days + 1)
    webhook("new", days=KEPT_FOR.days - 1)
    webhook("old but parked", days=KEPT_FOR.days + 1, state="needs_review")
    now = timezone.now()
    for days in (KEPT_FOR.days + 1, 1):
        until = now - timedelta(days=days)
        ReconciliationRun.objects.create(provider="sandbox", since=until, until=until, finished_at=until)

    assert forget_old(now) == 3
    assert forget_old(now) == 0

    assert set(ProviderEvent.objects.values_list("event_key", flat=True)) == {"new", "old but parked"}
    assert ReconciliationRun.objects.count() == 1
    assert PaymentEvent.objects.count() == 1
    assert PaymentTask.objects.filter(deposit__isnull=False).count() == 1
