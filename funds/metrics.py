"""What operators watch of the money. Alarm on any imbalance that is not zero."""

from datetime import datetime

from django.db.models import Count

from marketplace.core.clock import db_now, read_db_now
from marketplace.core.observability.metrics import Gauge, Values, register

from .ledger.models import AccountDelta, Hold
from .ledger.selectors import trial_balance
from .payments.models import PaymentTask, ProviderCircuit, ProviderEvent, ProviderPayment


def register_gauges() -> None:
    """Called in `ready()`."""
    register(
        Gauge(
            "marketplace_ledger_imbalance",
            "sum of all balances of a currency in minor units; anything but zero means that the books are broken",
            imbalance,
            ("currency",),
        )
    )
    register(Gauge("marketplace_ledger_active_holds", "holds that are neither captured, released nor expired", holds))
    register(
        Gauge("marketplace_ledger_lapsed_holds", "active holds whose time is over: nobody tidies up", lapsed_holds)
    )
    register(Gauge("marketplace_ledger_waiting_deltas", "changes of lazy accounts that wait for the roll-up", deltas))
    register(Gauge("marketplace_payment_tasks", "payment tasks that are not over", tasks, ("kind", "state")))
    register(
        Gauge("marketplace_payment_oldest_due_seconds", "how long the oldest due payment task has been due", oldest_due)
    )
    register(
        Gauge(
            "marketplace_webhook_lag_seconds", "age of the oldest webhook whose payment was not read back", webhook_lag
        )
    )
    register(Gauge("marketplace_provider_failures", "calls in a row without an answer", failures, ("provider",)))
    register(Gauge("marketplace_payments_set_aside", "payments that wait for a decision of staff", set_aside))


def imbalance() -> Values:
    """Minor units by currency."""
    return {(currency,): money.minor for currency, money in trial_balance().imbalance.items()}


def holds() -> Values:
    """Active ones, lapsed and not yet tidied up included."""
    return {(): Hold.objects.filter(state=Hold.State.ACTIVE).count()}


def lapsed_holds() -> Values:
    """They bind nothing: whoever spends frees them first."""
    return {(): Hold.objects.filter(state=Hold.State.ACTIVE, expires_at__lte=db_now()).count()}


def deltas() -> Values:
    """Rows; many mean that nobody rolls up."""
    return {(): AccountDelta.objects.count()}


def tasks() -> Values:
    """By kind and state; `needs_review` ones wait for a person."""
    unfinished = PaymentTask.objects.filter(state__in=[*PaymentTask.LIVE_STATES, PaymentTask.State.NEEDS_REVIEW])
    rows = unfinished.values_list("kind", "state").annotate(count=Count("pk"))
    return {(kind, state): count for kind, state, count in rows}


def oldest_due() -> Values:
    """Zero while nobody is late."""
    live = PaymentTask.objects.filter(state__in=PaymentTask.LIVE_STATES)
    return {(): _age(live.order_by("wake_at").values_list("wake_at", flat=True).first())}


def webhook_lag() -> Values:
    """Alarm at fifteen minutes."""
    waiting = ProviderEvent.objects.filter(processed_at__isnull=True)
    return {(): _age(waiting.order_by("received_at").values_list("received_at", flat=True).first())}


def failures() -> Values:
    """From four on the circuit is open."""
    return {(row.provider,): row.failures for row in ProviderCircuit.objects.all()}


def set_aside() -> Values:
    """Each moved no money."""
    return {(): ProviderPayment.objects.filter(state=ProviderPayment.State.QUARANTINED).count()}


def _age(moment: datetime | None) -> float:
    return 0.0 if moment is None else max(0.0, (read_db_now() - moment).total_seconds())
