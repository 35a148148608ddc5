"""Asking the providers, so that nothing hangs on a webhook: what is unsettled, what they changed, what clearing says.

Every difference is repaired by the same `record_reading` that webhooks end in, and written down once as a finding.
Calls to providers are made outside transactions; a provider that is out ends the round, the next one goes on.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar

from django.db import transaction
from django.db.models import F, QuerySet, Sum

from funds.ledger.selectors import balance_of
from funds.ledger.terms import AccountKey
from marketplace.core.clock import db_now, platform_day, read_db_now
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money

from . import circuits
from .errors import AnswerMismatchError
from .models import (
    Deposit,
    PaymentEvent,
    PaymentTask,
    Payout,
    ProviderEvent,
    ProviderPayment,
    ReconciliationFinding,
    ReconciliationRun,
)
from .providers import (
    PaymentReading,
    Provider,
    ProviderDeferredError,
    ProviderRefusedError,
    ProviderUncertainError,
    active_providers,
    provider_named,
)
from .providers.protocol import provider_id
from .services.closing import close_deposit
from .services.payouts import lock_payout, record_payout
from .services.queueing import park_task
from .services.recording import Recorded, record_reading

logger = logging.getLogger(__name__)

RowT = TypeVar("RowT", Deposit, Payout)

STEPS: Final = (
    (timedelta(minutes=2), timedelta(minutes=1)),
    (timedelta(minutes=12), timedelta(minutes=5)),
    (timedelta(hours=1), timedelta(minutes=15)),
)
"""Asked again after so long while younger than this; older ones each hour."""
OVERLAP: Final = timedelta(hours=1)
FIRST_LOOK: Final = timedelta(hours=24)
GRACE: Final = timedelta(hours=1)
"""How long after its end an unpaid checkout is still believed to be payable by a provider with a slow clock."""
OUT: Final = (ProviderUncertainError, ProviderDeferredError, ProviderRefusedError)

_Kind = ReconciliationFinding.Kind
_Event = PaymentEvent.Kind


def check_unsettled(*, limit: int = 200) -> int:
    """Ask about deposits and payouts that are due; how many were asked about. Harmless twice: each is taken once."""
    asked = 0
    for deposit in _take(Deposit.objects.all(), limit):
        asked += _ask_about(deposit.provider, partial(_check_deposit, deposit))
    for payout in _take(Payout.objects.all(), limit):
        asked += _ask_about(payout.provider, partial(_check_payout, payout))
    return asked


def reconcile_providers(*, at: datetime) -> list[ReconciliationRun]:
    """Look through what each provider changed between its last finished look and `at`, an hour's overlap."""
    return [run for provider in active_providers() if (run := reconcile(provider, until=at)) is not None]


def reconcile(provider: Provider, *, until: datetime) -> ReconciliationRun | None:
    """One look at one provider; None when it is out. An unfinished look leaves the next one its whole window."""
    last = (
        ReconciliationRun.objects.filter(provider=provider.name, finished_at__isnull=False).order_by("-until").first()
    )
    since = last.until - OVERLAP if last else until - FIRST_LOOK
    run = ReconciliationRun.objects.create(provider=provider.name, since=since, until=until)
    try:
        circuits.admit(provider)
        for reading in provider.payments_updated(since=since, until=until):
            run.seen_count += 1
            run.finding_count += take_over(provider.name, reading)
    except OUT as error:
        logger.warning("reconciliation broke off: %s", type(error).__name__, extra={"provider": provider.name})
        return None
    run.finished_at = read_db_now()
    run.save(update_fields=["seen_count", "finding_count", "finished_at"])
    return run


@transaction.atomic
def take_over(provider: str, reading: PaymentReading) -> int:
    """Record a reading that nobody told us about and write down what it changed; how many findings that was."""
    recorded = record_reading(provider=provider, reading=reading)
    return sum(_find(recorded.payment, kind, is_repaired=repaired) for kind, repaired in _differences(recorded))


def report_clearing(*, at: datetime) -> list[ReconciliationFinding]:
    """Compare each clearing account with its provider's event ledgers and payouts; an empty list is health."""
    found = []
    for name in {provider.name for provider in active_providers()}:
        for currency, expected in _expected_clearing(name).items():
            balance = balance_of(AccountKey.clearing(provider_id(name), currency))
            if balance.minor != expected:
                finding, _new = ReconciliationFinding.objects.get_or_create(
                    provider=name,
                    kind=_Kind.CLEARING,
                    subject=f"{currency} {platform_day(at).isoformat()}",
                    defaults={"is_repaired": False, "detail": f"{balance} instead of {Money(expected, currency)}"},
                )
                logger.error("clearing differs", extra={"provider": name, "currency": currency})
                found.append(finding)
    return found


def _take(rows: "QuerySet[RowT]", limit: int) -> list[RowT]:
    """Rows whose moment has come, each given its next one so that nobody else asks meanwhile."""
    due = rows.filter(next_check_at__lte=db_now())
    if not due.exists():
        return []
    with transaction.atomic():
        chosen = list(due.select_for_update(skip_locked=True).order_by("next_check_at")[:limit])
        now = read_db_now()
        for row in chosen:
            row.next_check_at = now + _pause(now - row.created_at)
        rows.bulk_update(chosen, ["next_check_at"])
    return chosen


def _pause(age: timedelta) -> timedelta:
    return next((pause for younger_than, pause in STEPS if age < younger_than), timedelta(hours=1))


def _ask_about(name: str, ask: Callable[[Provider], None]) -> bool:
    try:
        provider = provider_named(name)
        circuits.admit(provider)
        ask(provider)
    except KeyError:
        return False  # switched off: it cannot be asked
    except OUT as error:
        if not isinstance(error, ProviderDeferredError) or error.is_out:
            circuits.report_silence(name)
        return False
    circuits.report_answer(name)
    return True


def _check_deposit(deposit: Deposit, provider: Provider) -> None:
    checkout = provider.find_checkout(reference=deposit.pk)
    for reading in checkout.payments if checkout else ():
        take_over(provider.name, reading)
    with transaction.atomic():
        (locked,) = lock(LockRank.PAYMENT, Deposit.objects.filter(pk=deposit.pk))
        is_over = locked.expires_at is not None and locked.expires_at + GRACE < read_db_now()
        is_paying = locked.payments.filter(state=ProviderPayment.State.PENDING).exists()
        being_started = locked.tasks.filter(state__in=PaymentTask.LIVE_STATES).exists()
        if is_over and not is_paying and not being_started:
            close_deposit(locked, state=Deposit.State.EXPIRED)


def _check_payout(payout: Payout, provider: Provider) -> None:
    reading = provider.find_payout(reference=payout.pk)
    if reading is None:
        return
    try:
        with transaction.atomic():
            locked = lock_payout(payout.pk)
            was_open = locked.state in Payout.OPEN_STATES
            record_payout(payout=locked, reading=reading)
            if was_open and locked.state not in Payout.OPEN_STATES:
                _write(provider.name, _Kind.PAYOUT, str(payout.pk), None, is_repaired=True)
    except AnswerMismatchError as error:
        with transaction.atomic():
            for task in PaymentTask.objects.filter(payout=payout):
                park_task(task, because=str(error))
            Payout.objects.filter(pk=payout.pk).update(next_check_at=None)


def _differences(recorded: Recorded) -> Iterable[tuple[ReconciliationFinding.Kind, bool]]:
    payment = recorded.payment
    if recorded.is_set_aside:
        is_unknown = payment.quarantine == ProviderPayment.Quarantine.REFERENCE
        yield (_Kind.PROVIDER_ONLY if is_unknown else _Kind.MISMATCH), False
    if _Event.APPROVED in recorded.news:
        told = ProviderEvent.objects.filter(provider=payment.provider, payment_id=payment.payment_id)
        if not told.exists():
            yield _Kind.LOST_WEBHOOK, True
        if recorded.was_closed:
            yield _Kind.LATE_SUCCESS, True
        others = PaymentEvent.objects.filter(payment__deposit=payment.deposit, kind=_Event.APPROVED)
        if others.exclude(payment=payment).exists():
            yield _Kind.PAID_TWICE, True
    if _Event.REFUNDED in recorded.news:
        yield _Kind.PROVIDER_REFUND, True
    if _Event.CHARGED_BACK in recorded.news:
        yield _Kind.CHARGE_BACK, True


def _find(payment: ProviderPayment, kind: ReconciliationFinding.Kind, *, is_repaired: bool) -> bool:
    subject = f"{payment.payment_id}:{payment.events.count()}" if kind == _Kind.PROVIDER_REFUND else payment.payment_id
    return _write(payment.provider, kind, subject, payment, is_repaired=is_repaired)


def _write(
    provider: str,
    kind: ReconciliationFinding.Kind,
    subject: str,
    payment: ProviderPayment | None,
    *,
    is_repaired: bool,
) -> bool:
    _finding, is_new = ReconciliationFinding.objects.get_or_create(
        provider=provider,
        kind=kind,
        subject=subject[:120],
        defaults={
            "payment": payment,
            "is_repaired": is_repaired,
            "detail": str(payment.amount) if payment else "",
        },
    )
    return is_new


def _expected_clearing(name: str) -> dict[str, int]:
    """What the provider owes us is a negative balance: payments in, less fees, refunds, charge-backs and payouts."""
    signs: dict[str, int] = {
        _Event.APPROVED: -1,
        _Event.CHARGE_BACK_LIFTED: -1,
        _Event.FEE: 1,
        _Event.REFUNDED: 1,
        _Event.CHARGED_BACK: 1,
    }
    expected: dict[str, int] = {}
    events = PaymentEvent.objects.filter(payment__provider=name, journal__isnull=False)
    for row in events.values("kind", currency=F("payment__currency")).annotate(total=Sum("amount_minor")):
        change = signs.get(row["kind"], 0) * int(row["total"])
        expected[row["currency"]] = expected.get(row["currency"], 0) + change
    paid_out = Payout.objects.filter(provider=name, state=Payout.State.SETTLED).values_list("currency")
    for currency, total in paid_out.annotate(total=Sum("amount_minor")):
        expected[currency] = expected.get(currency, 0) + int(total)
    return expected
