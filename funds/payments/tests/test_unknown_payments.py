"""Webhooks of payments that the provider does not show yet: asked for again, and no reason to stop calling it."""

from datetime import UTC, datetime

from funds.payments.models import PaymentTask, ProviderCircuit
from funds.payments.providers.protocol import Notification
from funds.payments.services import receive_notification
from funds.payments.work import run_task

from .providers import ScriptedProvider


def test_payments_not_shown_yet_do_not_open_the_circuit():
    for number in range(6):
        told = Notification(event_key=f"event-{number}", payment_id=f"unheard-of-{number}")
        receive_notification(provider="sandbox", notification=told, at=datetime.now(UTC))

    for task in PaymentTask.objects.all():
        assert run_task(task_id=task.pk, provider=ScriptedProvider()) is True

    assert set(PaymentTask.objects.values_list("state", flat=True)) == {PaymentTask.State.UNKNOWN}
    assert ProviderCircuit.objects.get(provider="sandbox").failures == 0
