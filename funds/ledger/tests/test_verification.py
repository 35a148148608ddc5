"""The ledger's own examination sees what it should. Each fault is planted past the services."""

from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from funds.facade import pay_order, verify_books
from funds.ledger.models import Account, AccountDelta, AccountKind, Hold, Journal, JournalKind, Posting
from funds.ledger.services import capture_hold, place_hold, post_transfer, release_hold, reverse_transfer
from funds.ledger.terms import AccountKey, Leg
from funds.payments.models import PaymentTask, ProviderPayment
from funds.payments.providers.protocol import provider_id
from funds.payments.services import request_withdrawal
from marketplace.core import append_only
from marketplace.core.money import Money

from .factories import customer_with, wallet

pytestmark = pytest.mark.breaks_books


@pytest.fixture
def customer():
    customer = customer_with(100_00)
    pay_order(order_id=uuid4(), customer_id=customer, total=Money(30_00, "MXN"))
    return customer


def broken(*, is_full: bool = True) -> set[str]:
    return {fault.invariant.name for fault in verify_books(at=timezone.now(), is_full=is_full)}


def rewrite(statement: str) -> None:
    with append_only.lifted(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_healthy_books_have_no_fault(customer):
    out = StringIO()

    call_command("verify_ledger", "--full", stdout=out)

    assert "sound" in out.getvalue()
    assert broken() == set()


def test_a_balance_that_nobody_posted_is_seen(customer):
    Account.objects.filter(owner_id=customer).update(posted=80_00)

    assert broken() == {"books_sum_to_zero", "balance_is_the_sum_of_postings", "running_balance_is_unbroken"}
    assert broken(is_full=False) == {"books_sum_to_zero"}
    with pytest.raises(CommandError):
        call_command("verify_ledger", stdout=StringIO(), stderr=StringIO())


def test_money_held_for_nobody_is_seen(customer):
    Account.objects.filter(owner_id=customer).update(held=5)

    assert broken() == {"held_is_the_sum_of_active_holds"}


def test_a_wrong_total_is_seen(customer):
    Account.objects.filter(owner_id=customer).update(spent=1)

    assert broken() == {"totals_follow_journals"}


def test_a_lost_delta_is_seen(customer):
    AccountDelta.objects.filter(account__kind=AccountKind.ESCROW).delete()

    assert {"books_sum_to_zero", "balance_is_the_sum_of_postings"} == broken()


def test_a_changed_posting_is_seen(customer):
    rewrite("UPDATE funds_posting SET amount = amount + 1")

    assert "balance_is_the_sum_of_postings" in broken()


def test_mixed_currencies_are_seen(customer):
    rewrite("UPDATE funds_posting SET currency = 'USD'")

    assert "currencies_agree" in broken()


def test_an_empty_journal_is_seen(customer):
    Journal.objects.create(scope="x", idem_key="y", fingerprint="z", kind=JournalKind.TRANSFER, event_at=timezone.now())

    assert broken() == {"journals_are_not_empty"}


def test_an_approved_payment_that_was_never_credited_is_seen(customer):
    payment = ProviderPayment.objects.get()
    payment.pk, payment.payment_id = None, "never-credited"
    payment.save()

    assert broken() == {"approved_payments_are_credited_once"}


def test_a_credit_without_payment_is_seen(customer):
    post_transfer(
        scope="provider:sandbox",
        key="out of thin air",
        kind=JournalKind.DEPOSIT,
        legs=[Leg(AccountKey.clearing(provider_id("sandbox"), "MXN"), wallet(customer), Money(1, "MXN"))],
    )

    assert broken() == {"provider_journals_come_from_events", "clearing_is_what_providers_did"}


def test_an_event_of_another_amount_than_its_journal_is_seen(customer):
    rewrite("UPDATE funds_paymentevent SET amount_minor = amount_minor + 1")

    assert broken() == {
        "approved_payments_are_credited_once",
        "payment_events_have_their_journal",
        "clearing_is_what_providers_did",
    }


def test_a_payout_without_its_hold_is_seen(customer):
    payout = request_withdrawal(customer_id=customer, amount=Money(100, "MXN"), destination="012345678901234567")
    release_hold(hold_id=payout.hold_id)

    assert broken() == {"outgoing_money_is_held"}


@pytest.mark.parametrize(("seconds", "faults"), [(60, set()), (61, {"no_task_sending_past_its_lease"})])
def test_a_task_with_a_dead_worker_is_seen_after_a_minute(customer, seconds, faults):
    request_withdrawal(customer_id=customer, amount=Money(100, "MXN"), destination="012345678901234567")
    moment = timezone.now()
    PaymentTask.objects.update(state=PaymentTask.State.SENDING, lease_until=moment - timedelta(seconds=seconds))

    assert {fault.invariant.name for fault in verify_books(at=moment, is_full=False)} == faults


def test_postings_without_journal_are_seen(customer):
    row = Posting.objects.latest("pk")
    rewrite(f"UPDATE funds_posting SET journal_id = 999999 WHERE id = {row.pk}")

    assert "currencies_agree" in broken()


def test_a_wrong_refund_is_seen(customer):
    payee = AccountKey.house(AccountKind.ESCROW, "MXN")
    hold = place_hold(
        scope="x", key="y", payer=wallet(customer), payee=payee, amount=Money(500, "MXN"), lasts=timedelta(minutes=1)
    )
    captured = capture_hold(hold_id=hold.hold_id, key="")
    reverse_transfer(journal_id=captured.journal_id)
    assert broken() == set()

    Hold.objects.update(refunded=400)

    assert broken() == {"refunds_match_holds"}


def test_a_wrong_capture_is_seen(customer):
    payee = AccountKey.house(AccountKind.ESCROW, "MXN")
    hold = place_hold(
        scope="x", key="y", payer=wallet(customer), payee=payee, amount=Money(500, "MXN"), lasts=timedelta(minutes=1)
    )
    capture_hold(hold_id=hold.hold_id, key="")

    Hold.objects.update(captured=400)

    assert broken() == {"captures_match_holds"}


def test_a_delta_of_a_strict_account_is_seen(customer):
    AccountDelta.objects.create(account=Account.objects.get(owner_id=customer), amount=1)

    assert "strict_accounts_have_no_deltas" in broken(is_full=False)


def test_a_delta_of_no_account_is_seen(customer):
    AccountDelta.objects.create(account_id=10**12, amount=1)

    assert broken(is_full=False) == {"strict_accounts_have_no_deltas"}


def test_a_running_balance_that_breaks_off_is_seen(customer):
    row = Posting.objects.filter(debit__owner_id=customer).latest("pk")
    rewrite(f"UPDATE funds_posting SET debit_after = debit_after - 1 WHERE id = {row.pk}")

    assert broken() == {"running_balance_is_unbroken"}


@pytest.mark.postgres  # the constraint behind it cannot be lifted within a transaction on SQLite
def test_an_account_below_its_floor_is_seen(customer):
    (floor,) = (each for each in Account._meta.constraints if each.name == "funds_account_floor")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Account, floor)

    Account.objects.filter(owner_id=customer).update(posted=-1)

    assert "strict_accounts_keep_their_floor" in broken(is_full=False)
