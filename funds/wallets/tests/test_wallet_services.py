"""Paying from the wallet, demo money, and leaving."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from funds import facade
from funds.ledger.errors import AccountNotEmptyError
from funds.ledger.models import AccountKind, Hold, Journal
from funds.ledger.selectors import balance_of
from funds.ledger.services import free_lapsed_holds, place_hold, reverse_transfer, roll_up_deltas
from funds.ledger.terms import AccountKey
from funds.ledger.tests.factories import customer_with, posted_and_held, wallet
from funds.payments.models import Deposit
from funds.payments.providers.protocol import provider_id
from funds.payments.services import request_deposit
from funds.wallets.models import StatementNote
from funds.wallets.selectors import statement_of
from funds.wallets.services import write_entry_note
from marketplace.core.erasure import erase_person
from marketplace.core.errors import NotFoundError
from marketplace.core.money import Money
from users.models import User

ESCROW = AccountKey.house(AccountKind.ESCROW, "MXN")
CLEARING = AccountKey.clearing(provider_id("sandbox"), "MXN")


def test_an_order_is_paid_into_escrow_once():
    customer, order = customer_with(100_00), uuid4()

    first = facade.pay_order(order_id=order, customer_id=customer, total=Money(30_00, "MXN"))
    second = facade.pay_order(order_id=order, customer_id=customer, total=Money(30_00, "MXN"))

    assert (first.paid, first.is_replay, second.is_replay) == (Money(30_00, "MXN"), False, True)
    assert first.journal_id == second.journal_id
    assert posted_and_held(customer) == (70_00, 0)
    assert balance_of(ESCROW) == Money(30_00, "MXN")
    with pytest.raises(facade.KeyReusedError):
        facade.pay_order(order_id=order, customer_id=customer, total=Money(31_00, "MXN"))


def test_an_order_too_dear_is_refused_with_what_is_missing():
    customer = customer_with(100_00)

    with pytest.raises(facade.InsufficientFundsError) as refusal, transaction.atomic():
        facade.pay_order(order_id=uuid4(), customer_id=customer, total=Money(130_00, "MXN"))

    assert (refusal.value.code, refusal.value.kind.value) == ("insufficient_funds", 409)
    assert refusal.value.params == {"missing": "30.00", "currency": "MXN"}
    assert posted_and_held(customer) == (100_00, 0)


def test_another_currency_does_not_help():
    customer = customer_with(100_00, "USD")

    with pytest.raises(facade.InsufficientFundsError):
        facade.pay_order(order_id=uuid4(), customer_id=customer, total=Money(1, "MXN"))


def test_an_order_that_costs_nothing_posts_nothing():
    receipt = facade.pay_order(order_id=uuid4(), customer_id=customer_with(), total=Money(0, "MXN"))

    assert receipt.journal_id is None
    assert Journal.objects.count() == 0


@pytest.mark.postgres
def test_paying_is_one_query_on_postgresql(django_assert_num_queries):
    customer = customer_with(100_00)

    with transaction.atomic(), django_assert_num_queries(1):
        facade.pay_order(order_id=uuid4(), customer_id=customer, total=Money(1, "MXN"))


def test_a_payment_walks_back():
    customer = customer_with(100_00)
    receipt = facade.pay_order(order_id=uuid4(), customer_id=customer, total=Money(30_00, "MXN"))
    assert receipt.journal_id is not None

    first = reverse_transfer(journal_id=receipt.journal_id)
    second = reverse_transfer(journal_id=receipt.journal_id)

    (shown,) = facade.wallets_of(customer)
    assert first.journal_id == second.journal_id
    assert (shown.available, shown.spent) == (Money(100_00, "MXN"), Money(0, "MXN"))
    assert balance_of(ESCROW) == Money(0, "MXN")


def test_500_wallets_are_filled_once():
    customers = User.objects.bulk_create(User(email=f"c{number}@example.org", password="!") for number in range(500))
    rows = [(customer.pk, Money(50_00, "MXN"), f"demo-{index}") for index, customer in enumerate(customers)]

    assert facade.fund_wallets(rows=rows) == 500
    assert facade.fund_wallets(rows=rows) == 0

    balances = facade.balances_of([customer.pk for customer in customers])
    assert {wallet.available for wallets in balances.values() for wallet in wallets} == {Money(50_00, "MXN")}
    assert balance_of(CLEARING) == Money(-500 * 50_00, "MXN")
    with pytest.raises(facade.KeyReusedError):
        facade.fund_wallets(rows=[(customers[0].pk, Money(51_00, "MXN"), "demo-0")])


def test_rolling_up_changes_no_balance():
    customer = customer_with(100_00)
    for _ in range(3):
        facade.pay_order(order_id=uuid4(), customer_id=customer, total=Money(10_00, "MXN"))
    before = facade.trial_balance()

    assert roll_up_deltas(batch=2) == 3
    assert roll_up_deltas(batch=2) == 1
    assert roll_up_deltas() == 0

    assert facade.trial_balance() == before
    assert before.is_balanced
    assert balance_of(ESCROW) == Money(30_00, "MXN")


def test_lapsed_holds_are_tidied_up():
    customer = customer_with(100_00)
    for key in ("1", "2"):
        place_hold(
            scope="test",
            key=key,
            payer=wallet(customer),
            payee=ESCROW,
            amount=Money(10_00, "MXN"),
            lasts=timedelta(minutes=1),
        )
    Hold.objects.filter(idem_key="1").update(expires_at=datetime(2020, 1, 1, tzinfo=UTC))

    assert free_lapsed_holds() == 1
    assert free_lapsed_holds() == 0

    assert posted_and_held(customer) == (100_00, 10_00)


def test_somebody_with_money_is_not_erased():
    customer = customer_with(100_00)

    with pytest.raises(AccountNotEmptyError):
        erase_person(customer)


def test_somebody_with_a_deposit_on_its_way_is_not_erased():
    customer = customer_with()
    request_deposit(customer_id=customer, amount=Money(1, "MXN"), provider="sandbox", note="mine")

    with pytest.raises(AccountNotEmptyError):
        erase_person(customer)

    assert Deposit.objects.get().note == "mine"


def test_an_emptied_wallet_lets_go_and_forgets_words_not_books():
    customer = customer_with(1_00)
    facade.pay_order(order_id=uuid4(), customer_id=customer, total=Money(1_00, "MXN"))
    line = statement_of(customer).latest("pk")
    write_entry_note(posting_id=line.pk, customer_id=customer, note="for Ana")

    erase_person(customer)

    assert StatementNote.objects.count() == 0
    assert Journal.objects.count() == 2


def test_a_note_on_anothers_line_is_refused():
    line = statement_of(customer_with(1_00)).get()

    with pytest.raises(NotFoundError):
        write_entry_note(posting_id=line.pk, customer_id=customer_with(), note="x")


def test_figures_for_the_dashboard():
    customer_with(12_34)

    shown = {str(kpi.label): kpi.value for kpi in facade.kpis()}

    assert shown == {
        "Money in wallets": "12.34 MXN",
        "Deposits in 24 hours": "1",
        "Payments to review": "0",
        "Books": "balanced",
    }
