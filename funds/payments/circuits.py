"""May a provider be called now? One row per provider, shared by all workers: a circuit breaker and a rate limit.

After `FAILURES` calls in a row without a usable answer nobody calls for `OPEN_FOR`; then one worker may try, and its
answer closes the circuit or opens it again. Calls of a healthy provider are spaced out by the generic cell rate
algorithm (ITU-T I.371, annex A): its `calls_per_second`, with a burst of one second's worth.
"""

from datetime import timedelta
from typing import Final

from django.db.models import F
from django.db.models.functions import Greatest

from marketplace.core.clock import db_now, read_db_now

from .models import ProviderCircuit
from .providers import Provider, ProviderDeferredError

FAILURES: Final = 4
OPEN_FOR: Final = timedelta(seconds=10)
PROBE: Final = timedelta(seconds=12)
"""A probe that never comes back (its worker died) keeps the others waiting no longer than this."""
BURST: Final = timedelta(seconds=1)


def admit(provider: Provider) -> None:
    """Take one call's place; one statement while the provider is well. Raises `ProviderDeferredError` with the wait."""
    spacing = timedelta(seconds=1 / provider.calls_per_second)
    healthy = ProviderCircuit.objects.filter(
        provider=provider.name, failures__lt=FAILURES, busy_until__lte=db_now() + BURST - spacing
    )
    place = {"busy_until": Greatest(F("busy_until"), db_now()) + spacing}
    if healthy.update(**place):
        return
    circuit = ProviderCircuit.objects.filter(provider=provider.name).first()
    if circuit is None:
        ProviderCircuit.objects.bulk_create(
            [ProviderCircuit(provider=provider.name, open_until=read_db_now(), busy_until=read_db_now())],
            ignore_conflicts=True,
        )
        return
    if circuit.failures < FAILURES:
        if healthy.update(**place):
            return  # somebody made the row, or closed the circuit, between our two looks
        raise ProviderDeferredError("too many calls", seconds=BURST.total_seconds())
    probing = ProviderCircuit.objects.filter(
        provider=provider.name, failures__gte=FAILURES, open_until__lte=db_now()
    ).update(open_until=db_now() + PROBE)
    if not probing:
        wait = (circuit.open_until - read_db_now()).total_seconds()
        raise ProviderDeferredError("the circuit is open", seconds=max(1.0, wait))


def report_answer(provider: str) -> None:
    """The provider gave a usable answer, a refusal included."""
    ProviderCircuit.objects.filter(provider=provider, failures__gt=0).update(failures=0)


def report_silence(provider: str) -> None:
    """The provider gave none."""
    ProviderCircuit.objects.filter(provider=provider).update(failures=F("failures") + 1, open_until=db_now() + OPEN_FOR)
