"""Reconciliation: what nobody told us is found, repaired and written down once."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from funds.ledger.models import AccountKind, Journal, JournalKind
from funds.ledger.services import post_transfer
from funds.ledger.terms import AccountKey, Leg
from funds.ledger.tests.factories import customer_with, posted_and_held
from funds.payments.models import (
    Deposit,
    ProviderCircuit,
    ProviderEvent,
    ProviderPayment,
    ReconciliationFinding,
    ReconciliationRun,
)
from funds.payments.providers.protocol import PaymentReading, ProviderUncertainError, ReadingState, provider_id
from funds.payments.providers.sandbox import PENDING, SandboxProvider
from funds.payments.reconciliation import (
    OVERLAP,
    check_unsettled,
    reconcile,
    report_clearing,
)
from funds.payments.services import record_reading
from marketplace.core.money import Money
from marketplace.core.outbox.relay import drain

from .readings import LONG_AGO, clearing, deposit_for, mxn, paid_deposit, reading, refunded

KINDS = ReconciliationFinding.Kind


class Ledger(SandboxProvider):
    """A provider with a history of its own."""

    def __init__(self, *payments: PaymentReading, out_after: int | None = None) -> None:
        super().__init__()
        self.history, self.out_after = payments, out_after
        self.asked: list[tuple[datetime, datetime]] = []

    def payments_updated(self, *, since, until):
        self.asked.append((since, until))
        for number, payment in enumerate(self.history):
            if number == self.out_after:
                raise ProviderUncertainError("went away")
            yield payment


def found() -> dict[str, bool]:
    return {row.kind: row.is_repaired for row in ReconciliationFinding.objects.all()}


def test_a_seeded_mess_is_repaired_and_each_thing_is_reported():
    ana, ben, eva, leo = (customer_with() for _ in range(4))
    lost, twice, late = deposit_for(ana), deposit_for(ben), deposit_for(leo)
    returned, known = paid_deposit(eva)
    late.state = Deposit.State.EXPIRED
    late.save()
    provider = Ledger(
        reading(lost, payment_id="lost"),
        reading(twice, payment_id="first"),
        reading(twice, payment_id="second"),
        reading(lost, payment_id="nobody's", reference=uuid4(), amount=mxn(777)),
        reading(twice, payment_id="less", amount=mxn(4999)),
        reading(returned, payment_id=known.payment_id, minutes=1, refunds=(refunded("r-9", 5000),)),
        reading(late, payment_id="late"),
    )

    for _ in range(3):
        run = reconcile(provider, until=timezone.now())

    assert run is not None
    assert found() == {
        KINDS.LOST_WEBHOOK: True,
        KINDS.PAID_TWICE: True,
        KINDS.PROVIDER_ONLY: False,
        KINDS.MISMATCH: False,
        KINDS.PROVIDER_REFUND: True,
        KINDS.LATE_SUCCESS: True,
    }
    assert posted_and_held(ana) == (5000, 0)
    assert posted_and_held(ben) == (10000, 0)
    assert posted_and_held(eva) == (0, 0)
    assert posted_and_held(leo) == (5000, 0)
    assert clearing() == -20000
    first, *others = ReconciliationRun.objects.order_by("pk")
    assert (first.seen_count, first.finding_count) == (7, 9)
    assert [run.finding_count for run in others] == [0, 0]


def test_what_a_webhook_told_is_no_finding():
    deposit = deposit_for(customer_with())
    ProviderEvent.objects.create(provider="sandbox", event_key="e", payment_id="p-1", received_at=timezone.now())

    reconcile(Ledger(reading(deposit)), until=timezone.now())

    assert found() == {}
    assert Journal.objects.count() == 1


def test_a_charge_back_that_nobody_told_us_about_is_found():
    customer = customer_with()
    deposit, payment = paid_deposit(customer)
    provider = Ledger(reading(deposit, payment_id=payment.payment_id, minutes=9, state=ReadingState.CHARGED_BACK))

    reconcile(provider, until=timezone.now())

    assert found() == {KINDS.CHARGE_BACK: True}
    assert posted_and_held(customer) == (0, 0)


def test_each_look_overlaps_the_last_finished_one():
    provider = Ledger()
    noon = timezone.now()
    reconcile(provider, until=noon)
    broken = Ledger(reading(deposit_for(customer_with())), out_after=0)
    assert reconcile(broken, until=noon + timedelta(minutes=5)) is None

    reconcile(provider, until=noon + timedelta(minutes=10))

    assert provider.asked == [
        (noon - timedelta(hours=24), noon),
        (noon - OVERLAP, noon + timedelta(minutes=10)),
    ]


def test_unsettled_deposits_are_asked_about_at_their_moments():
    customer = customer_with()
    deposit = deposit_for(customer, PENDING)
    drain()
    deposit.refresh_from_db()
    assert deposit.state == Deposit.State.PENDING
    assert check_unsettled() == 0

    Deposit.objects.update(next_check_at=LONG_AGO)
    assert check_unsettled() == 1

    deposit.refresh_from_db()
    assert (deposit.state, deposit.next_check_at) == (Deposit.State.CREDITED, None)
    assert posted_and_held(customer) == (PENDING, 0)


@pytest.mark.parametrize(
    ("age", "minutes"), [(0.5, 1), (5, 5), (30, 15), (300, 60)], ids=["new", "minutes", "half an hour", "hours"]
)
def test_the_older_the_rarer(age, minutes):
    deposit = deposit_for(customer_with())
    Deposit.objects.update(next_check_at=LONG_AGO, created_at=timezone.now() - timedelta(minutes=age))

    check_unsettled()

    deposit.refresh_from_db()
    assert deposit.next_check_at is not None
    assert deposit.next_check_at - timezone.now() == pytest.approx(
        timedelta(minutes=minutes), abs=timedelta(seconds=30)
    )


def test_a_checkout_that_nobody_paid_expires_but_not_while_a_payment_is_pending():
    idle, paying = deposit_for(customer_with()), deposit_for(customer_with())
    for deposit in (idle, paying):
        deposit.tasks.update(state="done")
    record_reading(provider="sandbox", reading=reading(paying, payment_id="slow", state=ReadingState.PENDING))
    Deposit.objects.update(next_check_at=LONG_AGO, expires_at=LONG_AGO)

    check_unsettled()

    idle.refresh_from_db()
    paying.refresh_from_db()
    assert (idle.state, idle.next_check_at) == (Deposit.State.EXPIRED, None)
    assert paying.state == Deposit.State.PENDING


def test_a_provider_that_is_out_costs_nothing_but_time():
    deposit_for(customer_with())
    Deposit.objects.update(next_check_at=LONG_AGO)
    ProviderCircuit.objects.create(
        provider="sandbox", failures=99, open_until=timezone.now() + timedelta(minutes=1), busy_until=LONG_AGO
    )

    assert check_unsettled() == 0

    assert Deposit.objects.get().state == Deposit.State.CREATED


@pytest.mark.breaks_books
def test_clearing_that_differs_is_reported_once_a_day():
    paid_deposit(customer_with())
    assert report_clearing(at=timezone.now()) == []
    house = AccountKey.house(AccountKind.EQUITY, "MXN")
    post_transfer(
        scope="slip", key="1", kind=JournalKind.TRANSFER,
        legs=[Leg(AccountKey.clearing(provider_id("sandbox"), "MXN"), house, Money(1, "MXN"))],
    )  # fmt: skip

    report_clearing(at=timezone.now())
    (finding,) = report_clearing(at=timezone.now())

    assert (finding.kind, finding.is_repaired) == (KINDS.CLEARING, False)
    assert finding.detail == "-50.01 MXN instead of -50.00 MXN"
    assert ReconciliationFinding.objects.count() == 1
    assert ProviderPayment.objects.count() == 1
